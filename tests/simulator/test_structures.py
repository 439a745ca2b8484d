"""Plants of other structure: economizer in series or parallel on either side, other chillers, towers and pumps."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import Array

from simulator import Plant, constant_drivers, default_plant, default_setpoints
from simulator.constants import WATER_CP_J_KG_K
from simulator.economizer import (
    Economizer,
    cw_flow_for_conductance_kg_s,
    economizer_conductance_w_k,
    economizer_open,
    heat_at_setpoint_w,
)
from simulator.plant import perturb_plant
from tests.simulator.conftest import DAY, changed, run

pytestmark = pytest.mark.medium

WINTER = {"outdoor_drybulb_c": 4.0, "outdoor_wetbulb_c": 2.0}
FREE = {"chw_supply_c": 13.0, "cw_supply_c": 9.0, "economizer_enable": 1.0}
# Tower water too warm to carry the whole load, cold enough to help.
INTEGRATED = {"chw_supply_c": 12.0, "cw_supply_c": 14.0, "economizer_enable": 1.0}


def array(value: float) -> Array:
    return jnp.asarray(value, dtype=float)


def end_of_day(plant: Plant, asked: dict[str, float], **weather: float) -> dict[str, float]:
    drivers = constant_drivers(**(WINTER | weather), it_utilization=0.6, steps=DAY)
    _, sensors = run(plant, changed(default_setpoints(plant), **asked), drivers)
    return {name: float(getattr(sensors, name)[-1]) for name in sensors.__dataclass_fields__}


Settled = Callable[[dict[str, float]], dict[str, float]]


@pytest.fixture(scope="module")
def piped() -> Callable[[str, str], Settled]:
    def of(chilled_side: Any, condenser_side: Any) -> Settled:
        plant = default_plant(economizer=chilled_side, economizer_condenser=condenser_side)
        return lambda asked: end_of_day(plant, asked)

    return of


@pytest.mark.parametrize("condenser_side", ["series", "parallel"])
@pytest.mark.parametrize("chilled_side", ["series", "parallel"])
def test_each_piping_carries_the_whole_load_in_the_cold(
    piped: Any, chilled_side: str, condenser_side: str
) -> None:
    now = piped(chilled_side, condenser_side)(FREE)
    assert now["chillers_running"] == 0
    assert now["economizer_heat_w"] == pytest.approx(now["coil_heat_w"] + now["chw_pump_w"], rel=0.01)
    assert now["chw_supply_c"] == pytest.approx(13.0, abs=0.2)


@pytest.mark.parametrize("condenser_side", ["series", "parallel"])
@pytest.mark.parametrize("chilled_side", ["series", "parallel"])
def test_economizer_and_chillers_share_the_load_when_tower_water_is_middling(
    piped: Any, chilled_side: str, condenser_side: str
) -> None:
    now = piped(chilled_side, condenser_side)(INTEGRATED)
    whole_w = now["coil_heat_w"] + now["chw_pump_w"]
    if chilled_side == "parallel":  # tower water is warmer than the setpoint: this branch cannot reach it
        assert now["economizer_heat_w"] == 0
    else:
        assert 0.3 * whole_w < now["economizer_heat_w"] < 0.9 * whole_w
    assert now["economizer_heat_w"] + now["chiller_heat_w"] == pytest.approx(whole_w, rel=0.01)
    assert now["chw_supply_c"] == pytest.approx(12.0, abs=0.1)


def test_a_branch_of_its_own_draws_tower_water_beside_the_condensers_one_in_their_way_does_not(
    piped: Any,
) -> None:
    beside, before = (piped("series", side)(INTEGRATED) for side in ("parallel", "series"))
    assert beside["cw_flow_kg_s"] > 1.4 * before["cw_flow_kg_s"]
    assert before["chiller_w"] / before["chiller_heat_w"] > beside["chiller_w"] / beside["chiller_heat_w"]


def test_a_plant_without_economizer_ignores_its_switch() -> None:
    plant = default_plant(economizer="none")
    on, off = (end_of_day(plant, FREE | {"economizer_enable": enable}) for enable in (1.0, 0.0))
    assert on["economizer_heat_w"] == 0
    assert on["facility_w"] == off["facility_w"]


def of(plant: Plant) -> Economizer:
    assert plant.economizer is not None
    return plant.economizer


def test_economizer_is_shut_unless_tower_water_is_colder_than_the_return_by_the_lock_out(
    plant: Plant,
) -> None:
    strict = changed(of(plant), lockout_difference_k=3.0)

    def is_open(
        return_c: float, cw_c: float, cw_setpoint_c: float, enable: float = 1.0, running: float = 1.0
    ) -> float:
        at = (array(value) for value in (enable, return_c, cw_c, cw_setpoint_c, running))
        return float(economizer_open(strict, *at))

    assert is_open(16.0, 12.9, 12.0) == 1
    assert is_open(16.0, 13.1, 12.0) == 0
    assert is_open(16.0, 12.0, 13.1) == 0  # tower water is about to be too warm
    assert is_open(16.0, 8.0, 8.0, enable=0.0) == 0
    assert is_open(16.0, 24.0, 8.0, running=0.0) == 1  # a basin at rest is warm until water moves


def test_economizer_heat_is_effectiveness_times_the_difference_of_the_streams(plant: Plant) -> None:
    economizer = of(plant)
    flow = plant.chilled_water.pump.rated_flow_kg_s
    conductance = economizer_conductance_w_k(economizer, flow, flow)
    # sized for 2 K between balanced streams: effectiveness NTU / (1 + NTU), with NTU = 6 K / 2 K
    assert float(conductance / (WATER_CP_J_KG_K * flow)) == pytest.approx(0.75, abs=0.01)


def test_a_modulating_valve_draws_the_least_tower_water_that_does_the_job(plant: Plant) -> None:
    modulating = changed(of(plant), minimum_cw_flow_ratio=0.1)
    flow = plant.chilled_water.pump.rated_flow_kg_s
    most = economizer_conductance_w_k(modulating, flow, modulating.rated_cw_flow_kg_s)
    for share in (0.3, 0.6, 0.9):
        drawn = cw_flow_for_conductance_kg_s(modulating, flow, share * most)
        assert float(drawn) < float(modulating.rated_cw_flow_kg_s)
        reached = economizer_conductance_w_k(modulating, flow, drawn)
        assert float(reached / most) == pytest.approx(share, rel=0.02)
    least = cw_flow_for_conductance_kg_s(modulating, flow, array(0.0))
    assert float(least) == pytest.approx(0.1 * float(modulating.rated_cw_flow_kg_s))


def test_heat_of_a_parallel_exchanger_satisfies_its_log_mean_temperature_difference(plant: Plant) -> None:
    economizer, cw_kg_s = of(plant), array(30.0)
    for back_c, cw_c in ((18.0, 8.0), (16.0, 11.0), (20.0, 11.8)):
        heat_w = float(heat_at_setpoint_w(economizer, array(back_c), array(12.0), array(cw_c), cw_kg_s))
        cw_out_c = cw_c + heat_w / (WATER_CP_J_KG_K * float(cw_kg_s))
        warm_k, cold_k = back_c - cw_out_c, 12.0 - cw_c
        mean_k = (warm_k - cold_k) / float(jnp.log(warm_k / cold_k))
        assert float(economizer.ua_w_k) * mean_k == pytest.approx(heat_w, rel=0.01)
    assert heat_at_setpoint_w(economizer, array(18.0), array(12.0), array(12.5), cw_kg_s) == 0


STRUCTURES: list[dict[str, Any]] = [
    {"chiller_curves": "leaving"},
    {"tower": "york"},
    {"pumps": "curve"},
    {"chiller_curves": "leaving", "tower": "york", "pumps": "curve", "economizer": "parallel"},
]


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: "-".join(s.values()))
def test_other_parts_of_the_same_size_use_about_the_same_power(plant: Plant, structure: dict) -> None:
    summer = {"outdoor_drybulb_c": 28.0, "outdoor_wetbulb_c": 21.0}
    usual = end_of_day(plant, {}, **summer)
    other = end_of_day(default_plant(**structure), {}, **summer)
    assert other["cooling_w"] == pytest.approx(usual["cooling_w"], rel=0.15)
    assert other["supply_air_c"] == pytest.approx(20.0, abs=0.2)
    assert other["cw_supply_c"] == pytest.approx(24.0, abs=0.3)


def test_a_fleet_has_one_structure_and_keeps_it() -> None:
    def site(key: Array) -> Plant:
        return perturb_plant(key, default_plant(economizer="parallel", chiller_curves="leaving"))

    fleet = jax.vmap(site)(jax.random.split(jax.random.key(0), 3))
    assert of(fleet).chilled_side == "parallel"
    assert of(fleet).ua_w_k.shape == (3,)
    other = replace(of(fleet), chilled_side="series")
    assert jax.tree.structure(other) != jax.tree.structure(of(fleet))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"economizer": "sideways"}, "economizer must be one of series, parallel, none, got 'sideways'"),
        ({"tower": "natural"}, "tower must be one of merkel, york"),
        ({"chillers": 2.5}, "chillers must be a whole number, got 2.5"),
    ],
)
def test_an_unknown_structure_is_refused_with_the_known_ones(arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        default_plant(**arguments)
