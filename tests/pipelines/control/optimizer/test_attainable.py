from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cascade.attainable import Approach
from models.setpoints import Bounds
from pipelines.control.decision import within
from pipelines.control.optimizer.attainable import unavailable
from pipelines.control.optimizer.moment import Moment, OptimizerMemory
from pipelines.control.sensing.history import History

AT = datetime(2026, 1, 10, tzinfo=UTC)
NAMES = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
BOUNDS = Bounds(
    NAMES,
    np.array([18.0, 7.0, 15.0, 0.0]),
    np.array([26.0, 20.0, 30.0, 1.0]),
    np.array([20.0, 12.0, 21.0, 0.0]),
    np.ones(4),
    np.array([0, 0, 0, 1], bool),
)
PRESENT = np.array([20.0, 12.0, 24.0, 0.0])
STOPS = {
    "tower_fan_speed_frac": 0.96, "chiller_load_frac": 0.9, "chw_pump_kw": 18.0, "crah_fan_speed_frac": 0.99,
}  # fmt: skip
APPROACH = Approach(np.array([800.0]), np.array([15.0]), np.array([[6.0, 3.0], [7.0, 4.0]]))
ITSELF, SET = np.array([True, True, True, False]), np.zeros(4, bool)
NOWHERE = 99.0


def moment(present=PRESENT, earlier=(), **read) -> Moment:
    """Readings of now, and some of half an hour ago and before."""
    history = History()
    for number, quantities in enumerate((*earlier, read)):
        history = history.with_reading(AT - timedelta(minutes=20 * (len(earlier) - number)), quantities)
    return Moment(AT, read, history, present, np.ones(4), BOUNDS, BOUNDS.default)


def limits(now: Moment, *, stops=STOPS, approach=None, measured=ITSELF, inlet_high_c=NOWHERE):
    cascade = SimpleNamespace(stops=stops, approach=approach)
    found = unavailable(cascade, NAMES, measured, now, inlet_high_c=inlet_high_c)
    return {limit.setpoint: (limit.least, limit.why) for limit in found}


@pytest.mark.parametrize(
    ("reading", "setpoint", "words"),
    [
        (
            {"tower_fan_speed_frac": 1.0},
            "cw_supply_sp_c",
            "tower fans at 100 %: colder condenser water is not available",
        ),
        ({"tower_fan_speed_frac": 0.96}, "cw_supply_sp_c", "tower fans at 96 %, the most on record: colder"),
        ({"chiller_load_frac": 0.93}, "chw_supply_sp_c", "chillers at 93 % load, the most on record: colder"),
        ({"chw_pump_kw": 19.0}, "supply_air_sp_c", "chilled-water pumps at 19 kW, the most on record"),
        ({"crah_fan_speed_frac": 1.0}, "supply_air_sp_c", "CRAH fans at 100 %: colder supply air"),
    ],
)
def test_machine_at_its_stop_makes_nothing_colder_than_now(reading, setpoint, words):
    assert limits(moment(**reading), measured=SET) == {}  # recorded: the cascade knows what comes of it
    found = limits(moment(**reading))
    assert set(found) == {setpoint}
    least, why = found[setpoint]
    assert least == PRESENT[NAMES.index(setpoint)]
    assert why.startswith(words)


def test_machine_below_its_stop_not_read_or_unknown_to_the_record_limits_nothing():
    assert limits(moment(tower_fan_speed_frac=0.9)) == {}
    assert limits(moment()) == {}
    assert limits(moment(tower_fan_speed_frac=float("nan"))) == {}
    assert limits(moment(tower_fan_speed_frac=1.0), stops={}) == {}


def test_stop_held_over_the_last_hour_counts_one_reading_of_it_does_not():
    full, easy = {"tower_fan_speed_frac": 1.0}, {"tower_fan_speed_frac": 0.7}
    assert "cw_supply_sp_c" in limits(moment(earlier=[full, full]))  # no reading now
    assert limits(moment(earlier=[full, easy], **easy)) == {}


def test_where_a_hall_is_too_warm_colder_air_and_water_are_not_refused():
    read = {"chiller_load_frac": 0.95, "crah_fan_speed_frac": 1.0, "tower_fan_speed_frac": 1.0}
    assert set(limits(moment(**read, rack_inlet_c=25.0), inlet_high_c=26.0)) == set(NAMES[:3])
    assert set(limits(moment(**read, rack_inlet_c=26.5), inlet_high_c=26.0)) == {"cw_supply_sp_c"}


def test_condenser_water_is_offered_no_nearer_to_the_wetbulb_than_the_record_shows():
    weather = {"outdoor_wetbulb_c": 16.0, "load_kw": 1_000.0}
    least, why = limits(moment(**weather), approach=APPROACH)["cw_supply_sp_c"]
    assert least == pytest.approx(20.0)
    assert why == "the towers never came closer than 4.0 K to the wetbulb of 16.0 °C at such load"
    warmer = limits(moment(**(weather | {"outdoor_wetbulb_c": 23.0})), approach=APPROACH)
    assert warmer["cw_supply_sp_c"][0] == PRESENT[2]  # the present stays allowed
    least, why = limits(moment(outdoor_wetbulb_c=16.0), approach=APPROACH)["cw_supply_sp_c"]
    assert (least, why[:11]) == (16.0, "the wetbulb")  # load not known


def test_measured_water_is_never_offered_colder_than_the_wetbulb():
    now = moment(outdoor_wetbulb_c=19.0)
    assert limits(now, measured=ITSELF)["cw_supply_sp_c"][0] == pytest.approx(19.0)
    assert limits(now, measured=SET) == {}


def test_rule_and_target_in_force_are_taken_as_near_as_can_be_delivered():
    found = unavailable(
        SimpleNamespace(stops=STOPS, approach=None),
        NAMES,
        ITSELF,
        moment(tower_fan_speed_frac=1.0),
        inlet_high_c=99.0,
    )
    now = moment().without(found)
    assert now.rule.tolist() == [20.0, 12.0, 24.0, 0.0]
    memory = OptimizerMemory(target=(22.0, 13.0, 18.0, 0.0)).without(found, NAMES)
    assert memory.kept(now).tolist() == [22.0, 13.0, 24.0, 0.0]
    assert OptimizerMemory(target=(99.0,) * 4).without(found, NAMES).kept(now).tolist() == PRESENT.tolist()


READING = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(-50.0, 50.0), st.floats(0.0, 1.3)
)
READ = (*STOPS, "outdoor_wetbulb_c", "load_kw", "rack_inlet_c")


@given(
    rows=st.lists(st.dictionaries(st.sampled_from(READ), READING), min_size=1, max_size=4),
    place=st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4),
    least_k=st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4),
    measured=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_whatever_is_read_the_present_stays_allowed_inside_the_site_s_limits(rows, place, least_k, measured):
    present = BOUNDS.low + np.array(place) * (BOUNDS.high - BOUNDS.low)
    approach = replace(APPROACH, least_k=np.array(least_k).reshape(2, 2))
    *earlier, newest = rows
    now = moment(present=present, earlier=earlier, **newest)
    found = unavailable(
        SimpleNamespace(stops=STOPS, approach=approach), NAMES, np.array(measured), now, inlet_high_c=26.0
    )
    bounds = within(BOUNDS, found)
    assert (BOUNDS.low <= bounds.low).all()
    assert (bounds.low <= present).all()
    assert (present <= bounds.high).all()
    assert (bounds.high == BOUNDS.high).all()
    rule = now.without(found).rule
    assert ((bounds.low <= rule) & (rule <= bounds.high)).all()
