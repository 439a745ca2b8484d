import pytest
from pydantic import ValidationError

from pipelines.site.points import Point, Source

POINT = {"tag": "T", "source": "h", "quantity": "supply_air_c", "unit": "degC"}
METER = {"tag": "P", "source": "h", "quantity": "it_power_kw", "unit": "kWh", "reading": "counter"}


@pytest.mark.parametrize(
    ("values", "because"),
    [
        (POINT | {"low": 30.0, "high": 20.0}, r"low..high \(30..20\) must ascend"),
        (POINT | {"low": 20.0, "high": 20.0}, "must ascend"),
        (POINT | {"high": 99.0}, "what is physically possible of supply_air_c"),
        (POINT | {"stuck_hours": 90.0}, "less than or equal to 48"),
        (POINT | {"impute": "last", "impute_hours": 1_000.0}, "less than or equal to 168"),
        (METER | {"rollover": 0.0}, "the reading at which a counter wraps"),
        (METER | {"quantity": "chw_flow_kg_s", "unit": "kg/s"}, "a counter must count energy"),
        (METER | {"quantity": "chw_flow_kg_s", "unit": "kWh"}, "cannot measure"),
        (METER | {"unit": "kW"}, "a counter must count energy"),
        (METER | {"unit": "kVAh"}, "apparent power"),
        (METER | {"unit": "kVAh", "power_factor": 1.2}, "less than or equal to 1"),
        (METER | {"power_factor": 0.9}, "power_factor .0.9. is for"),
        (POINT | {"quantity": "tower_fan_speed_frac", "unit": "Hz", "full_scale": 0.0}, "stands for 1"),
    ],
)  # fmt: skip
def test_a_point_that_cannot_be_is_refused(values, because):
    with pytest.raises(ValidationError, match=because):
        Point.model_validate(values)


def test_a_point_narrows_what_is_believed_of_its_quantity():
    assert Point.model_validate(POINT | {"low": 12.0}).limits == (12.0, 50.0)


def test_a_meter_of_apparent_power_reads_kilowatts():
    meter = METER | {"unit": "kVA", "reading": "instant", "power_factor": 0.92}
    assert Point.model_validate(meter).to_canonical == pytest.approx((0.92, 0.0))


def test_a_clock_that_is_days_off_is_refused():
    values = {"name": "h", "files": [], "time_column": "t", "time_zone": "UTC"}
    with pytest.raises(ValidationError, match="beyond, correct the export"):
        Source.model_validate(values | {"clock_offset_minutes": -525_600})
