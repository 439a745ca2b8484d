"""Roots of monotonic functions: bisected without derivatives, then differentiated through the solution."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

HALVINGS = 8  # before two Newton steps: a thousandth of the range, then its square


def root(f: Callable[[Array, Any], Array], arguments: Any, low: Array, high: Array) -> Array:
    """x (n,) in [low, high] at which f(x, arguments), rising in x, is zero; the end that is nearer where none is.

    Its derivative with respect to `arguments` is that of the implicit function (one Newton step from the bisected
    value); at an end it is zero.
    """
    frozen, low, high = jax.lax.stop_gradient((arguments, low, high))

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = 0.5 * (ends[0] + ends[1])
        above = f(middle, frozen) >= 0.0
        return jnp.where(above, ends[0], middle), jnp.where(above, middle, ends[1])

    ends = jax.lax.fori_loop(0, HALVINGS, halve, (low, high))
    width = ends[1] - ends[0]
    x = 0.5 * (ends[0] + ends[1])
    value, slope = jax.jvp(lambda at: f(at, frozen), (x,), (jnp.ones_like(x),))
    x = jax.lax.stop_gradient(jnp.clip(x - value / jnp.maximum(slope, 1e-9), *ends))
    step = -f(x, arguments) / jax.lax.stop_gradient(jnp.maximum(slope, 1e-9))
    inside = jax.lax.stop_gradient(jnp.abs(step)) <= width
    return x + jnp.where(inside, step, 0.0)
