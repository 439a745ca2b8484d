"""Computer room air handlers: cooling coil and variable-speed fan. All arrays are (halls,)."""

import jax.numpy as jnp
from flax import struct
from jax import Array


@struct.dataclass
class Crah:
    """The CRAHs of each hall together, (halls,); the curve is (n,), `minimum_speed` and the share scalars."""

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
    """Airflow, kg/s, that keeps `airflow_ratio` to the servers' draw, within what working fans deliver.

    `fans_failed` is the share of fans out of service, 0-1.
    """
    available = crah.rated_airflow_kg_s * (1 - fans_failed)
    wanted = airflow_ratio * server_airflow_kg_s
    return jnp.clip(wanted, crah.minimum_speed * available, available)


def underfloor_pa(crah: Crah, airflow_kg_s: Array) -> Array:
    """Pressure of the plenum over the hall, Pa: tiles are orifices, so it rises with airflow squared.

    ASHRAE Handbook Fundamentals 2021, ch. 21 (flow through openings).
    """
    return crah.underfloor_rated_pa * (airflow_kg_s / crah.rated_airflow_kg_s) ** 2
