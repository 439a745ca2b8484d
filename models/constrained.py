"""Least squares under linear inequalities: what an engineer knows of a curve's slope, kept exactly."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

MOST_ROUNDS = 30
AT_ONCE = 40  # of the limits that are broken, the worst are added in a round
TOLERANCE = 1e-6


class Limits(NamedTuple):
    """What weights must fulfil: rows (k, terms) @ weights (terms,) >= least (k,)."""

    rows: np.ndarray
    least: np.ndarray

    def rescaled(self, mean: np.ndarray, scale: np.ndarray) -> "Limits":
        """The same for weights of (phi - mean) / scale, where the first term is 1, its mean 0 and scale 1."""
        return Limits((self.rows - self.rows[:, :1] * mean) / scale, self.least)


def nearest_within(weights: np.ndarray, metric: np.ndarray, limits: Limits) -> np.ndarray:
    """The weights (terms,) within the limits that are nearest to these in `metric` (terms, terms).

    With the metric of a least-squares problem and its solution, the answer is the constrained solution, since the
    loss is its least value plus that distance. Limits are added as they are broken, so that few of many take part.
    Raises ValueError where no weights fulfil all of them.
    """
    root = np.linalg.cholesky(metric)
    found, taken = weights, np.zeros(len(limits.least), bool)
    for _ in range(MOST_ROUNDS):
        short = np.where(taken, -np.inf, limits.least - limits.rows @ found)
        worst = np.argsort(short)[-AT_ONCE:]
        worst = worst[short[worst] > TOLERANCE]
        if len(worst) == 0:
            break
        taken[worst] = True
        found = _least_distance(weights, root, Limits(limits.rows[taken], limits.least[taken]))
    return found


def _least_distance(weights: np.ndarray, root: np.ndarray, limits: Limits) -> np.ndarray:
    """Least distance programming by non-negative least squares.

    Lawson and Hanson 1974, Solving Least Squares Problems, 23.4: min |z| subject to G z >= h.
    """
    G = np.linalg.solve(root, limits.rows.T).T
    h = limits.least - limits.rows @ weights
    E, f = np.vstack([G.T, h]), np.append(np.zeros(len(root)), 1.0)
    u, residual = nnls(E, f, maxiter=30 * len(h))
    if residual < TOLERANCE:
        raise ValueError("no curve fulfils all that is declared of it")
    r = E @ u - f
    return weights + np.linalg.solve(root.T, -r[:-1] / r[-1])
