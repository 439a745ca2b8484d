"""Small solvers shared by the parts: heat balance of a well-mixed mass, inverse of a rising curve."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

NEARLY_BALANCED = 0.999  # ratio of the streams' heat capacities
INVERSE_ITERATIONS = 4  # tests hold the coil's and the tower's inverse to 1 % with this many


def mean_heat_to_sink_w(
    mass_c: Array,
    sink_c: Array,
    conductance_w_k: Array,
    gain_w: Array,
    heat_capacity_j_k: Array,
    dt_s: Array | float,
) -> Array:
    """Mean heat that a well-mixed mass gives to a sink over `dt_s`, W; arguments are scalars or broadcast.

    Exact solution of `C dT/dt = G - K (T - T_sink)` for constant `G`, `K`, `T_sink` (first-order lag, e.g.
    Incropera, Fundamentals of Heat and Mass Transfer, sect. 5.3). As the mean over the step it is stable for
    any step, and the heat that the mass loses equals the heat that the sink receives.
    """
    x = jnp.maximum(conductance_w_k * dt_s / heat_capacity_j_k, 1e-6)
    decay = -jnp.expm1(-x) / x
    return gain_w + (conductance_w_k * (mass_c - sink_c) - gain_w) * decay


def counterflow_effectiveness(c_min_w_k: Array, c_max_w_k: Array, ua_w_k: Array) -> Array:
    """Effectiveness, 0-1, of a counterflow exchanger, Incropera table 11.4; 0 without flow. Arguments W/K.

    The formula is 0 / 0 where the streams are balanced. Near that its numerator and denominator are divided by
    `1 - C_r`, in a series: value and slope are those of the limit, `NTU / (1 + NTU)`.
    """
    C_r = jnp.clip(c_min_w_k / jnp.maximum(c_max_w_k, 1e-6), 0.0, 1.0)
    NTU = jnp.minimum(ua_w_k / jnp.maximum(c_min_w_k, 1e-6), 50.0)
    apart = jnp.minimum(C_r, NEARLY_BALANCED)
    decay = jnp.exp(-NTU * (1 - apart))
    x = NTU * (1 - C_r)
    g = NTU * (1 - x / 2 * (1 - x / 3 * (1 - x / 4)))  # (1 - decay) / (1 - C_r)
    return jnp.where(C_r < NEARLY_BALANCED, (1 - decay) / (1 - apart * decay), g / (1 + C_r * g))


def counterflow_ua_w_k(effectiveness: Array, c_min_w_k: Array, c_max_w_k: Array) -> Array:
    """UA, W/K, that gives an effectiveness: the inverse of `counterflow_effectiveness`, used for sizing."""
    C_r = jnp.clip(c_min_w_k / c_max_w_k, 0.0, 0.999)
    return c_min_w_k * jnp.log((1 - effectiveness * C_r) / (1 - effectiveness)) / (1 - C_r)


def inverse_of_rising_curve(
    curve: Callable[[Array], Array],
    target: Array,
    start: Array,
    low: Array,
    high: Array,
    iterations: int = INVERSE_ITERATIONS,
) -> Array:
    """Solves `curve(x) = target` on [low, high] for a rising, concave curve, by Newton's method.

    From a start left of the root, Newton steps on such a curve cannot overshoot, so a fixed small number
    suffices. Where the curve never reaches the target the answer is `high`. Only the last step carries
    gradients: at the root it is the implicit function theorem, and much cheaper than differentiating every
    step.
    """
    hold = jax.lax.stop_gradient
    x = hold(jnp.clip(start, low, high))
    for _ in range(iterations - 1):
        value, slope = jax.jvp(curve, (x,), (jnp.ones_like(x),))
        x = hold(jnp.clip(x + (target - value) / jnp.maximum(slope, 1e-6), low, high))
    _, slope = jax.jvp(curve, (x,), (jnp.ones_like(x),))
    return jnp.clip(x + (target - curve(x)) / jnp.maximum(hold(slope), 1e-6), low, high)
