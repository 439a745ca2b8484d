"""Meters and sensors that are replaced, and a summer at the towers' limit, in the plant of the kit."""

import numpy as np
import pandas as pd
import pytest

from pipelines.telemetry.quality.drift import drift_report
from tests.pipelines.telemetry.quality.kit import ROWS, TIMES, plant_readings, plant_site

SINCE = TIMES[80 * 48]


@pytest.fixture(scope="module")
def readings():
    return plant_readings()


def events(table):
    return drift_report(plant_site(), table).to_dict("records")


@pytest.mark.parametrize(
    ("column", "times", "sign"), [("it_power_kw:a", 1.1, -1), ("facility_power_kw", 1.1, 1)]
)
def test_a_replaced_power_meter_is_told_from_worn_equipment(readings, column, times, sign):
    table = readings.assign(**{column: readings[column].where(TIMES < SINCE, times * readings[column])})
    event = events(table)[0]
    assert (event["kind"], event["reading"], event["unit"]) == ("meter", "facility_kw", "kW")
    assert SINCE <= event["found"] <= SINCE + pd.Timedelta(days=10)
    assert np.sign(event["shift"]) == sign
    assert "its ratio set anew" in event["remedy"]


def test_chillers_that_take_more_for_the_same_load_are_equipment_and_no_meter(readings):
    more_kw = 0.15 * readings["chiller_kw"].where(TIMES >= SINCE, 0.0)
    worn = {name: readings[name] + more_kw for name in ("chiller_kw", "facility_power_kw")}
    (event,) = events(readings.assign(**worn))
    assert (event["kind"], event["reading"]) == ("equipment", "chiller_kw")


def test_one_of_several_sensors_is_named_with_its_own_shift(readings):
    (event,) = events(
        readings.assign(**{"supply_air_c:a": readings["supply_air_c:a"] + 0.6 * (TIMES >= SINCE)})
    )
    assert (event["kind"], event["reading"]) == ("sensor", "supply_air_c:a")
    assert event["shift"] == pytest.approx(0.6, abs=0.15)


def test_towers_at_their_limit_in_a_hot_summer_raise_no_alarm(readings):
    random = np.random.default_rng(0)
    hour = np.arange(ROWS) / 2.0
    drybulb_c = 12.0 + 20.0 * hour / hour[-1] + 5.0 * np.sin(hour * np.pi / 12) + random.normal(0, 0.3, ROWS)
    supply_c = np.maximum(22.0, drybulb_c - 2.0) + random.normal(0, 0.1, ROWS)
    hot = {"outdoor_drybulb_c": drybulb_c, "cw_supply_c": supply_c, "cw_return_c": supply_c + 5.0}
    assert supply_c[-48:].mean() > 28.0
    assert events(readings.assign(**hot)) == []
