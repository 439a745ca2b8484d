"""90 % prediction intervals from residuals of left-out blocks, scaled by their usual size and by load.

Split conformal prediction with a normalised score (Lei et al. 2018, JASA 113): a residual is divided by the
usual size of residuals at such inputs, and the quantile is that of the scores at a similar load. While a
model is served, models.online.intervals updates it.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from flax import struct
from jax import Array

from models.ridge import fit_weights

A = TypeVar("A", np.ndarray, Array)
Leaf = Any  # of a pytree: an array of NumPy or of JAX

COVERAGE = 0.90
TERCILES = (1 / 3, 2 / 3)
FEWEST = 30  # scores below which a tercile uses those of all loads


@struct.dataclass
class Intervals:
    """Half-widths of 90 % intervals, t targets, f features.

    scale (t, 1 + 2 f): logarithm of the usual residual as a quadratic in each bounded feature.
    lowest, highest (t,): of that logarithm in the record. edges (2,): loads between terciles.
    quantile (t, 3): of the scores, by tercile.
    """

    scale: Leaf
    lowest: Leaf
    highest: Leaf
    edges: Leaf
    quantile: Leaf


@dataclass(frozen=True)
class Scores:
    """Residuals beside their usual size, newest last: (n,) each.

    tercile: of load, 0, 1 or 2. follows: whether the row before is the one right before in time.
    """

    residual: np.ndarray
    size: np.ndarray
    tercile: np.ndarray
    follows: np.ndarray

    @property
    def score(self) -> np.ndarray:
        """Residual over the usual size of residuals (n,)."""
        return np.abs(self.residual) / self.size


def fit_intervals(
    bounded: np.ndarray, load_kw: np.ndarray, residual: np.ndarray, blocks: np.ndarray
) -> tuple[Intervals, list[Scores]]:
    """Intervals from residuals (t, n) on left-out blocks at bounded features (n, f); the scores per target.

    blocks: (n,) block of time of each row.
    """
    phi = _scale_terms(bounded)
    log_size = np.log(np.abs(residual) + 1e-3 * np.std(residual, axis=1, keepdims=True) + 1e-12)
    weights = np.array([fit_weights(phi, target, blocks) for target in log_size])
    fitted = weights @ phi.T
    lowest, highest = np.quantile(fitted, [0.02, 0.98], axis=1)
    size = np.exp(np.clip(fitted, lowest[:, None], highest[:, None]))
    edges = np.quantile(load_kw, TERCILES)
    tercile = np.searchsorted(edges, load_kw)
    follows = np.concatenate([[False], blocks[1:] == blocks[:-1]])
    scores = [Scores(r, s, tercile, follows) for r, s in zip(residual, size, strict=True)]
    quantile = np.array([[half_width(of.score, of.tercile, k) for k in range(3)] for of in scores])
    arrays = (weights, lowest, highest, edges, quantile)
    return Intervals(*(np.asarray(values, np.float32) for values in arrays)), scores


def residual_size(intervals: Intervals, bounded: A) -> A:
    """Usual size of residuals at bounded features (n, f): (n, t)."""
    logarithm = _scale_terms(bounded) @ intervals.scale.T
    return bounded.__array_namespace__().exp(logarithm.clip(intervals.lowest, intervals.highest))


def half_widths(intervals: Intervals, bounded: A, load_kw: A) -> A:
    """Half of the 90 % interval at bounded features (n, f) and load (n,): (n, t)."""
    tercile = bounded.__array_namespace__().searchsorted(intervals.edges, load_kw)
    return residual_size(intervals, bounded) * intervals.quantile.T[tercile]


def tercile_of(intervals: Intervals, load_kw: np.ndarray) -> np.ndarray:
    """0, 1 or 2 for each load (n,): low, middle or high in the record."""
    return np.searchsorted(np.asarray(intervals.edges), load_kw)


def half_width(score: np.ndarray, tercile: np.ndarray, wanted: int) -> float:
    """The score that COVERAGE of the scores of a tercile do not exceed, with the finite-sample correction."""
    mine = score[tercile == wanted]
    mine = mine if len(mine) >= FEWEST else score
    if len(mine) == 0:
        return float("inf")
    return float(np.quantile(mine, min(1.0, COVERAGE * (1.0 + 1.0 / len(mine))), method="higher"))


def _scale_terms(bounded):
    xp = bounded.__array_namespace__()
    return xp.concatenate(
        [xp.ones((*bounded.shape[:-1], 1), dtype=bounded.dtype), bounded, bounded**2], axis=-1
    )
