"""Halls: supply air against server airflow, heat stored in air and equipment, humidity."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import AIR_CP_J_KG_K


@struct.dataclass
class Hall:
    """`heat_capacity_j_k`, `air_mass_kg`, `envelope_w_k`, `fresh_air_kg_s` are (halls,); the rest scalars."""

    heat_capacity_j_k: Array  # air, racks and structure that follow the return air
    air_mass_kg: Array
    envelope_w_k: Array
    fresh_air_kg_s: Array
    fresh_air_min_humidity_ratio: Array  # the make-up unit humidifies to this
    leakage_recirculation: Array  # share of server air drawn from the hot side with airflow just matched
    leakage_airflow_scale: Array  # surplus airflow ratio that cuts that share by e
    hot_spot_factor: Array  # the worst rack's share over the mean
    aisle_surplus_pa: Array  # cold over hot aisle with twice the air that the servers draw


def recirculation_fraction(hall: Hall, airflow_ratio: Array) -> tuple[Array, Array]:
    """Share of the servers' air that comes from the hot side: for the mean and for the worst rack.

    A deficit of supply air must come from the hot side (mass balance); leaks through the containment decrease
    with surplus air. Form after Tozer, Kurkjian and Salim 2009 (ASHRAE Transactions 115), who define the
    fractions from the same balance.
    """
    deficit = jnp.maximum(1 - airflow_ratio, 0.0)
    leak = hall.leakage_recirculation * jnp.exp(-(airflow_ratio - 1) / hall.leakage_airflow_scale)
    leak = jnp.minimum(leak, 3 * hall.leakage_recirculation)
    return jnp.minimum(deficit + leak, 0.8), jnp.minimum(deficit + hall.hot_spot_factor * leak, 0.9)


def aisle_pa(hall: Hall, airflow_ratio: Array) -> Array:
    """Pressure of the cold aisle over the hot one, Pa; negative where servers draw more air than is supplied.

    The surplus leaves through the containment's gaps, which are orifices: ASHRAE Handbook Fundamentals 2021,
    ch. 21.
    """
    surplus = airflow_ratio - 1
    return hall.aisle_surplus_pa * surplus * jnp.abs(surplus)


def rack_inlet_c(supply_c: Array, return_c: Array, airflow_ratio: Array, recirculation: Array) -> Array:
    """Rack inlet temperature, °C, from mixing of supply and server outlet air.

    Inlet = supply + phi (outlet - supply); heat balance of hall air gives outlet - supply = (return - supply)
    * airflow_ratio / (1 - phi). `recirculation` is phi, 0-1.
    """
    phi = recirculation
    return supply_c + phi / (1 - phi) * airflow_ratio * (return_c - supply_c)


def rack_outlet_c(inlet_c: Array, it_w: Array, server_airflow_kg_s: Array) -> Array:
    """Server outlet temperature, °C: heat balance of the server's air stream."""
    return inlet_c + it_w / (AIR_CP_J_KG_K * jnp.maximum(server_airflow_kg_s, 1e-3))


def humidity_step(
    hall: Hall,
    humidity_ratio: Array,
    fresh_air_humidity_ratio: Array,
    coil_surface_humidity_ratio: Array,
    coil_drying_kg_s: Array,
    dt_s: Array | float,
) -> tuple[Array, Array]:
    """Humidity ratio after `dt_s` and water condensed on the coil, kg/s, both (halls,).

    Moisture balance `M dw/dt = m_fresh (w_fresh - w) - m_coil max(0, w - w_coil)`, solved exactly; `m_coil` is the
    airflow that the wet coil dries to `w_coil`. Water condenses only while the surface is below the dew point.
    """
    w, w_coil = humidity_ratio, coil_surface_humidity_ratio
    w_fresh = jnp.maximum(fresh_air_humidity_ratio, hall.fresh_air_min_humidity_ratio)
    is_wet = jnp.maximum(w, w_fresh) > w_coil
    drying = jnp.where(is_wet, coil_drying_kg_s, 0.0)
    exchange = jnp.maximum(hall.fresh_air_kg_s + drying, 1e-6)
    w_balance = (hall.fresh_air_kg_s * w_fresh + drying * w_coil) / exchange
    x = exchange * dt_s / hall.air_mass_kg
    w_next = w_balance + (w - w_balance) * jnp.exp(-x)
    w_mean = w_balance + (w - w_balance) * (-jnp.expm1(-x) / x)
    return w_next, jnp.maximum(drying * (w_mean - w_coil), 0.0)
