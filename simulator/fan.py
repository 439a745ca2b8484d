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
