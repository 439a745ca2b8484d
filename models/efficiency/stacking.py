"""Shares of the parts in a prediction, chosen on blocks of time that no part was fitted to."""

from functools import cache
from itertools import product

import numpy as np

# The simplest first: one fit, two fits, networks on top of a fit.
PARTS = ("response lines", "quadratic", "network")
STEP = 4  # the grid is of quarters: a finer one would be fitted to the noise
TIE = 0.01  # of the error: a single part this close to the best mixture is served alone
GOOD = 0.03  # mixtures within this share of the least error count as equal: their mean varies less


def shares_of(y: np.ndarray, parts: np.ndarray, available: np.ndarray) -> np.ndarray:
    """Shares (p,), summing to 1: the simplest part that equals any mixture, else the mean of good mixtures.

    y: (n,); parts: (p, n), predictions by each of PARTS of rows that it was not fitted to; available: (p,)
    bool. Errors are mean absolute. A convex stack as in Breiman 1996 (Stacked Regressions), on a grid; one
    part alone is preferred, so that a simple model that wins is served.
    """
    grid = _grid(tuple(available.tolist()))
    errors = np.array([np.mean(np.abs(y - shares @ parts)) for shares in grid])
    alone = (grid.max(axis=1) == 1.0) & (errors <= (1.0 + TIE) * errors.min())
    if alone.any():
        return grid[min(np.flatnonzero(alone), key=lambda row: int(grid[row].argmax()))]
    return grid[errors <= (1.0 + GOOD) * errors.min()].mean(axis=0)


def described(shares: np.ndarray) -> str:
    """Shares in words: "50 % network, 50 % gradient boosting"."""
    named = [(share, name) for share, name in zip(shares, PARTS, strict=True) if share > 0]
    if len(named) == 1:
        return named[0][1]
    return ", ".join(f"{share:.0%} {name}" for share, name in sorted(named, reverse=True))


@cache  # some thousand combinations are tried, for every lead of every site
def _grid(available: tuple[bool, ...]) -> np.ndarray:
    steps = [range(STEP + 1) if there else (0,) for there in available]
    return np.array([row for row in product(*steps) if sum(row) == STEP]) / STEP
