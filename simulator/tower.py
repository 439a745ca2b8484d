"""Cooling towers: several identical cells with variable-speed fans."""

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import (
    AIR_CP_J_KG_K,
    EVAPORATION_J_KG,
    VAPOUR_TO_AIR_MOLAR_MASS,
    WATER_CP_J_KG_K,
    WATER_VAPOUR_GAS_CONSTANT_J_KG_K,
    ZERO_CELSIUS_K,
)
from simulator.psychrometrics import humidity_ratio_from_wetbulb, saturation_humidity_ratio
from simulator.solve import counterflow_effectiveness, inverse_of_rising_curve

AIR_EXPONENT = (
    0.6  # Merkel number goes with (L/G)^-0.6: ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 40
)
MAX_SPEED = 1.0


@struct.dataclass
class Tower:
    """One cell's ratings, scalars; `cells` is how many there are."""

    cells: Array
    rated_ua_w_k: Array
    rated_water_kg_s: Array
    rated_air_kg_s: Array
    rated_fan_w: Array
    minimum_water_fraction: Array  # of rated flow, below which a cell's fill runs dry and the cell is shut
    free_convection: Array  # airflow fraction with the fan off


def saturated_air_slope_j_kg_k(mean_c: Array, pressure_pa: Array) -> Array:
    """Slope of saturated air's enthalpy with temperature, the equivalent specific heat of wet air.

    Clausius-Clapeyron. Braun, Klein and Mitchell 1989, ASHRAE Transactions 95(2).
    """
    t = jnp.clip(mean_c, -30.0, 60.0)
    w_s = saturation_humidity_ratio(t, pressure_pa)
    slope = EVAPORATION_J_KG / (WATER_VAPOUR_GAS_CONSTANT_J_KG_K * (t + ZERO_CELSIUS_K) ** 2)
    return AIR_CP_J_KG_K + EVAPORATION_J_KG * w_s * (1 + w_s / VAPOUR_TO_AIR_MOLAR_MASS) * slope


def wet_air_cp_j_kg_k(entering_wetbulb_c: Array, leaving_wetbulb_c: Array, pressure_pa: Array) -> Array:
    """Mean of that slope between two wetbulbs, by Simpson's rule: the chord that Merkel's equivalent fluid needs.

    Over a wide span, as in cold weather, the slope halfway falls short of it.
    """
    halfway_c = (entering_wetbulb_c + leaving_wetbulb_c) / 2
    ends = saturated_air_slope_j_kg_k(entering_wetbulb_c, pressure_pa) + saturated_air_slope_j_kg_k(
        leaving_wetbulb_c, pressure_pa
    )
    return (ends + 4 * saturated_air_slope_j_kg_k(halfway_c, pressure_pa)) / 6


def tower_conductance_w_k(
    tower: Tower, cells_running: Array, water_kg_s: Array, air_ratio: Array, wet_air_cp_j_kg_k: Array
) -> Array:
    """Heat per K between entering water and entering wetbulb, W/K.

    Merkel's theory as effectiveness-NTU with an equivalent fluid: EnergyPlus Engineering Reference,
    "CoolingTower:VariableSpeed:Merkel". `air_ratio` is a fraction of rated airflow.
    """
    water_ratio = water_kg_s / (jnp.maximum(cells_running, 1e-3) * tower.rated_water_kg_s)
    scale = jnp.maximum(air_ratio, 1e-3) ** AIR_EXPONENT * jnp.clip(water_ratio, 1e-3, 3.0) ** (
        1 - AIR_EXPONENT
    )
    UA = cells_running * tower.rated_ua_w_k * scale * wet_air_cp_j_kg_k / AIR_CP_J_KG_K
    C_air = cells_running * tower.rated_air_kg_s * air_ratio * wet_air_cp_j_kg_k
    C_water = WATER_CP_J_KG_K * water_kg_s
    C_min, C_max = jnp.minimum(C_air, C_water), jnp.maximum(C_air, C_water)
    return counterflow_effectiveness(C_min, C_max, UA) * C_min


def cells_for_flow(tower: Tower, water_kg_s: Array, share_failed: Array) -> Array:
    """Cells in operation: as many as the water can wet, for many slow fans use less than few fast ones."""
    wetted = jnp.floor(water_kg_s / (tower.minimum_water_fraction * tower.rated_water_kg_s))
    available = tower.cells * (1 - share_failed)
    return jax.lax.stop_gradient(jnp.clip(wetted, jnp.minimum(1.0, available), available))


def fan_speed_for_conductance(
    tower: Tower, cells_running: Array, water_kg_s: Array, conductance_w_k: Array, wet_air_cp_j_kg_k: Array
) -> Array:
    """Fan speed, 0-1, at which the cells give a conductance; a bypass takes what free convection exceeds."""
    C_air_rated = cells_running * tower.rated_air_kg_s * wet_air_cp_j_kg_k
    ratio = inverse_of_rising_curve(
        lambda air: tower_conductance_w_k(tower, cells_running, water_kg_s, air, wet_air_cp_j_kg_k),
        target=conductance_w_k,
        start=conductance_w_k / jnp.maximum(C_air_rated, 1e-3),
        low=tower.free_convection,
        high=jnp.full_like(conductance_w_k, MAX_SPEED),
    )
    return (ratio - tower.free_convection) / (MAX_SPEED - tower.free_convection)


def air_ratio(tower: Tower, speed: Array) -> Array:
    """Airflow as a fraction of rated: free convection with the fan off, rated at full speed."""
    return tower.free_convection + (MAX_SPEED - tower.free_convection) * speed


def evaporation_kg_s(
    tower: Tower,
    cells_running: Array,
    speed: Array,
    heat_w: Array,
    drybulb_c: Array,
    wetbulb_c: Array,
    pressure_pa: Array,
    wet_air_cp_j_kg_k: Array,
) -> Array:
    """Water evaporated, kg/s, with air leaving saturated.

    EnergyPlus Engineering Reference, "Cooling Tower Makeup Water Usage", method SaturatedExit. The latent
    share is limited to 0-1.1 of the heat, beyond which the equivalent fluid is no longer a fair picture.
    """
    air = air_ratio(tower, speed) * cells_running * tower.rated_air_kg_s
    exit_c = wetbulb_c + heat_w / jnp.maximum(air * wet_air_cp_j_kg_k, 1.0)
    w_in = humidity_ratio_from_wetbulb(drybulb_c, wetbulb_c, pressure_pa)
    w_out = saturation_humidity_ratio(jnp.clip(exit_c, -30.0, 60.0), pressure_pa)
    most = 1.1 * jnp.maximum(heat_w, 0.0) / EVAPORATION_J_KG
    return jnp.clip(air * (w_out - w_in), 0.0, most)
