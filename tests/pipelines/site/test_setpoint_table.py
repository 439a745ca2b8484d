import pytest

from tests.pipelines.site.kit import CONDENSER, SUPPLY, SWITCH, changed, declaring, refused


@pytest.mark.parametrize(
    ("setpoint", "values", "because"),
    [
        (SUPPLY, {"max": 60.0, "auto_max": 60.0}, "must lie in 5..45 degC"),
        (SUPPLY, {"min": 64.4, "max": 78.8, "default": 68.0, "auto_min": 64.4, "auto_max": 78.8}, "canonical unit"),
        (CONDENSER, {"slew_per_hour": 30.0}, "slew_per_hour (30) must not exceed 20, K/h"),
        (CONDENSER, {"slew_per_hour": 0.0}, "greater than 0"),
        (SWITCH, {"slew_per_hour": 5000.0}, "must not exceed 3600, once a second"),
        (SWITCH, {"default": 0.5}, "default (0.5) of an on/off setpoint is 0 or 1"),
        (SWITCH, {"max": 0.5, "auto_max": 0.5}, "an on/off setpoint goes from 0 to 1"),
        (SWITCH, {"kind": "continuous", "min_on_minutes": 0, "min_off_minutes": 0}, "is on or off; say kind"),
        (SWITCH, {"min_on_minutes": 2_000}, "must lie in 0..1440 min"),
        (CONDENSER, {"min_on_minutes": 5}, "only an on/off setpoint stays on or off for a time"),
        (CONDENSER, {"resolution": 30.0}, "resolution (30 degC) must not exceed max less min (24 degC)"),
        (CONDENSER, {"resolution": -0.1}, "greater than or equal to 0"),
        (SWITCH, {"resolution": 0.5}, "an on/off setpoint has no resolution"),
        (CONDENSER, {"auto_min": 25.0}, "must lie in 6..30 and hold the default"),
    ],
)  # fmt: skip
def test_a_setpoint_that_a_plant_cannot_have_is_refused(setpoint, values, because):
    site = declaring()
    refused(changed(site, ("setpoints", setpoint), site["setpoints"][setpoint] | values), because)
