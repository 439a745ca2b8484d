"""How the latest forecasts went: whether the mixture still deserves to be served."""

import numpy as np

from models.horizon.record import Array

LEAST_DAYS = 5  # with forecasts that are known to have been right or wrong
# Standard errors of the daily difference. With 0.5, rack inlets that persistence forecasts best lost 1 %, not 18 %,
# three to twelve hours ahead (11 % instead of 3 % at 24 h); elsewhere it cost at most 2 % and gained up to 14 %
# (walk-forward of five sites by hours, 4-weekly refits).
DOUBT = 0.5


def is_worse(mixed: Array, simple: Array, day: Array) -> bool:
    """Whether the mixture's absolute errors (n,) are clearly above the simple candidate's; day (n,) of each."""
    _, number = np.unique(day, return_inverse=True)
    count = np.bincount(number)
    if len(count) < LEAST_DAYS:
        return False
    daily = np.bincount(number, mixed - simple) / count
    return bool(daily.mean() > DOUBT * daily.std(ddof=1) / np.sqrt(len(daily)))
