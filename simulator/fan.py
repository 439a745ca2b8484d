"""Variable-speed fans."""

import jax.numpy as jnp
from jax import Array


def fan_power_w(rated_w: Array, speed: Array) -> Array:
    """Electric power of a fan on a system without static pressure, W; `speed` is a fraction of rated speed.

    Fan affinity law, ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 21: power goes with speed cubed.
    """
    return rated_w * jnp.clip(speed, 0.0, 1.5) ** 3


def fan_speed(flow_kg_s: Array, rated_flow_kg_s: Array) -> Array:
    """Speed that gives a flow, fraction of rated: flow goes with speed (same source)."""
    return flow_kg_s / jnp.maximum(rated_flow_kg_s, 1e-6)


def fan_power_from_curve_w(rated_w: Array, flow_ratio: Array, curve: Array) -> Array:
    """Electric power of a fan whose maker states power against flow, W; `curve` is in ascending powers.

    EnergyPlus Engineering Reference, "Variable Speed Fan": part-load factor as a polynomial of flow fraction,
    which holds what the affinity law leaves out (static pressure, drive losses).
    """
    return rated_w * jnp.polyval(curve[::-1], flow_ratio)
