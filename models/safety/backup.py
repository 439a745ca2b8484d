"""The neutral state: the site's default setpoints, or its own reset rule where the site file declares one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.setpoints import Array, Bounds


@dataclass(frozen=True)
class Reset:
    """A linear reset: `setpoint` over the quantity `on`, between points (n,), flat beyond the first and the last."""

    setpoint: str
    on: str
    at: tuple[float, ...]
    value: tuple[float, ...]


def backup(bounds: Bounds, resets: tuple[Reset, ...], known: Mapping[str, float]) -> Array:
    """Setpoints (k,) of the site's rule inside the bounds; the default where what a reset answers to is not known."""
    goal = bounds.default.astype(float).copy()
    for reset in resets:
        quantity = known.get(reset.on, np.nan)
        if np.isfinite(quantity):
            goal[bounds.names.index(reset.setpoint)] = np.interp(quantity, reset.at, reset.value)
    return np.clip(goal, bounds.low, bounds.high)
