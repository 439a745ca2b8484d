"""Cooling coil, dry and wet, and variable-speed fan against EnergyPlus."""

import jax.numpy as jnp
from jax import Array

from simulator.coil import coil_air, coil_duty
from simulator.constants import EVAPORATION_J_KG, WATER_DENSITY_KG_M3
from simulator.crah import Crah
from simulator.fan import fan_power_w
from tests.energyplus import sizes
from tests.energyplus.golden import LIMIT_PERCENT, cv_rmse_percent, golden

AIR_KG_M3 = (
    1.177  # at 20 °C and the standard pressure of the weather station's 190 m: rated volume to rated mass
)


def coil() -> Crah:
    outside = sizes.COIL_INTERNAL_OVER_EXTERNAL
    return Crah(
        rated_airflow_kg_s=jnp.asarray(sizes.AIR_M3_S * AIR_KG_M3),
        rated_fan_w=jnp.asarray(sizes.FAN_W),
        fan_power_curve=jnp.asarray(sizes.FAN_CURVE),
        minimum_speed=jnp.asarray(0.0),
        rated_ua_w_k=jnp.asarray(sizes.COIL_UA_W_K),
        air_side_resistance=jnp.asarray(outside / (1 + outside)),
        underfloor_rated_pa=jnp.asarray(25.0),
        rated_water_kg_s=jnp.asarray(sizes.COIL_WATER_M3_S * WATER_DENSITY_KG_M3),
    )


def duties(table: str) -> tuple[dict[str, Array], Array, Array]:
    """A table's hours, and our sensible and latent heat of each, W."""
    _, hour = golden(table)
    meeting = coil_air(hour["air_in_c"], hour["humidity_ratio"], hour["water_in_c"], hour["pressure_pa"])
    duty = coil_duty(coil(), meeting, hour["air_kg_s"], hour["water_kg_s"], jnp.asarray(0.0))
    sensible_w = duty.sensible_w_k * (hour["air_in_c"] - hour["water_in_c"])
    condensed = duty.drying_kg_s * jnp.maximum(hour["humidity_ratio"] - duty.surface_humidity_ratio, 0.0)
    return hour, sensible_w, condensed * EVAPORATION_J_KG


def test_dry_coil_gives_the_heat_that_energyplus_says():
    hour, sensible_w, latent_w = duties("coil_and_fan")
    assert cv_rmse_percent(sensible_w, hour["coil_w"]) < LIMIT_PERCENT
    assert float(latent_w.max()) < 1.0  # its air is dry


def test_wet_coil_gives_the_sensible_and_latent_heat_that_energyplus_says():
    hour, sensible_w, latent_w = duties("wet_coil")
    theirs_w = hour["coil_w"] - hour["coil_sensible_w"]
    assert float((theirs_w > 0.05 * hour["coil_w"]).mean()) > 0.7  # most hours are wet
    assert cv_rmse_percent(sensible_w + latent_w, hour["coil_w"]) < LIMIT_PERCENT
    assert cv_rmse_percent(sensible_w, hour["coil_sensible_w"]) < LIMIT_PERCENT
    assert cv_rmse_percent(latent_w, theirs_w) < 3 * LIMIT_PERCENT  # a small difference of large numbers


def test_variable_speed_fan_uses_the_power_that_energyplus_says():
    _, hour = golden("coil_and_fan")
    flow_ratio = hour["air_kg_s"] / (sizes.AIR_M3_S * AIR_KG_M3)
    power_w = fan_power_w(coil().rated_fan_w, flow_ratio, coil().fan_power_curve)
    assert cv_rmse_percent(power_w, hour["fan_w"]) < LIMIT_PERCENT
