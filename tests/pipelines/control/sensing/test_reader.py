import math
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.control.sensing.reader import Reader
from pipelines.site.file import Site
from pipelines.site.tags import setpoint_tags, tags_of

AT = datetime(2026, 3, 1, tzinfo=UTC)


def site(**point) -> Site:
    """Two halls, one meter each as `point` says, and a wetbulb in °F."""
    meters = [
        {"tag": f"IT-{hall}", "source": "bms", "quantity": "it_power_kw", "equipment": hall, "unit": "kW"}
        | point
        for hall in ("a", "b")
    ]
    setpoint = {"tag": "CHW_SP", "source": "bms", "quantity": "chw_supply_sp_c", "unit": "degF"}
    weather = {"tag": "WB", "source": "bms", "quantity": "outdoor_wetbulb_c", "unit": "degF"}
    chiller = {"tag": "CH", "source": "bms", "quantity": "chiller_kw", "unit": "kW"}
    return Site.model_validate({
        "name": "halls", "title": "two halls", "interval_minutes": 30,
        "location": {"latitude": 1.0, "longitude": 1.0},
        "meters": {"it": ["it_power_kw"], "cooling": ["chiller_kw"], "pue_category": 3, "boundary": "all"},
        "sources": [{"name": "bms", "files": [], "time_column": "t", "time_zone": "UTC"}],
        "points": [*meters, setpoint, weather, chiller],
        "setpoints": [{"tag": "CHW_SP", "min": 7, "max": 20, "slew_per_hour": 2, "default": 12}],
    })  # fmt: skip


def test_halls_are_summed_and_fahrenheit_becomes_celsius():
    read = Reader(site()).read({"IT-a": 800.0, "IT-b": "700", "WB": 50.0, "CH": 150.0}, AT)
    assert read["it_kw"] == read["load_kw"] == 1_500.0
    assert read["outdoor_wetbulb_c"] == pytest.approx(10.0)
    assert read["facility_kw"] == 1_650.0


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, "bad", -9999.0, 1e9, {}])
def test_reading_not_to_be_believed_is_left_out_and_its_sum_with_it(bad):
    read = Reader(site()).read({"IT-a": 800.0, "IT-b": bad, "CH": 150.0}, AT)
    assert "load_kw" not in read
    assert read["chiller_kw"] == 150.0


def test_energy_of_half_an_hour_is_twice_as_much_power():
    read = Reader(site(unit="kWh", reading="interval")).read({"IT-a": 400.0, "IT-b": 350.0}, AT)
    assert read["it_kw"] == 1_500.0


def test_counters_give_power_from_the_second_row_on():
    reader = Reader(site(unit="kWh", reading="counter"))
    assert "it_kw" not in reader.read({"IT-a": 1_000.0, "IT-b": 5_000.0}, AT)
    second = reader.read({"IT-a": 1_400.0, "IT-b": 5_350.0}, AT + timedelta(minutes=30))
    assert second["it_kw"] == pytest.approx(1_500.0)


def test_setpoint_is_written_in_the_unit_it_is_read_in():
    (_, tag), *_ = setpoint_tags(site())
    assert tag.exported(tag.canonical(53.6)) == pytest.approx(53.6)
    assert tags_of(site())["CHW_SP"].canonical(53.6) == pytest.approx(12.0)
