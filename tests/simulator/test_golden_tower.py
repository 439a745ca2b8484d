"""Towers against EnergyPlus: fan power and leaving water over a year of weather and setpoints."""

import jax.numpy as jnp
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.fan import AFFINITY_CURVE
from simulator.merkel_tower import MerkelTower
from simulator.tower import TowerInlet
from simulator.york_tower import YorkTower, york_leaving_c
from tests.energyplus import sizes
from tests.energyplus.golden import LIMIT_PERCENT, cv_rmse_percent, golden

DRY_AIR_GAS_CONSTANT = 287.05  # J/(kg K)
ONE_CELL = {
    "cells": jnp.asarray(1.0),
    "rated_water_kg_s": jnp.asarray(998.0 * sizes.TOWER_M3_S),
    "rated_fan_w": jnp.asarray(sizes.TOWER_FAN_W),
    "minimum_water_fraction": jnp.asarray(0.1),
    "freezing_water_fraction": jnp.asarray(0.1),
    "minimum_leaving_c": jnp.asarray(-50.0),
    "drift_fraction": jnp.asarray(0.0),
    "cycles_of_concentration": jnp.asarray(3.0),
}


def inlet(hour: dict[str, Array]) -> TowerInlet:
    return TowerInlet(
        jnp.ones_like(hour["cw_kg_s"]),
        hour["cw_kg_s"],
        hour["tower_in_c"],
        hour["wetbulb_c"],
        hour["pressure_pa"],
    )


def york() -> YorkTower:
    return YorkTower(
        **ONE_CELL,
        rated_air_kg_s=jnp.asarray(1.2 * sizes.TOWER_AIR_M3_S),
        fan_power_curve=jnp.asarray(sizes.TOWER_FAN_CURVE),
        design_wetbulb_c=jnp.asarray(sizes.TOWER_WETBULB_C),
        design_approach_k=jnp.asarray(sizes.TOWER_APPROACH_K),
        design_range_k=jnp.asarray(sizes.TOWER_RANGE_K),
        minimum_air_ratio=jnp.asarray(sizes.TOWER_MINIMUM_AIR),
        free_convection=jnp.asarray(sizes.TOWER_FREE_CONVECTION),
    )


def test_york_tower_uses_the_fan_power_that_energyplus_says():
    _, hour = golden("electric_chiller_york_tower")
    wanted_w = WATER_CP_J_KG_K * hour["cw_kg_s"] * (hour["tower_in_c"] - hour["cw_setpoint_c"])
    fans = york().fans_for(inlet(hour), wanted_w)
    assert cv_rmse_percent(fans.power_w, hour["tower_fan_w"]) < LIMIT_PERCENT


def test_york_tower_rejects_the_heat_that_energyplus_says():
    _, hour = golden("electric_chiller_york_tower")
    C_water = WATER_CP_J_KG_K * hour["cw_kg_s"]
    most_w = york().full_speed_conductance_w_k(inlet(hour)) * (hour["tower_in_c"] - hour["wetbulb_c"])
    heat_w = jnp.minimum(C_water * (hour["tower_in_c"] - hour["cw_setpoint_c"]), most_w)
    theirs_w = C_water * (hour["tower_in_c"] - hour["tower_out_c"])
    assert cv_rmse_percent(heat_w, theirs_w) < LIMIT_PERCENT


def at_design(tower: YorkTower) -> TowerInlet:
    entering_c = tower.design_wetbulb_c + tower.design_approach_k + tower.design_range_k
    sea_level_pa = jnp.asarray(101_325.0)
    return TowerInlet(tower.cells, tower.rated_water_kg_s, entering_c, tower.design_wetbulb_c, sea_level_pa)


def test_york_tower_at_design_reaches_its_design_approach():
    tower = york()
    leaving_c = york_leaving_c(tower, at_design(tower), jnp.asarray(1.0))
    assert abs(float(leaving_c - tower.design_wetbulb_c - tower.design_approach_k)) < 0.01


def test_more_air_brings_york_water_closer_to_wetbulb():
    tower = york()
    leaving_c = york_leaving_c(tower, at_design(tower), jnp.asarray([0.5, 0.7, 1.0]))
    assert bool(jnp.all(jnp.diff(leaving_c) < 0))


def merkel(hour: dict[str, Array]) -> MerkelTower:
    """Rated airflow is a volume in EnergyPlus, so its mass goes with the hour's air density."""
    density = hour["pressure_pa"] / (DRY_AIR_GAS_CONSTANT * (hour["drybulb_c"] + 273.15))
    return MerkelTower(
        **ONE_CELL,
        rated_ua_w_k=jnp.asarray(sizes.TOWER_UA_W_K),
        rated_air_kg_s=sizes.TOWER_AIR_M3_S * density,
        fan_power_curve=jnp.asarray(AFFINITY_CURVE),
        free_convection=jnp.asarray(0.0),
    )


def test_merkel_tower_uses_the_fan_power_that_energyplus_says():
    _, hour = golden("reformulated_chiller_merkel_tower")
    wanted_w = WATER_CP_J_KG_K * hour["cw_kg_s"] * (hour["tower_in_c"] - hour["cw_setpoint_c"])
    fan_w = merkel(hour).fans_for(inlet(hour), jnp.maximum(wanted_w, 0.0)).power_w
    # A warm tower with an idle fan is EnergyPlus's solver giving up for an hour, not a tower.
    missed = (hour["tower_out_c"] > hour["cw_setpoint_c"] + 0.5) & (
        hour["tower_fan_w"] < 0.5 * sizes.TOWER_FAN_W
    )
    assert float(missed.mean()) < 0.005
    assert cv_rmse_percent(fan_w[~missed], hour["tower_fan_w"][~missed]) < LIMIT_PERCENT
