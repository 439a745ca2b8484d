"""What may be set: names, limits, defaults and slew rates of k setpoints as arrays."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Bounds:
    """k setpoints: quantities, limits and defaults in canonical units, slew per hour (k,), which are on/off."""

    names: tuple[str, ...]
    low: Array
    high: Array
    default: Array
    slew_per_hour: Array
    binary: Array


def quantity_of(name: str) -> str:
    """The quantity that a setpoint of this name sets: `supply_air_sp_c` of `supply_air_sp_c:hall_a`."""
    return name.split(":", 1)[0]
