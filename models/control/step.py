"""From where setpoints stand towards a target: the furthest step that slew rates and the record allow."""

from itertools import product

import numpy as np

Array = np.ndarray


def reachable_steps(present: Array, target: Array, most: Array, binary: Array) -> Array:
    """Every way (2^k, k) of moving some setpoints towards the target and holding the others; the boldest first.

    most (k,): largest move of each; on/off setpoints switch at once.
    """
    goal = present + np.clip(target - present, -most, most)
    goal = np.where(binary, np.round(target), goal)
    held = np.array(sorted(product((False, True), repeat=len(present)), key=sum), dtype=bool)
    return np.where(held, present, goal)


def boldest_allowed(outside: Array, tolerance: float) -> int:
    """Index of the first step no further outside the record than the tolerance or than staying put (the last)."""
    return int(np.argmax(outside <= max(tolerance, float(outside[-1]) + 1e-3)))
