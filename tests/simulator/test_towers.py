"""Towers of both kinds: approach, fans, frost, water."""

import jax.numpy as jnp
import pytest
from jax import Array

from simulator import Plant, default_plant
from simulator.constants import WATER_CP_J_KG_K
from simulator.tower import Tower, TowerInlet, cells_for_flow, water_lost
from simulator.wet_air import saturated_air_slope_j_kg_k, wet_air_cp_j_kg_k
from tests.simulator.conftest import changed

SEA_LEVEL_PA = 101_325.0


def array(value: float) -> Array:
    return jnp.asarray(value, dtype=float)


@pytest.fixture(params=["merkel", "york"], scope="module")
def tower(request: pytest.FixtureRequest) -> Tower:
    return default_plant(tower=request.param).tower


def inlet(tower: Tower, *, entering_c: float, wetbulb_c: float, cells: float = 2.0) -> TowerInlet:
    water = cells * tower.rated_water_kg_s
    return TowerInlet(array(cells), water, array(entering_c), array(wetbulb_c), array(SEA_LEVEL_PA))


def test_tower_at_its_design_point_reaches_its_design_approach(tower: Tower) -> None:
    at = inlet(tower, entering_c=25.6 + 3.9 + 5.5, wetbulb_c=25.6)
    heat_w = float(tower.full_speed_conductance_w_k(at)) * (3.9 + 5.5)
    assert heat_w == pytest.approx(5.5 * WATER_CP_J_KG_K * float(at.water_kg_s), rel=0.02)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 1.0])
def test_fan_speed_found_for_a_duty_rejects_that_duty(tower: Tower, share: float) -> None:
    at = inlet(tower, entering_c=28.0, wetbulb_c=18.0)
    most_w = tower.full_speed_conductance_w_k(at) * 10.0
    fans = tower.fans_for(at, share * most_w)
    least = tower.fans_for(at, 0.999 * share * most_w)
    assert float(least.power_w) < float(fans.power_w) <= 1.001 * 2 * float(tower.rated_fan_w)
    assert 0 < float(fans.speed) <= 1.0
    if share == 1.0:
        assert float(fans.speed) == pytest.approx(1.0, abs=0.02)


def test_a_little_heat_leaves_by_free_convection_with_the_fans_off(tower: Tower) -> None:
    at = inlet(tower, entering_c=28.0, wetbulb_c=8.0)
    heat_w = 0.05 * tower.full_speed_conductance_w_k(at) * 20.0
    assert float(tower.fans_for(at, heat_w).power_w) == pytest.approx(0.0, abs=1.0)


def test_tower_rejects_better_in_humid_warmth_than_in_dry_cold_for_the_same_difference() -> None:
    cold, warm = (saturated_air_slope_j_kg_k(array(t), array(SEA_LEVEL_PA)) for t in (2.0, 28.0))
    assert float(warm) > 1.8 * float(cold)
    # ASHRAE Fundamentals 2021, ch. 1, table 2: saturated enthalpy 74.5 and 78.7 kJ/kg at 24.5 and 25.5 °C
    slope = saturated_air_slope_j_kg_k(array(25.0), array(SEA_LEVEL_PA))
    assert float(slope) == pytest.approx(4_100.0, rel=0.03)
    # same table: 29.35 kJ/kg at 10 °C, 99.98 at 30 °C
    chord = wet_air_cp_j_kg_k(array(10.0), array(30.0), array(SEA_LEVEL_PA))
    assert float(chord) == pytest.approx((99.98 - 29.35) * 1e3 / 20.0, rel=0.02)


def test_frost_concentrates_the_water_on_fewer_cells(plant: Plant) -> None:
    water = 2.0 * plant.tower.rated_water_kg_s
    mild, frost = (float(cells_for_flow(plant.tower, water, array(t), array(0.0))) for t in (5.0, -5.0))
    assert (mild, frost) == (3.0, 3.0)
    water = 1.3 * plant.tower.rated_water_kg_s
    mild, frost = (float(cells_for_flow(plant.tower, water, array(t), array(0.0))) for t in (5.0, -5.0))
    assert (mild, frost) == (3.0, 2.0)
    assert float(cells_for_flow(plant.tower, array(1e-3), array(-5.0), array(0.0))) == 1.0


def test_evaporation_carries_most_of_a_towers_heat_in_summer(tower: Tower) -> None:
    at, heat_w = inlet(tower, entering_c=34.0, wetbulb_c=24.0), array(1.0e6)
    water = water_lost(tower, at, tower.fans_for(at, heat_w), heat_w, array(30.0))
    assert 0.75 < 2.45e6 * float(water.evaporated_kg_s) / float(heat_w) < 1.1


def test_frost_evaporates_less_than_summer_for_the_same_heat(tower: Tower) -> None:
    heat_w, lost = array(1.0e6), []
    for drybulb_c, wetbulb_c, entering_c in ((-20.0, -20.5, 16.0), (5.0, 2.0, 20.0), (30.0, 24.0, 34.0)):
        at = inlet(tower, entering_c=entering_c, wetbulb_c=wetbulb_c)
        water = water_lost(tower, at, tower.fans_for(at, heat_w), heat_w, array(drybulb_c))
        lost.append(2.45e6 * float(water.evaporated_kg_s) / float(heat_w))
    assert lost[0] < lost[1] < lost[2]
    # air from -20 °C to saturated at 16 °C gains 36 kJ as air, 27 kJ as vapour
    assert lost[0] == pytest.approx(0.42, abs=0.06)


def test_blowdown_and_drift_carry_off_the_solids_that_evaporation_leaves(tower: Tower) -> None:
    at, heat_w = inlet(tower, entering_c=34.0, wetbulb_c=24.0), array(1.0e6)
    for cycles in (2.0, 3.0, 6.0):
        thick = changed(tower, cycles_of_concentration=cycles)
        lost = water_lost(thick, at, tower.fans_for(at, heat_w), heat_w, array(30.0))
        made_up = sum(float(part) for part in lost)
        assert made_up / float(lost.blowdown_kg_s + lost.drift_kg_s) == pytest.approx(cycles, rel=1e-3)
        assert float(lost.drift_kg_s) == pytest.approx(8e-5 * float(at.water_kg_s), rel=1e-3)
