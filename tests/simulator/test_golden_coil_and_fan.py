"""Cooling coil (dry) and variable-speed fan against EnergyPlus."""

import jax.numpy as jnp

from simulator.constants import WATER_DENSITY_KG_M3
from simulator.crah import Crah, coil_conductance_w_k
from simulator.fan import fan_power_w
from tests.energyplus import sizes
from tests.energyplus.golden import LIMIT_PERCENT, cv_rmse_percent, golden

AIR_KG_M3 = (
    1.177  # at 20 °C and the standard pressure of the weather station's 190 m: rated volume to rated mass
)


def coil() -> Crah:
    return Crah(
        rated_airflow_kg_s=jnp.asarray(sizes.AIR_M3_S * AIR_KG_M3),
        rated_fan_w=jnp.asarray(sizes.FAN_W),
        fan_power_curve=jnp.asarray(sizes.FAN_CURVE),
        minimum_speed=jnp.asarray(0.0),
        rated_ua_w_k=jnp.asarray(sizes.COIL_UA_W_K),
        air_side_resistance=jnp.asarray(0.65),
        rated_water_kg_s=jnp.asarray(sizes.COIL_WATER_M3_S * WATER_DENSITY_KG_M3),
    )


def test_dry_coil_gives_the_heat_that_energyplus_says():
    table, hour = golden("coil_and_fan")
    assert table["humidity_ratio"].max() < 0.005  # nothing condenses
    conductance_w_k = coil_conductance_w_k(coil(), hour["air_kg_s"], hour["water_kg_s"], jnp.asarray(0.0))
    heat_w = conductance_w_k * (hour["air_in_c"] - hour["water_in_c"])
    assert cv_rmse_percent(heat_w, hour["coil_w"]) < LIMIT_PERCENT


def test_variable_speed_fan_uses_the_power_that_energyplus_says():
    _, hour = golden("coil_and_fan")
    flow_ratio = hour["air_kg_s"] / (sizes.AIR_M3_S * AIR_KG_M3)
    power_w = fan_power_w(coil().rated_fan_w, flow_ratio, coil().fan_power_curve)
    assert cv_rmse_percent(power_w, hour["fan_w"]) < LIMIT_PERCENT
