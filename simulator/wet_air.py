"""Saturated air as a fluid with an equivalent specific heat, for cooling towers and wet coils."""

import jax.numpy as jnp
from jax import Array

from simulator.constants import (
    AIR_CP_J_KG_K,
    EVAPORATION_J_KG,
    VAPOUR_TO_AIR_MOLAR_MASS,
    WATER_VAPOUR_GAS_CONSTANT_J_KG_K,
    ZERO_CELSIUS_K,
)
from simulator.psychrometrics import saturation_humidity_ratio


def saturated_air_slope_j_kg_k(mean_c: Array, pressure_pa: Array) -> Array:
    """Slope of saturated air's enthalpy with temperature, J/(kg K): the equivalent specific heat of wet air.

    Clausius-Clapeyron. Braun, Klein and Mitchell 1989, ASHRAE Transactions 95(2).
    """
    t = jnp.clip(mean_c, -30.0, 60.0)
    w_s = saturation_humidity_ratio(t, pressure_pa)
    slope = EVAPORATION_J_KG / (WATER_VAPOUR_GAS_CONSTANT_J_KG_K * (t + ZERO_CELSIUS_K) ** 2)
    return AIR_CP_J_KG_K + EVAPORATION_J_KG * w_s * (1 + w_s / VAPOUR_TO_AIR_MOLAR_MASS) * slope


def wet_air_cp_j_kg_k(entering_wetbulb_c: Array, leaving_wetbulb_c: Array, pressure_pa: Array) -> Array:
    """Mean of that slope between two wetbulbs (°C), J/(kg K), by Simpson's rule, for Merkel's theory.

    Over a wide span, as in cold weather, the slope at the middle is smaller than this mean.
    """
    halfway_c = (entering_wetbulb_c + leaving_wetbulb_c) / 2
    ends = saturated_air_slope_j_kg_k(entering_wetbulb_c, pressure_pa) + saturated_air_slope_j_kg_k(
        leaving_wetbulb_c, pressure_pa
    )
    return (ends + 4 * saturated_air_slope_j_kg_k(halfway_c, pressure_pa)) / 6
