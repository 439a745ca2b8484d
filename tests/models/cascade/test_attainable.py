from dataclasses import replace

import numpy as np
import pytest

from models.cascade.attainable import FEWEST, LEAST, Approach, approach_of, stops_of
from models.cascade.record import Record
from models.cascade.saving import from_bytes, to_bytes

ROWS = 16_000
TOWER = ("cw_supply_sp_c",)


def columns(seed: int = 0, **changed) -> dict[str, np.ndarray]:
    """A plant whose tower fans stand at 0.97 for a third of the time, with water 3 K or more over the wetbulb then."""
    random = np.random.default_rng(seed)
    load_kw, wetbulb_c = random.uniform(500.0, 1_500.0, ROWS), random.uniform(10.0, 26.0, ROWS)
    flat_out = random.random(ROWS) < 0.33
    reach_k = 3.0 + load_kw / 500.0
    approach_k = reach_k + np.where(flat_out, 0.0, random.uniform(1.0, 6.0, ROWS))
    usual = {
        "load_kw": load_kw,
        "outdoor_wetbulb_c": wetbulb_c,
        "cw_supply_c": wetbulb_c + approach_k,
        "cw_supply_sp_c": wetbulb_c + approach_k,
        "tower_fan_speed_frac": np.where(flat_out, 0.97, random.uniform(0.4, 0.9, ROWS)),
    }
    return usual | changed


def recorded(**changed) -> Record:
    return Record(columns(**changed), np.ones(ROWS, bool))


def test_stop_lies_where_the_machine_dwells_whatever_glitches_read():
    speed = columns()["tower_fan_speed_frac"].copy()
    speed[:: ROWS // 30] = 1.2
    stop = float(stops_of(recorded(tower_fan_speed_frac=speed), TOWER)["tower_fan_speed_frac"])
    assert 0.9 < stop < 0.97


@pytest.mark.parametrize("speed", [np.full(ROWS, 0.8), np.zeros(ROWS), np.full(ROWS, np.nan)])
def test_machine_of_one_speed_or_at_rest_or_not_read_has_no_stop(speed):
    assert stops_of(recorded(tower_fan_speed_frac=speed), TOWER) == {}


def test_power_shows_the_stop_where_no_speed_is_read():
    shown = columns()
    fan_kw = 30.0 * shown.pop("tower_fan_speed_frac") ** 3
    stops = stops_of(Record(shown | {"tower_fan_kw": fan_kw}, np.ones(ROWS, bool)), TOWER)
    assert set(stops) == {"tower_fan_kw"}
    assert (fan_kw >= stops["tower_fan_kw"]).mean() == pytest.approx(0.33, abs=0.03)


def test_of_a_recorded_setpoint_there_is_neither():
    assert stops_of(recorded(), ()) == {}
    assert stops_of(recorded(), ("chw_supply_sp_c",)) == {}
    assert approach_of(recorded(), ("chw_supply_sp_c",)) is None


def test_approach_of_measured_water_is_what_the_towers_reached_at_such_load():
    approach = approach_of(recorded(), TOWER)
    for load_kw in (600.0, 1_400.0):
        assert approach.at(load_kw, 18.0) == pytest.approx(3.0 + load_kw / 500.0, abs=0.5)
    assert approach.at(1e9, 99.0) == approach.at(1_450.0, 25.5)  # beyond the record: the nearest band
    assert approach.at(0.0, -40.0) == approach.at(510.0, 10.5)


def test_few_wrong_readings_make_no_approach():
    water_c = columns()["cw_supply_c"].copy()
    water_c[:: ROWS // 20] = 0.5  # a transmitter that is off
    right, wrong = approach_of(recorded(), TOWER), approach_of(recorded(cw_supply_c=water_c), TOWER)
    assert wrong.at(1_000.0, 18.0) == pytest.approx(right.at(1_000.0, 18.0), abs=0.2)


def test_band_with_few_rows_takes_its_neighbours_or_the_least_of_all():
    shown = columns()
    seldom = shown["outdoor_wetbulb_c"] > 22.0
    seldom[np.flatnonzero(seldom)[:20]] = False  # twenty rows are left there
    shown["load_kw"][seldom] = np.nan
    approach = approach_of(Record(shown, np.ones(ROWS, bool)), TOWER)
    least_k = (shown["cw_supply_c"] - shown["outdoor_wetbulb_c"])[~seldom]
    assert approach.at(1_400.0, 25.9) == pytest.approx(np.quantile(least_k, LEAST), abs=0.05)


def test_too_short_a_record_has_neither():
    few = {name: values[: FEWEST - 1] for name, values in columns().items()}
    record = Record(few, np.ones(FEWEST - 1, bool))
    assert stops_of(record, TOWER) == {}
    assert approach_of(record, TOWER) is None


@pytest.mark.medium
def test_saved_cascade_keeps_stops_and_approach(learned):
    assert learned.cascade.stops == {}  # its setpoints are recorded
    approach = approach_of(recorded(), TOWER)
    kept = replace(learned.cascade, stops=stops_of(recorded(), TOWER), approach=approach)
    again = from_bytes(to_bytes(kept))
    assert {name: float(stop) for name, stop in again.stops.items()} == {
        name: float(stop) for name, stop in kept.stops.items()
    }
    assert isinstance(again.approach, Approach)
    assert again.approach.at(1_500.0, 18.0) == approach.at(1_500.0, 18.0)
