"""Chillers of both kinds, and how many run."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from simulator import Plant, default_plant
from simulator.chiller import Chillers, chillers_power_w
from simulator.staging import Staging, staged_chillers
from tests.simulator.conftest import changed

ENOUGH_KG_S = 1e4  # of condenser water: it leaves as it enters, so that both kinds read the same temperature


def array(value: float) -> Array:
    return jnp.asarray(value, dtype=float)


@pytest.fixture(params=["entering", "leaving"], scope="module")
def chillers(request: pytest.FixtureRequest) -> Chillers:
    return default_plant(chiller_curves=request.param).chillers


def rated_cw_kg_s(plant: Plant) -> Array:
    return plant.condenser_water.flow_per_chiller_kg_s


def power_w(chillers: Chillers, cw_kg_s: Any, share: float, chw_c: float, cw_c: float) -> float:
    load_w = share * chillers.rated_capacity_w
    return float(
        chillers_power_w(chillers, array(1.0), load_w, array(chw_c), array(cw_c), cw_kg_s, array(0.0))
    )


def test_chiller_at_its_rating_point_has_its_rated_cop(chillers: Chillers, plant: Plant) -> None:
    at = (array(6.67), array(29.44), rated_cw_kg_s(plant))
    load_w = chillers.capacity_w(*at)
    assert float(load_w / chillers.rated_capacity_w) == pytest.approx(1.0, rel=0.02)
    assert float(load_w / chillers.machine_power_w(load_w, *at)) == pytest.approx(5.8, rel=0.03)


def test_chiller_power_falls_with_warmer_chilled_and_colder_condenser_water(
    chillers: Chillers, plant: Plant
) -> None:
    water = rated_cw_kg_s(plant)
    powers = [power_w(chillers, water, 0.6, chw, 26.0) for chw in range(5, 20)]
    assert all(np.diff(powers) < 0)
    powers = [power_w(chillers, water, 0.6, 10.0, cw) for cw in range(16, 36)]
    assert all(np.diff(powers) > 0)
    # field studies find 1.5-5 % a kelvin either way
    assert (
        0.015
        < 1 - power_w(chillers, water, 0.6, 11.0, 26.0) / power_w(chillers, water, 0.6, 10.0, 26.0)
        < 0.05
    )
    assert (
        0.015
        < power_w(chillers, water, 0.6, 10.0, 27.0) / power_w(chillers, water, 0.6, 10.0, 26.0) - 1
        < 0.05
    )


def test_colder_tower_water_than_the_chiller_allows_saves_nothing_more(
    chillers: Chillers, plant: Plant
) -> None:
    water = rated_cw_kg_s(plant)
    at_floor = power_w(chillers, water, 0.6, 8.0, float(chillers.minimum_cw_c))
    assert power_w(chillers, water, 0.6, 8.0, 5.0) == pytest.approx(at_floor)


def test_an_idle_chiller_draws_nothing_and_a_barely_loaded_one_cycles(
    chillers: Chillers, plant: Plant
) -> None:
    water = rated_cw_kg_s(plant)
    assert power_w(chillers, water, 0.0, 8.0, 24.0) == 0.0
    barely, twice = (power_w(chillers, water, share, 8.0, 24.0) for share in (0.04, 0.08))
    assert barely == pytest.approx(twice / 2, rel=0.01)


def test_a_chiller_that_cannot_unload_further_wastes_the_rest_by_hot_gas_bypass(
    chillers: Chillers, plant: Plant
) -> None:
    stiff = changed(chillers, minimum_unloading_ratio=0.4)
    water = rated_cw_kg_s(plant)
    at_20, at_35 = (power_w(stiff, water, share, 8.0, 24.0) for share in (0.2, 0.35))
    assert at_20 == pytest.approx(at_35, rel=0.02)
    assert at_20 > 1.1 * power_w(chillers, water, 0.2, 8.0, 24.0)
    assert power_w(stiff, water, 0.7, 8.0, 24.0) == pytest.approx(power_w(chillers, water, 0.7, 8.0, 24.0))


def test_high_lift_at_low_load_costs_power_to_stay_clear_of_surge(chillers: Chillers, plant: Plant) -> None:
    water, careless = rated_cw_kg_s(plant), changed(chillers, surge_ratio_per_k=0.0)
    assert power_w(chillers, water, 0.2, 6.0, 38.0) > 1.05 * power_w(careless, water, 0.2, 6.0, 38.0)
    assert power_w(chillers, water, 0.2, 12.0, 22.0) == power_w(careless, water, 0.2, 12.0, 22.0)
    assert power_w(chillers, water, 0.9, 6.0, 38.0) == power_w(careless, water, 0.9, 6.0, 38.0)


def test_both_kinds_agree_where_condenser_water_rises_as_their_curves_assume(plant: Plant) -> None:
    leaving = default_plant(chiller_curves="leaving").chillers
    at = (0.95, 8.0, 27.0)
    ours, theirs = (power_w(each, rated_cw_kg_s(plant), *at) for each in (plant.chillers, leaving))
    assert theirs == pytest.approx(ours, rel=0.02)


def after(
    chillers: Chillers, running: float, load: float, *, start_s: float, stop_s: float, allowed: float = 3.0
) -> Staging:
    before = Staging(array(running), array(start_s), array(stop_s))
    return staged_chillers(chillers, before, array(load), array(1.0), array(allowed), 300.0)


def test_chillers_are_staged_one_at_a_time_and_not_before_their_timers(plant: Plant) -> None:
    def next_running(running: float, load: float, since_s: float, **more: float) -> float:
        return float(after(plant.chillers, running, load, start_s=since_s, stop_s=since_s, **more).running)

    assert next_running(1, 2.7, 3600) == 2
    assert next_running(1, 2.7, 60) == 1
    assert next_running(2, 0.5, 3600) == 1
    assert next_running(2, 0.85, 3600) == 2  # hysteresis
    assert next_running(0, 0.5, 0) == 1  # when none runs, one of the others starts at once
    assert next_running(1, 0.0, 3600) == 0
    assert next_running(3, 2.7, 0, allowed=1.0) == 1  # trips act at once


def test_a_started_chiller_runs_its_minimum_time_and_a_stopped_one_rests_its_own(plant: Plant) -> None:
    timed = changed(plant.chillers, minimum_on_s=1800.0, minimum_off_s=600.0)
    assert after(timed, 2, 0.1, start_s=1200, stop_s=9000).running == 2
    assert after(timed, 2, 0.1, start_s=1800, stop_s=9000).running == 1
    assert after(timed, 1, 1.9, start_s=9000, stop_s=300).running == 1
    assert after(timed, 1, 1.9, start_s=9000, stop_s=600).running == 2
    only = changed(timed, units=1.0)
    assert after(only, 0, 0.9, start_s=9000, stop_s=300, allowed=1.0).running == 0
    assert after(only, 0, 0.9, start_s=9000, stop_s=600, allowed=1.0).running == 1


def test_timers_count_from_the_change_they_are_of(plant: Plant) -> None:
    started = after(plant.chillers, 1, 2.7, start_s=3600, stop_s=4000)
    assert (float(started.since_start_s), float(started.since_stop_s)) == (0.0, 4300.0)
    stopped = after(plant.chillers, 2, 0.1, start_s=3600, stop_s=4000)
    assert (float(stopped.since_start_s), float(stopped.since_stop_s)) == (3900.0, 0.0)
