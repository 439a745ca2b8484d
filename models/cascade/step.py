"""From where setpoints stand towards a target: the furthest step that slew rates and the record allow."""

from itertools import product

import numpy as np

from models.setpoints import Bounds

Array = np.ndarray

ROUNDING = 0.005  # K or standard deviations: below what sensors resolve


def reachable_steps(present: Array, target: Array, most: Array, bounds: Bounds) -> Array:
    """Every way (2^g, k) of moving some of the g quantities towards the target and holding the others; boldest first.

    present, target (k,): setpoints now and where they are meant to end. most (k,): largest move of each; on/off
    setpoints switch at once. The setpoints of one quantity are moved or held together.
    """
    goal = present + np.clip(target - present, -most, most)
    goal = np.where(bounds.binary, np.round(target), goal)
    group = np.zeros(len(present), int)
    for number, columns in enumerate(bounds.groups.values()):
        group[list(columns)] = number
    held = np.array(sorted(product((False, True), repeat=len(bounds.groups)), key=sum), dtype=bool)
    return np.where(held[:, group], present, goal)


def boldest_allowed(beyond: Array, spare_k: Array) -> int:
    """Index of the first step that is allowed; the last one, staying put, is the measure.

    beyond (c, n): how far each step leads beyond each of c limits, 0 inside: none may lead further than staying put.
    spare_k (n,): margin with which chillers that stand keep standing; where none of the steps has any, the one that
    keeps most is taken. Zeros where nothing has to keep standing.
    """
    allowed = (beyond <= np.maximum(ROUNDING, beyond[:, -1:] + ROUNDING)).all(axis=0)
    safe = allowed & (spare_k >= 0.0)
    if safe.any():
        return int(np.argmax(safe))
    return int(np.argmax(np.where(allowed, spare_k, -np.inf)))
