"""90 % intervals of forecasts: split conformal prediction on time left out, and on what has become known since.

The scores are the errors themselves, so that the two ends are found apart (Lei et al. 2018, JASA 113; the finite-sample
level of each end is that of half the misses). Errors of the last weeks are added as they become known.
"""

import numpy as np

from models.horizon.record import Array

COVERAGE = 0.9
KEPT = 1_000  # errors of time left out that are kept for each lead
RECENT_H = 28 * 24.0  # errors made known since then join them


def kept(errors: Array) -> Array:
    """At most KEPT errors (n,) -> (KEPT,), evenly spread over time, padded with NaN."""
    errors = errors[np.isfinite(errors)]
    if len(errors) > KEPT:
        errors = errors[np.linspace(0, len(errors) - 1, KEPT).astype(int)]
    return np.concatenate([errors, np.full(KEPT - len(errors), np.nan)])


def ends(errors: Array) -> tuple[float, float]:
    """What is added to a forecast for its lower and upper end, from errors (n,), measured less forecast.

    Infinite where there are too few errors for the level.
    """
    errors = np.sort(errors[np.isfinite(errors)])
    rank = int(np.ceil((1.0 + COVERAGE) / 2.0 * (len(errors) + 1)))
    if rank > len(errors):
        return -np.inf, np.inf
    return float(errors[len(errors) - rank]), float(errors[rank - 1])
