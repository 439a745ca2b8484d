"""Towers against EnergyPlus: fan power and leaving water over a year of weather and setpoints."""

import jax.numpy as jnp
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.fan import fan_power_w
from simulator.tower import Tower, fan_speed_for_conductance, wet_air_cp_j_kg_k
from simulator.york_tower import YorkTower, york_approach_k, york_leaving_c, york_tower_step
from tests.energyplus import sizes
from tests.energyplus.golden import LIMIT_PERCENT, cv_rmse_percent, golden

DRY_AIR_GAS_CONSTANT = 287.05  # J/(kg K)


def york() -> YorkTower:
    return YorkTower(
        rated_water_kg_s=jnp.asarray(998.0 * sizes.TOWER_M3_S),
        rated_fan_w=jnp.asarray(sizes.TOWER_FAN_W),
        design_wetbulb_c=jnp.asarray(sizes.TOWER_WETBULB_C),
        design_approach_k=jnp.asarray(sizes.TOWER_APPROACH_K),
        design_range_k=jnp.asarray(sizes.TOWER_RANGE_K),
        minimum_air_ratio=jnp.asarray(sizes.TOWER_MINIMUM_AIR),
        free_convection=jnp.asarray(sizes.TOWER_FREE_CONVECTION),
        fan_curve=jnp.asarray(sizes.TOWER_FAN_CURVE),
    )


def test_york_tower_uses_the_fan_power_and_gives_the_range_that_energyplus_says():
    _, hour = golden("electric_chiller_york_tower")
    leaving_c, fan_w = york_tower_step(
        york(), hour["tower_in_c"], hour["wetbulb_c"], hour["cw_kg_s"], hour["cw_setpoint_c"]
    )
    assert cv_rmse_percent(fan_w, hour["tower_fan_w"]) < LIMIT_PERCENT
    assert (
        cv_rmse_percent(hour["tower_in_c"] - leaving_c, hour["tower_in_c"] - hour["tower_out_c"])
        < LIMIT_PERCENT
    )


def test_york_tower_at_design_reaches_its_design_approach():
    tower = york()
    entering_c = tower.design_wetbulb_c + tower.design_approach_k + tower.design_range_k
    leaving_c = york_leaving_c(
        tower, entering_c, tower.design_wetbulb_c, tower.rated_water_kg_s, jnp.asarray(1.0)
    )
    assert abs(float(leaving_c - tower.design_wetbulb_c - tower.design_approach_k)) < 0.01


def test_more_air_brings_york_water_closer_to_wetbulb():
    ratios = jnp.asarray([0.5, 1.0, 2.0])
    approach_k = york_approach_k(jnp.asarray(20.0), jnp.asarray(5.0), ratios)
    assert bool(jnp.all(jnp.diff(approach_k) > 0))


def merkel(hour: dict[str, Array]) -> Tower:
    """Rated airflow is a volume in EnergyPlus, so its mass goes with the hour's air density."""
    density = hour["pressure_pa"] / (DRY_AIR_GAS_CONSTANT * (hour["drybulb_c"] + 273.15))
    return Tower(
        cells=jnp.asarray(1.0),
        rated_ua_w_k=jnp.asarray(sizes.TOWER_UA_W_K),
        rated_water_kg_s=jnp.asarray(998.0 * sizes.TOWER_M3_S),
        rated_air_kg_s=sizes.TOWER_AIR_M3_S * density,
        rated_fan_w=jnp.asarray(sizes.TOWER_FAN_W),
        minimum_water_fraction=jnp.asarray(0.1),
        free_convection=jnp.asarray(0.0),
    )


def test_merkel_tower_uses_the_fan_power_that_energyplus_says():
    _, hour = golden("reformulated_chiller_merkel_tower")
    tower, wetbulb_c, entering_c = merkel(hour), hour["wetbulb_c"], hour["tower_in_c"]
    wanted_w = WATER_CP_J_KG_K * hour["cw_kg_s"] * jnp.maximum(entering_c - hour["cw_setpoint_c"], 0.0)
    conductance_w_k = wanted_w / (entering_c - wetbulb_c)
    leaving_wetbulb_c = (wetbulb_c + entering_c) / 2
    for _ in range(6):
        wet_cp = wet_air_cp_j_kg_k(wetbulb_c, leaving_wetbulb_c, hour["pressure_pa"])
        speed = fan_speed_for_conductance(tower, jnp.asarray(1.0), hour["cw_kg_s"], conductance_w_k, wet_cp)
        air_w_k = jnp.maximum(speed, sizes.MERKEL_FREE_AIR) * tower.rated_air_kg_s * wet_cp
        leaving_wetbulb_c = jnp.minimum(wetbulb_c + hour["tower_heat_w"] / air_w_k, entering_c)
    fan_w = fan_power_w(tower.rated_fan_w, speed)
    # A warm tower with an idle fan is EnergyPlus's solver giving up for an hour, not a tower.
    missed = (hour["tower_out_c"] > hour["cw_setpoint_c"] + 0.5) & (
        hour["tower_fan_w"] < 0.5 * sizes.TOWER_FAN_W
    )
    assert float(missed.mean()) < 0.005
    assert cv_rmse_percent(fan_w[~missed], hour["tower_fan_w"][~missed]) < LIMIT_PERCENT
