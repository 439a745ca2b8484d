"""Least squares under linear inequalities: declared slopes of a curve, kept exactly."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

MOST_ROUNDS = 30
AT_ONCE = 40  # of the limits that are broken, the worst are added in a round
TOLERANCE = 1e-6


class Limits(NamedTuple):
    """Inequalities on weights: rows (k, terms) @ weights (terms,) >= least (k,)."""

    rows: np.ndarray
    least: np.ndarray

    def rescaled(self, mean: np.ndarray, scale: np.ndarray) -> "Limits":
        """The same for weights of (phi - mean) / scale; the first term is 1, with mean 0 and scale 1."""
        return Limits((self.rows - self.rows[:, :1] * mean) / scale, self.least)


def nearest_within(weights: np.ndarray, metric: np.ndarray, limits: Limits) -> np.ndarray:
    """The weights (terms,) that fulfil the limits and are nearest to these in `metric` (terms, terms).

    With the metric and the solution of a least-squares problem this is the constrained solution, since the
    loss is its least value plus that distance. Only limits that are broken are added, in rounds.

    Raises:
        ValueError: no weights fulfil all limits.
    """
    root = np.linalg.cholesky(metric)
    nearest, taken = weights, np.zeros(len(limits.least), bool)
    for _ in range(MOST_ROUNDS):
        short = np.where(taken, -np.inf, limits.least - limits.rows @ nearest)
        worst = np.argsort(short)[-AT_ONCE:]
        worst = worst[short[worst] > TOLERANCE]
        if len(worst) == 0:
            break
        taken[worst] = True
        nearest = _least_distance(weights, root, Limits(limits.rows[taken], limits.least[taken]))
    return nearest


def _least_distance(weights: np.ndarray, root: np.ndarray, limits: Limits) -> np.ndarray:
    """Least distance programming by non-negative least squares.

    Lawson and Hanson 1974, Solving Least Squares Problems, 23.4: min |z| subject to G z >= h.
    """
    G = np.linalg.solve(root, limits.rows.T).T
    h = limits.least - limits.rows @ weights
    E, f = np.vstack([G.T, h]), np.append(np.zeros(len(root)), 1.0)
    u, residual = nnls(E, f, maxiter=30 * len(h))
    if residual < TOLERANCE:
        raise ValueError("no curve fulfils all declared effects; remove or widen one of them")
    r = E @ u - f
    return weights + np.linalg.solve(root.T, -r[:-1] / r[-1])
