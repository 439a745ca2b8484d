"""The expected saving of a decision and its 90 % interval, from the model's members."""

import math
from typing import NamedTuple

import numpy as np

from pipelines.control.decision import Expectation

COVERED = 0.90


class Saving(NamedTuple):
    """Power at the present setpoints less power at the goal, kW; the interval is None with fewer than two members."""

    kw: float
    low_kw: float | None
    high_kw: float | None


def saving_of(expected: Expectation) -> Saving | None:
    """The expected saving; None where a member's prediction is not finite.

    Each of the m members was fitted without one group of the record's days, so their differences d_i are delete-a-group
    jackknife replicates: variance (m - 1)/m * sum((d_i - mean)^2), Student's t with m - 1 degrees of freedom (Kott
    2001, Journal of Official Statistics 17(4), 521-526). Errors common to all members cancel in the difference.
    """
    present, goal = (np.array(each.facility_kw, float) for each in (expected.present, expected.goal))
    if not len(present) or len(present) != len(goal) or not np.isfinite(present - goal).all():
        return None
    saved, m = present - goal, len(present)
    mean = float(saved.mean())
    if m < 2:
        return Saving(mean, None, None)
    from scipy.special import stdtrit  # what only reads savings need not load it

    variance = (m - 1) / m * float(((saved - mean) ** 2).sum())
    half = float(stdtrit(m - 1, 0.5 + COVERED / 2.0)) * math.sqrt(variance)
    return Saving(mean, mean - half, mean + half)
