"""Ridge regression on all products of two features: textbook chiller curves, fitted in closed form.

The curve shapes are those of DOE-2 (Hydeman and Gillespie 2002, ASHRAE Transactions 108(1)): quadratic in
temperatures and part load. It is a baseline of its own, and the fit that networks correct.
"""

from functools import reduce
from typing import NamedTuple, TypeVar

import jax
import numpy as np

from models.constrained import Limits, nearest_within

A = TypeVar("A", np.ndarray, jax.Array)

PENALTIES = np.logspace(-4, 2, 13)  # per row, in units of a standardised term's variance
TIE = 0.01  # of the squared error: among equals the stronger penalty extrapolates better


def terms(linear: A, curved: A) -> A:
    """A constant, the linear features, the products of the curved: (..., f) -> (..., 1 + f + f (f + 1) / 2).

    Both are the same standardised features; with `curved` limited to the record's range, the curve continues
    as a plane beyond it, where a parabola would diverge. NumPy in, NumPy out, so that fits compile nothing.
    """
    row, column = np.triu_indices(curved.shape[-1])
    return _with_products(linear, curved[..., row] * curved[..., column])


def response_lines(linear: A, bounded: A, pairs: np.ndarray | jax.Array) -> A:
    """A constant, the linear features, and driving features times others: (..., f) -> (..., 1 + f + p).

    pairs (p, 2) as `models.efficiency.features.driving_pairs` gives them: the first feature enters linearly,
    the second sets its slope and is limited to the record's range.
    """
    return _with_products(linear, linear[..., pairs[:, 0]] * bounded[..., pairs[:, 1]])


def _with_products(linear: A, products: A) -> A:
    xp = linear.__array_namespace__()
    ones = xp.ones((*linear.shape[:-1], 1), dtype=linear.dtype)
    return xp.concatenate([ones, linear, products], axis=-1)


def fit_weights(phi: np.ndarray, y: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Weights (terms,) of the ridge that predicts y (n,) as phi (n, terms) @ weights; phi[:, 0] is constant.

    blocks: (n,) block of time of each row. The penalty is the one that predicts left-out blocks best.
    """
    return _fit(phi, y, blocks, every_fold=False)[0]


def fit_weights_without_each(
    phi: np.ndarray, y: np.ndarray, blocks: np.ndarray, limits: Limits | None = None
) -> np.ndarray:
    """The same, once for every block, fitted without it: (blocks, terms), in the blocks' order.

    limits: inequalities that the weights must fulfil.

    Raises:
        ValueError: no weights fulfil the limits.
    """
    return _fit(phi, y, blocks, every_fold=True, limits=limits)


def _fit(
    phi: np.ndarray, y: np.ndarray, blocks: np.ndarray, *, every_fold: bool, limits: Limits | None = None
) -> np.ndarray:
    phi = np.asarray(phi, dtype=np.float64)
    mean, scale = phi.mean(axis=0), phi.std(axis=0)
    scale[scale < 1e-9] = 1.0
    mean[0], scale[0] = 0.0, 1.0
    phi = (phi - mean) / scale
    folds = [_moments(phi[blocks == block], y[blocks == block]) for block in np.unique(blocks)]
    total = reduce(_Moments.plus, folds)
    penalty = np.array([_best_penalty(total, folds)])
    parts = [total.less(fold) for fold in folds] if every_fold else [total]
    solved = [_ridge_path(part, penalty)[0] for part in parts]
    if limits is not None:
        within = limits.rescaled(mean, scale)
        solved = [
            nearest_within(w, part.metric(penalty[0]), within) for w, part in zip(solved, parts, strict=True)
        ]
    weights = np.array(solved) / scale
    weights[:, 0] -= weights @ mean
    return weights


class _Moments(NamedTuple):
    """What least squares needs of some rows (phi' phi, phi' y, y' y), once for every penalty and fold."""

    squares: np.ndarray
    products: np.ndarray
    target: float

    def plus(self, other: "_Moments") -> "_Moments":
        return _Moments(
            self.squares + other.squares, self.products + other.products, self.target + other.target
        )

    def less(self, other: "_Moments") -> "_Moments":
        return _Moments(
            self.squares - other.squares, self.products - other.products, self.target - other.target
        )

    def metric(self, penalty: float) -> np.ndarray:
        """Second derivative of the ridge's loss, per row: (terms, terms)."""
        return self.squares / self.squares[0, 0] + penalty * np.diag(np.arange(len(self.squares)) > 0)

    def error(self, weights: np.ndarray) -> float:
        """Sum of squared errors of these weights on these rows."""
        return float(self.target - 2.0 * weights @ self.products + weights @ self.squares @ weights)


def _moments(phi: np.ndarray, y: np.ndarray) -> _Moments:
    return _Moments(phi.T @ phi, phi.T @ y, float(y @ y))


def _best_penalty(total: _Moments, folds: list[_Moments]) -> float:
    if len(folds) < 2:
        return 1.0
    errors = np.zeros(len(PENALTIES))
    for left_out in folds:
        errors += [left_out.error(weights) for weights in _ridge_path(total.less(left_out), PENALTIES)]
    errors = np.maximum(
        errors, 0.0
    )  # a target that never changes leaves only rounding, on either side of zero
    return float(PENALTIES[np.flatnonzero(errors <= (1.0 + TIE) * errors.min())[-1]])


def _ridge_path(moments: _Moments, penalties: np.ndarray) -> list[np.ndarray]:
    """Weights for every penalty, from one eigendecomposition; the constant (first) is not penalised."""
    squares, products, _ = moments
    rows, centre, level = squares[0, 0], squares[0, 1:] / squares[0, 0], products[0] / squares[0, 0]
    values, vectors = np.linalg.eigh(squares[1:, 1:] / rows - np.outer(centre, centre))
    projected = vectors.T @ (products[1:] / rows - level * centre)
    slopes = [vectors @ (projected / (np.maximum(values, 0.0) + penalty)) for penalty in penalties]
    return [np.concatenate([[level - centre @ slope], slope]) for slope in slopes]
