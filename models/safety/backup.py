"""The neutral state: the site's default setpoints, or its own reset rule where the site file declares one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from models.setpoints import Array, Bounds


@dataclass(frozen=True)
class Reset:
    """A linear reset: `setpoint` over the quantity `on`, between points (n,), flat beyond the first and the last."""

    setpoint: str
    on: str
    at: tuple[float, ...]
    value: tuple[float, ...]

    def of(self, quantity: ArrayLike, otherwise: ArrayLike) -> Array:
        """The setpoint (n,) at values of the quantity (n,); `otherwise` where they are not known."""
        values = np.asarray(quantity, float)
        return np.where(np.isfinite(values), np.interp(values, self.at, self.value), otherwise)


def backup(bounds: Bounds, resets: tuple[Reset, ...], known: Mapping[str, float]) -> Array:
    """Setpoints (k,) of the site's rule inside the bounds; the default where what a reset answers to is not known."""
    goal = bounds.default.astype(float).copy()
    for reset in resets:
        column = bounds.names.index(reset.setpoint)
        goal[column] = reset.of(known.get(reset.on, np.nan), goal[column])
    return np.clip(goal, bounds.low, bounds.high)
