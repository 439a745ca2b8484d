import pytest

from pipelines.site.points import Point
from pipelines.site.setpoint_table import Setpoint, setpoint_faults
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


@pytest.mark.parametrize(
    ("quantity", "unit", "low", "high", "because"),
    [
        (
            "chw_supply_sp_c",
            "degF",
            44.0,
            72.0,
            "44..72 degC is outside 3..30 degC, and 44..72 degF would be 6.66667..22.2222",
        ),
        ("chw_supply_c", "degF", 38.0, 40.0, "38..40 degF would be 3.33333..4.44444 degC"),
        ("cw_supply_c", "degF", 45.0, 50.0, "45..50 degF would be"),
        ("return_air_c", "degF", 65.0, 70.0, "65..70 degF would be"),
        ("loop_pressure_pa", "kPa", 50.0, 150.0, "50..150 kPa would be 50000..150000 Pa"),
        ("loop_pressure_pa", "psi", 5.0, 25.0, "5..25 psi would be"),
        ("aisle_pressure_pa", "inH2O", 0.02, 0.08, "0.02..0.08 inH2O would be"),
        ("tower_fan_speed_frac", "%", 30.0, 100.0, "30..100 % would be 0.3..1"),
        ("airflow_ratio_sp", "%", 50.0, 110.0, "50..110 % would be 0.5..1.1"),
    ],
)
def test_limits_typed_in_the_unit_of_the_tag_are_refused(quantity, unit, low, high, because):
    point = Point(tag="T", source="h", quantity=quantity, unit=unit)
    typed = Setpoint(tag="T", min=low, max=high, default=low, slew_per_hour=min(high - low, 4.0))
    (fault,) = setpoint_faults(typed, point)
    assert f"limits are in the canonical unit, not the tag's ({unit})" in fault
    assert because in fault
    slope, offset = point.to_canonical
    low, high = slope * low + offset, slope * high + offset
    meant = Setpoint(tag="T", min=low, max=high, default=low, slew_per_hour=min(high - low, 4.0))
    assert not [*setpoint_faults(meant, point)]


def test_limits_in_fahrenheit_for_a_tag_in_celsius_are_recognised():
    point = Point(tag="T", source="h", quantity="chw_supply_sp_c", unit="degC")
    (fault,) = setpoint_faults(Setpoint(tag="T", min=44.0, max=72.0, default=50.0, slew_per_hour=2.0), point)
    assert "must lie in 1..35" in fault
    assert "44..72 degF would be 6.66667..22.2222 degC" in fault


def test_warm_water_whose_tag_is_in_fahrenheit_is_no_fault():
    point = Point(tag="T", source="h", quantity="chw_supply_c", unit="degF")
    assert not [
        *setpoint_faults(Setpoint(tag="T", min=25.0, max=38.0, default=30.0, slew_per_hour=2.0), point)
    ]
