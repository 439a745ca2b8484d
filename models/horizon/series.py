"""Series moved in time, and their season carried on: what is known at each row, never what comes later."""

import numpy as np

from models.horizon.record import Array
from models.online.carried import SHARES

FEWEST = 48  # pairs of readings that a share is chosen on: two days of hours


def earlier(values: Array, rows: int) -> Array:
    """The value `rows` rows before each row, NaN before the first: (n,) -> (n,). Negative rows look ahead."""
    moved = np.full(len(values), np.nan)
    if rows >= 0:
        moved[rows:] = values[: max(len(values) - rows, 0)]
    else:
        moved[:rows] = values[-rows:]
    return moved


def last_known(values: Array, rows: int) -> Array:
    """The newest value at most `rows` rows old: (n,) -> (n,)."""
    row = np.arange(len(values))
    newest = np.maximum.accumulate(np.where(np.isfinite(values), row, -1))
    return np.where((newest >= 0) & (row - newest <= rows), values[np.maximum(newest, 0)], np.nan)


def trailing_mean(values: Array, rows: int) -> Array:
    """Mean of what was read in the last `rows` rows, this one among them: (n,) -> (n,)."""
    there = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    first = np.maximum(np.arange(len(values)) + 1 - rows, 0)
    read = count[1:] - count[first]
    return np.where(read > 0, (total[1:] - total[first]) / np.maximum(read, 1), np.nan)


def seasonal(values: Array, season: int, lead: int, share: float) -> Array:
    """Forecast (n,) `lead` rows ahead: the reading a season before that row, plus a share of the present difference.

    The present value where no season is on record. lead: at most a season, in rows.
    """
    ahead = earlier(values, season - lead) + share * (values - earlier(values, season))
    return np.where(np.isfinite(ahead), ahead, values)


def best_share(predicted: Array, error: Array, measured: Array, rows: Array) -> float:
    """Share of the present error (n,) that leaves the least mean absolute error on `rows` (bool); 1 with too few."""
    usable = rows & np.isfinite(predicted + error + measured)
    if usable.sum() < FEWEST:
        return 1.0
    left = (measured - predicted)[usable]
    costs = [np.abs(left - share * error[usable]).mean() for share in SHARES]
    return float(SHARES[int(np.argmin(costs))])


def seasonal_share(values: Array, season: int, lead: int, rows: Array) -> float:
    """The share for `seasonal`, chosen on `rows` (bool, (n,))."""
    then, before = earlier(values, season - lead), earlier(values, season)
    return best_share(then, values - before, earlier(values, -lead), rows)
