"""Where the best setpoint lies: facility power of a settled plant over a row of setpoints."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from simulator.plant import constant_drivers, default_setpoints
from simulator.rollout import init, rollout
from simulator.types import Drivers, Plant, Sensors, Setpoints

SETTLE_STEPS, DT_S = 96, 300.0  # eight hours at held setpoints: longer than any loop remembers


def settled(plant: Plant, setpoints: Setpoints, drivers: Drivers) -> Sensors:
    """Readings of a plant that has run at held setpoints in held weather; `setpoints` leaves are (cases,).

    `drivers`: scalars, the same for all cases. Sensors' leaves are (cases,).
    """
    return _settled(plant, setpoints, drivers)


def swept_setpoints(plant: Plant, **values: Array | np.ndarray | float) -> Setpoints:
    """The plant's own setpoints but for those named, which are (cases,) or hold for all; at least one is a row."""
    cases = max(np.size(value) for value in values.values())
    chosen = replace(
        default_setpoints(plant), **{name: jnp.asarray(v, dtype=float) for name, v in values.items()}
    )
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (cases,)), chosen)


def held_drivers(*, drybulb_c: float, wetbulb_c: float, utilization: float) -> Drivers:
    """Weather and load that do not change, scalars, at the standard pressure."""
    return constant_drivers(
        outdoor_drybulb_c=drybulb_c, outdoor_wetbulb_c=wetbulb_c, it_utilization=utilization
    )


def interior_minimum(power_w: Array | np.ndarray) -> int | None:
    """Position of the least of a row, None where it lies at an end: then the optimum is a limit, not a balance."""
    best = int(np.argmin(np.asarray(power_w)))
    return best if 0 < best < len(power_w) - 1 else None


@jax.jit
def _settled(plant: Plant, setpoints: Setpoints, drivers: Drivers) -> Sensors:
    series = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (SETTLE_STEPS, *leaf.shape)), drivers)

    def one(chosen: Setpoints) -> Sensors:
        _, sensors = rollout(plant, init(plant), chosen, series, dt_s=DT_S)
        return jax.tree.map(lambda leaf: leaf[-1], sensors)

    return jax.vmap(one)(setpoints)
