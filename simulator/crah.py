"""Computer room air handlers: cooling coil and variable-speed fan. All values are (halls,)."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import AIR_CP_J_KG_K, WATER_CP_J_KG_K
from simulator.solve import counterflow_effectiveness, inverse_of_rising_curve

VELOCITY_EXPONENT = 0.8  # turbulent convection, Dittus and Boelter 1930


@struct.dataclass
class Crah:
    """The CRAHs of each hall taken together, (halls,); the curve, `minimum_speed` and shares are not."""

    rated_airflow_kg_s: Array
    rated_fan_w: Array
    fan_power_curve: Array  # (n,), of airflow fraction, ascending powers
    minimum_speed: Array
    rated_ua_w_k: Array
    air_side_resistance: Array  # share of the coil's thermal resistance on the air side at rated flows
    rated_water_kg_s: Array  # valve fully open


def coil_ua_w_k(crah: Crah, airflow_kg_s: Array, water_kg_s: Array) -> Array:
    """Conductance at part flow: both film resistances fall with velocity.

    Brandemuehl, HVAC 2 Toolkit (ASHRAE 1993), coil conductance from two film resistances.
    """
    air = jnp.maximum(airflow_kg_s / crah.rated_airflow_kg_s, 1e-3) ** -VELOCITY_EXPONENT
    water = jnp.maximum(water_kg_s / crah.rated_water_kg_s, 1e-3) ** -VELOCITY_EXPONENT
    r = crah.air_side_resistance
    return crah.rated_ua_w_k / (r * air + (1 - r) * water)


def coil_conductance_w_k(crah: Crah, airflow_kg_s: Array, water_kg_s: Array, fouling: Array) -> Array:
    """Sensible heat per K between return air and chilled water: `eps C_min`, W/K.

    Effectiveness-NTU, counterflow, for a dry coil: Incropera, Fundamentals of Heat and Mass Transfer, ch. 11.
    `fouling` is the share of conductance lost.
    """
    C_air = AIR_CP_J_KG_K * airflow_kg_s
    C_water = WATER_CP_J_KG_K * water_kg_s
    C_min, C_max = jnp.minimum(C_air, C_water), jnp.maximum(C_air, C_water)
    ua = coil_ua_w_k(crah, airflow_kg_s, water_kg_s) * (1 - fouling)
    return counterflow_effectiveness(C_min, C_max, ua) * C_min


def water_for_conductance_kg_s(crah: Crah, airflow_kg_s: Array, conductance_w_k: Array) -> Array:
    """Water flow with which a clean coil reaches a conductance; full flow where it cannot.

    The start, effectiveness 1, is the least flow that could do it.
    """
    return inverse_of_rising_curve(
        lambda water: coil_conductance_w_k(crah, airflow_kg_s, water, jnp.zeros_like(water)),
        target=conductance_w_k,
        start=conductance_w_k / WATER_CP_J_KG_K,
        low=jnp.zeros_like(airflow_kg_s),
        high=crah.rated_water_kg_s,
    )


def crah_airflow_kg_s(
    crah: Crah, airflow_ratio: Array, server_airflow_kg_s: Array, fans_failed: Array
) -> Array:
    """Airflow that keeps a ratio to the servers' draw, inside what the fans can do; failed fans give none."""
    available = crah.rated_airflow_kg_s * (1 - fans_failed)
    wanted = airflow_ratio * server_airflow_kg_s
    return jnp.clip(wanted, crah.minimum_speed * available, available)
