"""Setpoints as arrays: names, limits, defaults and slew rates of k setpoints, and groups of one quantity.

NumPy only: the safety layer and the watchdog load this without JAX.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Bounds:
    """k setpoints; every array has shape (k,), in canonical units.

    names: as `Site.setpoint_name` gives them. low, high: limits. default: where a setpoint rests. slew_per_hour:
    largest move in an hour. binary: on/off setpoints, which switch at once and take only `low` or `high`.
    """

    names: tuple[str, ...]
    low: Array
    high: Array
    default: Array
    slew_per_hour: Array
    binary: Array

    @cached_property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Positions of the setpoints of each quantity, in the order of the names."""
        return groups_of(self.names)


def quantity_of(name: str) -> str:
    """The quantity that a setpoint of this name sets: `supply_air_sp_c` of `supply_air_sp_c:hall_a`."""
    return name.split(":", 1)[0]


def groups_of(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Positions in `names` of the setpoints of each quantity."""
    quantities = [quantity_of(name) for name in names]
    return {
        quantity: tuple(place for place, each in enumerate(quantities) if each == quantity)
        for quantity in dict.fromkeys(quantities)
    }


def mean_of_quantity(names: Sequence[str], values: Array) -> dict[str, Array]:
    """The value (...,) of each quantity, the mean of its setpoints, from values (..., k)."""
    return {
        quantity: values[..., list(columns)].mean(axis=-1) for quantity, columns in groups_of(names).items()
    }


def moved_together(values: Array, bounds: Bounds) -> Array:
    """`values` (..., k) with the setpoints of each quantity at the same place between their limits as its first."""
    values = np.array(values, dtype=float)
    span = bounds.high - bounds.low
    for first, *others in bounds.groups.values():
        place = (values[..., first] - bounds.low[first]) / (span[first] if span[first] > 0.0 else 1.0)
        for other in others:
            values[..., other] = bounds.low[other] + place * span[other]
    return values
