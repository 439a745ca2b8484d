"""Which parts a prediction is mixed of: judged on blocks of time that no part was fitted to."""

from itertools import product

import numpy as np

# The simplest first: one fit, two fits, networks on top of a fit, a hundred trees.
PARTS = ("response lines", "quadratic", "network", "gradient boosting")
STEP = 4  # shares are quarters: finer ones would be fitted to the noise
TIE = 0.01  # of the error: among equals the simplest is kept


def shares_of(y: np.ndarray, parts: np.ndarray, available: np.ndarray) -> np.ndarray:
    """Shares (p,), which sum to 1, of the mixture with the least mean absolute error; among equals the simplest.

    y: (n,); parts: (p, n), what each of PARTS predicts of rows that it was not fitted to; available: (p,) bool.
    A convex stack as in Breiman 1996 (Stacked Regressions), on a grid: one part alone is among the choices, so
    that a simple model that wins is served.
    """
    grid = _grid(available)
    errors = np.array([np.mean(np.abs(y - shares @ parts)) for shares in grid])
    good = np.flatnonzero(errors <= (1.0 + TIE) * errors.min())
    simplest = min(good, key=lambda row: (int((grid[row] > 0).sum()), _complexity(grid[row]), errors[row]))
    return grid[simplest]


def described(shares: np.ndarray) -> str:
    """Shares in words: "50 % network, 50 % gradient boosting"."""
    named = [(share, name) for share, name in zip(shares, PARTS, strict=True) if share > 0]
    if len(named) == 1:
        return named[0][1]
    return ", ".join(f"{share:.0%} {name}" for share, name in sorted(named, reverse=True))


def _grid(available: np.ndarray) -> np.ndarray:
    steps = [range(STEP + 1) if there else (0,) for there in available]
    return np.array([row for row in product(*steps) if sum(row) == STEP]) / STEP


def _complexity(shares: np.ndarray) -> int:
    return int(np.flatnonzero(shares > 0).max())
