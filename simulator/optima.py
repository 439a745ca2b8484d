"""Position of the best setpoint: facility power of a settled plant over a range of setpoints."""

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
    """Readings of a plant that has run at constant setpoints in constant weather; leaves are (cases,).

    `setpoints`: leaves (cases,). `drivers`: scalars, the same for all cases.
    """
    return _settled(plant, setpoints, drivers)


def swept_setpoints(plant: Plant, **values: Array | np.ndarray | float) -> Setpoints:
    """The plant's default setpoints with those named replaced; leaves (cases,).

    Each value is (cases,) or a scalar that holds for all; at least one must be (cases,).
    """
    cases = max(np.size(value) for value in values.values())
    chosen = replace(
        default_setpoints(plant), **{name: jnp.asarray(v, dtype=float) for name, v in values.items()}
    )
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (cases,)), chosen)


def held_drivers(*, drybulb_c: float, wetbulb_c: float, utilization: float) -> Drivers:
    """Constant weather (°C) and load (0-1), scalars, at standard pressure."""
    return constant_drivers(
        outdoor_drybulb_c=drybulb_c, outdoor_wetbulb_c=wetbulb_c, it_utilization=utilization
    )


def interior_minimum(power_w: Array | np.ndarray) -> int | None:
    """Index of the least value of a row (cases,); None at an end, where no interior optimum exists."""
    best = int(np.argmin(np.asarray(power_w)))
    return best if 0 < best < len(power_w) - 1 else None


@jax.jit
def _settled(plant: Plant, setpoints: Setpoints, drivers: Drivers) -> Sensors:
    series = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (SETTLE_STEPS, *leaf.shape)), drivers)

    def one(chosen: Setpoints) -> Sensors:
        _, sensors = rollout(plant, init(plant), chosen, series, dt_s=DT_S)
        return jax.tree.map(lambda leaf: leaf[-1], sensors)

    return jax.vmap(one)(setpoints)
