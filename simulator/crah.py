"""Computer room air handlers: cooling coil and variable-speed fan. All values are (halls,)."""

import jax.numpy as jnp
from flax import struct
from jax import Array


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
    underfloor_rated_pa: Array  # plenum over hall at rated airflow


def crah_airflow_kg_s(
    crah: Crah, airflow_ratio: Array, server_airflow_kg_s: Array, fans_failed: Array
) -> Array:
    """Airflow that keeps a ratio to the servers' draw, inside what the fans can do; failed fans give none."""
    available = crah.rated_airflow_kg_s * (1 - fans_failed)
    wanted = airflow_ratio * server_airflow_kg_s
    return jnp.clip(wanted, crah.minimum_speed * available, available)


def underfloor_pa(crah: Crah, airflow_kg_s: Array) -> Array:
    """Pressure of the plenum over the hall, Pa: perforated tiles are orifices, so it goes with airflow squared.

    ASHRAE Handbook Fundamentals 2021, ch. 21 (flow through openings).
    """
    return crah.underfloor_rated_pa * (airflow_kg_s / crah.rated_airflow_kg_s) ** 2
