"""Number of running chillers: staging by load, with minimum on and off times."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from simulator.chiller import Chillers

IDLE_LOAD_RATIO = 0.02  # of one machine: less is no load
LONGEST_S = 1e6  # at which timers saturate


class Staging(NamedTuple):
    """Number of running machines, and seconds since the last start and stop; scalars."""

    running: Array
    since_start_s: Array
    since_stop_s: Array


def staged_chillers(
    chillers: Chillers,
    before: Staging,
    load_w: Array,
    unit_capacity_w: Array,
    allowed: Array,
    dt_s: Array | float,
) -> Staging:
    """Machines that run next, and the timers of the last start and stop; scalars.

    A machine is added when the running ones would exceed their stage-up load, removed when the rest would
    stay under the stage-down load: never before the last one started has run its minimum on time, never
    before the last one stopped has been off its minimum off time. When none runs, one that is ready starts at
    once. A trip or an operator's limit acts at once. Without load, no machine runs.
    """
    running = before.running
    up = load_w > chillers.stage_up_load_ratio * running * unit_capacity_w
    rest = jnp.maximum(running - 1, 0.0)
    idle = load_w <= IDLE_LOAD_RATIO * unit_capacity_w
    down = jnp.where(rest > 0, load_w < chillers.stage_down_load_ratio * rest * unit_capacity_w, idle)
    rested = before.since_stop_s >= chillers.minimum_off_s
    settled = before.since_start_s >= chillers.minimum_off_s
    may_start = jnp.where(running == 0, rested | (chillers.units > 1), rested & settled)
    may_stop = (before.since_start_s >= chillers.minimum_on_s) & rested & (running > 0)
    change = jnp.where(may_start & up & ~idle, 1.0, jnp.where(may_stop & down, -1.0, 0.0))
    after = jnp.round(jnp.clip(running + change, 0.0, jnp.clip(allowed, 0.0, chillers.units)))
    older = (
        jnp.minimum(before.since_start_s + dt_s, LONGEST_S),
        jnp.minimum(before.since_stop_s + dt_s, LONGEST_S),
    )
    staged = Staging(
        after, jnp.where(after > running, 0.0, older[0]), jnp.where(after < running, 0.0, older[1])
    )
    return jax.tree.map(jax.lax.stop_gradient, staged)
