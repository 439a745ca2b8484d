"""Which inputs to learn from where some are often missing: a sensor must be worth the rows that it takes away."""

import numpy as np

from models.efficiency.scaling import WIDEST
from models.evaluate import time_blocks
from models.ridge import fit_weights, terms

MOSTLY = 0.95  # share of the rows: inputs that leave more are taken without a question
MOST_ROWS = 6_000  # are enough to choose by
FEWEST_ROWS_A_TERM = 3  # of the rows left; with fewer a quadratic is not tried
WORTH = 0.01  # of the error: an input that gains less is left out


def chosen_inputs(x: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Which columns of x (n, k) to learn y (n,) from: bool (k,). NaN is no reading; rows are in time order.

    Inputs that are seldom missing, all together, are always in. The others are tried by the number of readings, and
    taken where that lowers the error of a quadratic in left-out blocks of time, on all rows: a row that lacks an input
    counts with the error of the median, since it cannot be predicted.
    groups (k,): columns of one number above 0 say the same of several machines; they are taken together or not at all,
    and have to be worth it, however seldom they are missing. All others have 0; by default all do.
    """
    if not len(x):
        return np.ones(x.shape[1], bool)
    groups = np.zeros(x.shape[1], int) if groups is None else groups
    known = np.isfinite(x)
    order = np.argsort(-known.mean(axis=0), kind="stable")
    order = order[groups[order] == 0]
    left = np.logical_and.accumulate(known[:, order], axis=1).mean(axis=0)
    chosen = np.zeros(x.shape[1], bool)
    chosen[order[left >= MOSTLY]] = True
    if chosen.all():
        return chosen
    some = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_ROWS)).astype(int))
    x, y, known = x[some], y[some], known[some]
    blocks, spread = time_blocks(len(x), folds=4), np.abs(y - np.median(y))
    best, tried = _error(x[:, chosen], y, blocks, spread), chosen.copy()
    for column in order[~chosen[order]]:
        tried[column] = True
        error = _error(x[:, tried], y, blocks, spread)
        if error < (1.0 - WORTH) * best:
            best, chosen = error, tried.copy()
    for number in np.unique(groups[groups > 0]):
        tried = chosen | (groups == number)
        error = _error(x[:, tried], y, blocks, spread)
        if error < (1.0 - WORTH) * best:
            best, chosen = error, tried
    return chosen


def _error(x: np.ndarray, y: np.ndarray, blocks: np.ndarray, spread: np.ndarray) -> float:
    """Mean absolute error of a quadratic in left-out blocks; `spread` (n,) counts where an input is missing."""
    rows = np.flatnonzero(np.isfinite(x).all(axis=1))
    if not x.shape[1] or len(rows) < FEWEST_ROWS_A_TERM * (x.shape[1] + 1) * (x.shape[1] + 2) / 2:
        return float(spread.mean())
    error = spread.copy()
    scale = x[rows].std(axis=0)
    z = (x[rows] - x[rows].mean(axis=0)) / np.where(scale > 1e-9, scale, 1.0)
    phi = terms(z, z.clip(-WIDEST, WIDEST))
    of = blocks[rows]
    for block in np.unique(of):
        out = of == block
        if out.all():
            continue
        predicted = phi[out] @ fit_weights(phi[~out], y[rows][~out], of[~out])
        # A quadratic that runs away says nothing of the input.
        predicted = predicted.clip(y.min(), y.max())
        error[rows[out]] = np.abs(y[rows][out] - predicted)
    return float(error.mean())
