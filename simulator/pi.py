"""Slew limit and PI loop."""

import jax.numpy as jnp
from flax import struct
from jax import Array


@struct.dataclass
class PIGains:
    """Gains of a PI loop, output per K and per K·s, and the limits of its output; scalars."""

    proportional_per_k: Array
    integral_per_k_s: Array
    low: Array
    high: Array


def slew(previous: Array, target: Array, rate_per_s: Array, dt_s: Array | float) -> Array:
    """Moves from `previous` towards `target` by at most `rate_per_s * dt_s`."""
    return previous + jnp.clip(target - previous, -rate_per_s * dt_s, rate_per_s * dt_s)


def pi_step(gains: PIGains, integral: Array, error_k: Array, dt_s: Array | float) -> tuple[Array, Array]:
    """Output and next integral of a PI loop; the integral stops where the output is at a limit.

    Clamping anti-windup: Astrom and Hagglund, Advanced PID Control (2006), ch. 3.
    """
    grown = integral + gains.integral_per_k_s * error_k * dt_s
    free = gains.proportional_per_k * error_k + grown
    output = jnp.clip(free, gains.low, gains.high)
    return output, jnp.where(free == output, grown, jnp.clip(integral, gains.low, gains.high))
