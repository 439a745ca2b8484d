"""Variable-speed fans."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from simulator.curves import polynomial

# Power is proportional to speed cubed without static pressure: fan affinity law, ASHRAE Handbook HVAC Systems
# and Equipment 2020, ch. 21.
AFFINITY_CURVE = np.array([0.0, 0.0, 0.0, 1.0])


def fan_power_w(rated_w: Array, speed: Array, curve: Array | np.ndarray) -> Array:
    """Electric power of a fan, W; `speed` (or flow) is a fraction of rated, `curve` (n,) a polynomial of it.

    EnergyPlus Engineering Reference, "Variable Speed Fan": part-load factor as a polynomial of flow fraction,
    which includes what the affinity law leaves out (static pressure, drive losses). 0 at rest.
    """
    s = jnp.clip(speed, 0.0, 1.5)
    return jnp.where(s > 0, rated_w * jnp.maximum(polynomial(curve, s), 0.0), 0.0)


def fan_speed(flow_kg_s: Array, rated_flow_kg_s: Array) -> Array:
    """Speed that gives a flow, as a fraction of rated: flow is proportional to speed (same source)."""
    return flow_kg_s / jnp.maximum(rated_flow_kg_s, 1e-6)
