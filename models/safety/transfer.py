"""Bumpless transfer: whatever the source of a goal, setpoints start from where they stand and slew towards it."""

import numpy as np

from models.setpoints import Array, Bounds

LONGEST_STEP_H = 1.0  # a pause of the clock is no licence to jump


def most_move(bounds: Bounds, passed_h: float) -> Array:
    """Largest move (k,) of each setpoint, `passed_h` hours after the last one; a clock that ran back allows none."""
    return bounds.slew_per_hour * min(max(passed_h, 0.0), LONGEST_STEP_H)


def towards(bounds: Bounds, present: Array, goal: Array, most: Array) -> Array:
    """The step (k,) towards a goal; on/off setpoints switch at once."""
    moved = present + np.clip(goal - present, -most, most)
    return np.where(bounds.binary, np.round(goal), moved)
