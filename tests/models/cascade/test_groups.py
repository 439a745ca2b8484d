"""A site with a supply-air setpoint for each of two halls."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from models.cascade.cascade import outcome
from models.cascade.learn import learn_cascade
from models.cascade.objective import Objective, priced
from models.cascade.saving import from_bytes, to_bytes
from models.cascade.search import best
from models.setpoints import Bounds
from tests.models.cascade.records import METERS, ROWS, STEP_HOURS, two_halls
from tests.models.cascade.test_learn import plant

pytestmark = pytest.mark.medium

A, B = "supply_air_sp_c:hall_a", "supply_air_sp_c:hall_b"
NAMES = (A, B, "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
CHOICE = Bounds(
    NAMES,
    low=np.array([18.0, 18.0, 7.0, 6.0, 0.0]),
    high=np.array([26.0, 26.0, 20.0, 30.0, 1.0]),
    default=np.array([20.0, 20.0, 12.0, 21.0, 0.0]),
    slew_per_hour=np.array([2.0, 2.0, 2.0, 4.0, 1.0]),
    binary=np.array([False, False, False, False, True]),
)


def learn(**how: bool):
    return learn_cascade(
        two_halls(**how),
        settled=np.ones(ROWS, bool),
        meters=METERS,
        step_hours=STEP_HOURS,
        counts_it=True,
        setpoints=NAMES,
    )


@pytest.fixture(scope="module")
def apart():
    return learn()


@pytest.fixture(scope="module")
def together():
    return learn(together=True)


def halls(air_a: float, air_b: float, **changed):
    known = plant(**changed)
    del known["supply_air_sp_c"]
    return known | {A: np.array([air_a]), B: np.array([air_b])}


def drivers(**changed) -> dict[str, jnp.ndarray]:
    known = halls(0, 0, **changed) | {"chillers_stopped": np.zeros(1)}
    return {name: jnp.float32(value[0]) for name, value in known.items() if name not in NAMES}


def chosen(cascade, aim: Objective, bounds: Bounds = CHOICE, **changed) -> tuple[dict[str, float], object]:
    values, prices = best(cascade, bounds, aim, drivers(**changed))
    values = values[int(np.argmin(prices))]
    _, found = priced(cascade, NAMES, aim, drivers(**changed), values[None])
    return dict(zip(NAMES, np.asarray(values, float).tolist(), strict=True)), found


def test_each_halls_inlet_follows_its_own_setpoint(apart):
    assert apart.follows == {"rack_inlet_c:hall_a": A, "rack_inlet_c:hall_b": B}


def test_hall_b_warms_with_its_own_setpoint_only(apart):
    cold, own, other = (
        outcome(apart.cascade, halls(*air)) for air in ((21.0, 21.0), (21.0, 23.0), (23.0, 21.0))
    )
    assert float(own.rack_inlet_c[0] - cold.rack_inlet_c[0]) == pytest.approx(2.0, abs=0.1)
    assert float(other.rack_inlet_c[0] - cold.rack_inlet_c[0]) == pytest.approx(0.0, abs=0.1)
    assert float(other.coldest_inlet_c[0] - cold.coldest_inlet_c[0]) == pytest.approx(2.0, abs=0.1)


def test_the_plant_answers_to_the_mean_of_the_setpoints(apart):
    level, tilted = (outcome(apart.cascade, halls(*air)) for air in ((22.0, 22.0), (23.0, 21.0)))
    assert float(tilted.cooling_kw[0]) == pytest.approx(float(level.cooling_kw[0]), abs=1e-3)


def test_search_raises_each_halls_setpoint_to_its_own_limit(apart):
    """Chilled water is cold enough that no coil starves: warmer supply air saves pumping up to the inlets' limit."""
    cold_water = replace(CHOICE, high=np.array([26.0, 26.0, 12.0, 30.0, 1.0]))
    aim = Objective(jnp.float32(18.0), jnp.float32(22.0))
    values, found = chosen(apart.cascade, aim, cold_water, outdoor_wetbulb_c=14.0)
    assert values[A] == pytest.approx(21.0, abs=0.3)
    assert values[B] == pytest.approx(19.0, abs=0.3)
    assert 21.8 < float(found.rack_inlet_c[0]) <= 22.02


def test_setpoints_that_always_moved_together_are_chosen_together(together):
    assert set(together.follows.values()) == {""}
    values, found = chosen(
        together.cascade, Objective(jnp.float32(18.0), jnp.float32(24.5)), outdoor_wetbulb_c=2.0
    )
    assert values[A] == pytest.approx(values[B], abs=0.01)
    assert float(found.outside[0]) < 0.02


def test_setpoints_further_apart_than_recorded_lie_beyond_the_record(apart, together):
    assert float(outcome(together.cascade, halls(22.0, 23.0)).outside[0]) > 0.3
    assert float(outcome(apart.cascade, halls(22.0, 23.0)).outside[0]) == 0.0
    assert float(outcome(apart.cascade, halls(19.0, 26.0)).outside[0]) > 0.3


def test_a_hall_that_may_follow_either_setpoint_is_as_warm_as_the_warmest_and_as_cold_as_the_coldest(
    together,
):
    found = outcome(together.cascade, halls(21.0, 22.0))
    assert float(found.rack_inlet_c[0] - found.coldest_inlet_c[0]) == pytest.approx(1.0, abs=0.3)


def test_a_cold_hall_is_out_of_the_envelope_however_warm_the_other_is(apart):
    aim = Objective(jnp.float32(20.5), jnp.float32(30.0))
    values = jnp.array([[21.0, 21.0, 12.0, 20.0, 0.0], [19.0, 23.0, 12.0, 20.0, 0.0]])
    level, tilted = priced(apart.cascade, NAMES, aim, drivers(), values)[0]
    assert float(tilted - level) > 100.0


def test_equal_setpoints_of_two_halls_give_what_one_setpoint_gives(apart):
    two = outcome(apart.cascade, halls(22.0, 22.0))
    one = outcome(apart.cascade, plant(supply_air_sp_c=22.0))
    for name in ("facility_kw", "cooling_kw", "rack_inlet_c", "outside"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-6)


def test_halls_survive_saving(apart):
    again = from_bytes(to_bytes(apart.cascade))
    ours, theirs = (outcome(each, halls(21.0, 24.0)) for each in (apart.cascade, again))
    assert float(ours.rack_inlet_c[0]) == float(theirs.rack_inlet_c[0])
    assert again.apart["supply_air_sp_c"].names == (A, B)


def test_economizers_of_one_plant_switch_together(apart):
    names = ("economizer_enable:a", "economizer_enable:b", "chw_supply_sp_c")
    bounds = Bounds(
        names,
        np.array([0.0, 0.0, 7.0]),
        np.array([1.0, 1.0, 20.0]),
        np.zeros(3),
        np.ones(3),
        np.array([1, 1, 0], bool),
    )
    known = drivers(outdoor_wetbulb_c=2.0) | {
        "supply_air_sp_c": jnp.float32(22.0), "cw_supply_sp_c": jnp.float32(15.0)
    }  # fmt: skip
    values, _ = best(apart.cascade, bounds, Objective(jnp.float32(18.0), jnp.float32(26.0)), known)
    assert np.asarray(values)[:, :2].tolist() == [[0.0, 0.0], [1.0, 1.0]]
