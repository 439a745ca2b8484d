"""Electric chillers: DOE-2 curves, several identical machines, staging with timers."""

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array


@struct.dataclass
class Chillers:
    """`units` identical machines; scalars except the curves.

    `capacity_curve`, `input_curve` (6,): `c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y`, x the leaving
    chilled-water and y the entering condenser-water temperature in °C. `part_load_curve` (3,):
    `c0 + c1 PLR + c2 PLR²`.
    """

    units: Array
    rated_capacity_w: Array
    rated_cop: Array
    capacity_curve: Array
    input_curve: Array
    part_load_curve: Array
    minimum_load_ratio: Array  # below it the machine cycles
    minimum_cw_c: Array  # entering condenser water is held above this by a bypass
    minimum_lift_k: Array  # and this far above leaving chilled water
    curve_chw_low_c: Array
    curve_chw_high_c: Array
    curve_cw_high_c: Array
    stage_up_load_ratio: Array
    stage_down_load_ratio: Array
    minimum_stage_s: Array  # between one change of the number running and the next


def entering_cw_c(chillers: Chillers, cw_c: Array, chw_c: Array) -> Array:
    """Condenser water the machines see: head-pressure control mixes in warm water if need be."""
    floor = jnp.maximum(chillers.minimum_cw_c, chw_c + chillers.minimum_lift_k)
    return jnp.clip(cw_c, floor, jnp.maximum(chillers.curve_cw_high_c, floor))


def biquadratic(c: Array, x: Array, y: Array) -> Array:
    return c[0] + x * (c[1] + c[2] * x + c[5] * y) + y * (c[3] + c[4] * y)


def _curve_chw_c(chillers: Chillers, chw_c: Array) -> Array:
    return jnp.clip(chw_c, chillers.curve_chw_low_c, chillers.curve_chw_high_c)


def capacity_w(chillers: Chillers, chw_c: Array, cw_c: Array) -> Array:
    """Most heat one machine can take, W: `Q_ref ChillerCapFTemp`.

    DOE-2 form: EnergyPlus Engineering Reference, "Electric Chiller Model Based on Condenser Entering
    Temperature".
    """
    x = _curve_chw_c(chillers, chw_c)
    modifier = biquadratic(chillers.capacity_curve, x, entering_cw_c(chillers, cw_c, x))
    return chillers.rated_capacity_w * jnp.clip(modifier, 0.1, 2.0)


def chiller_power_w(
    chillers: Chillers, running: Array, load_w: Array, chw_c: Array, cw_c: Array, fouling: Array
) -> Array:
    """Power of all running machines, W: `P = Q_avail / COP_ref * EIRFT * EIRFPLR * CyclingRatio`, each.

    Same source. Running machines share the load evenly. `fouling` is the relative rise of input that a fouled
    condenser causes.
    """
    x = _curve_chw_c(chillers, chw_c)
    y = entering_cw_c(chillers, cw_c, x)
    Q_avail = capacity_w(chillers, chw_c, cw_c)
    PLR = load_w / jnp.maximum(running * Q_avail, 1.0)
    PLR_run = jnp.clip(PLR, chillers.minimum_load_ratio, 1.05)
    EIRFT = jnp.clip(biquadratic(chillers.input_curve, x, y), 0.1, 3.0)
    c = chillers.part_load_curve
    EIRFPLR = c[0] + PLR_run * (c[1] + PLR_run * c[2])
    cycling = jnp.clip(PLR / chillers.minimum_load_ratio, 0.0, 1.0)
    return running * Q_avail / chillers.rated_cop * EIRFT * EIRFPLR * cycling * (1 + fouling)


def staged_chillers(
    chillers: Chillers,
    running: Array,
    since_change_s: Array,
    load_w: Array,
    unit_capacity_w: Array,
    allowed: Array,
    dt_s: float,
) -> tuple[Array, Array]:
    """Number of machines running next and the time since it changed, s.

    One machine is added when the running ones would exceed their stage-up load, taken off when the rest
    would stay under the stage-down load, never sooner than `minimum_stage_s` after the last change. The first
    machine starts, and a trip or an operator's limit acts, at once. No load, no machine.
    """
    up = load_w > chillers.stage_up_load_ratio * running * unit_capacity_w
    rest = jnp.maximum(running - 1, 0.0)
    idle = load_w <= 0.02 * unit_capacity_w
    down = jnp.where(rest > 0, load_w < chillers.stage_down_load_ratio * rest * unit_capacity_w, idle)
    ready = (since_change_s >= chillers.minimum_stage_s) | (running == 0)
    change = jnp.where(ready & up & ~idle, 1.0, jnp.where(ready & down & (running > 0), -1.0, 0.0))
    wanted = jnp.clip(running + change, 0.0, jnp.clip(allowed, 0.0, chillers.units))
    since = jnp.where(wanted == running, jnp.minimum(since_change_s + dt_s, 1e6), 0.0)
    return jax.lax.stop_gradient(jnp.round(wanted)), jax.lax.stop_gradient(since)
