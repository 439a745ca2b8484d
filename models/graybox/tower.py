"""Cooling towers: the water that fans flat out reach, and the fan speed that a setpoint needs.

Effectiveness of a counterflow tower over enthalpy (Braun, Klein and Mitchell 1989, ASHRAE Transactions 95(2)), transfer
units over the ratio of flows as Merkel's; enthalpy of saturated air as a cubic (Stoecker and Jones 1982).
"""

import jax.numpy as jnp
from jax import Array

from models.graybox.air_side import WATER_KJ_KG_K, Parameters, effectiveness
from models.graybox.roots import root

FARTHEST_K = 30.0  # of water over wetbulb


def saturated_kj_kg(t_c: Array) -> Array:
    """Enthalpy of saturated air at sea level."""
    return 9.3625 + 1.7861 * t_c + 0.01135 * t_c**2 + 0.00098855 * t_c**3


def _slope_kj_kg_k(t_c: Array) -> Array:
    return 1.7861 + 0.0227 * t_c + 0.00296565 * t_c**2


def _rejected_kw(speed: Array, leaving_c: Array, args: tuple[Array, ...]) -> Array:
    """Heat that towers take from water at a fan speed, water leaving at `leaving_c`."""
    heat_kw, wetbulb_c, water_kg_s, air_kg_s, ntu = args
    air = jnp.maximum(speed, 1e-3) * air_kg_s
    entering_c = leaving_c + heat_kw / (water_kg_s * WATER_KJ_KG_K)
    ratio = air * _slope_kj_kg_k(0.5 * (wetbulb_c + leaving_c)) / (water_kg_s * WATER_KJ_KG_K)
    units = ntu * (water_kg_s / air) ** 0.4
    less = jnp.where(ratio < 1.0, ratio, 1.0 / ratio)
    e = jnp.where(ratio < 1.0, effectiveness(units, less), effectiveness(units * ratio, less) / ratio)
    return e * air * jnp.maximum(saturated_kj_kg(entering_c) - saturated_kj_kg(wetbulb_c), 0.0)


def tower(
    p: Parameters, heat_kw: Array, setpoint_c: Array, wetbulb_c: Array, water_kg_s: Array, reference_kw: Array
) -> tuple[Array, Array, Array]:
    """Leaving water °C, fan power kW and speed 0-1, (n,) each, where `heat_kw` is to be rejected."""
    args = (heat_kw, wetbulb_c, water_kg_s, p["tower_air"] * reference_kw, p["tower_ntu"])

    def flat_out(leaving_c: Array, args: tuple[Array, ...]) -> Array:
        return _rejected_kw(jnp.ones_like(leaving_c), leaving_c, args) / args[0] - 1.0

    lowest_c = wetbulb_c + 0.3
    reach_c = root(flat_out, args, lowest_c, lowest_c + FARTHEST_K)
    leaving_c = jnp.maximum(setpoint_c, reach_c)

    def enough(speed: Array, both: tuple[Array, tuple[Array, ...]]) -> Array:
        leaving_c, args = both
        return _rejected_kw(speed, leaving_c, args) / args[0] - 1.0

    speed = root(enough, (leaving_c, args), jnp.zeros_like(heat_kw), jnp.ones_like(heat_kw))
    speed = jnp.where(reach_c >= setpoint_c, 1.0, speed)
    cycling = p["tower_turndown"] ** (p["tower_fan_exponent"] - 1.0) * speed
    modulating = jnp.maximum(speed, 1e-3) ** p["tower_fan_exponent"]
    share = jnp.where(speed > p["tower_turndown"], modulating, cycling)
    return leaving_c, p["tower_fan"] * reference_kw * share, speed
