"""Curves fitted to each target, once without every block of time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np

from models.constrained import Limits
from models.efficiency.declared_effects import EffectBounds
from models.efficiency.features import feature_names, inputs_of, with_derived
from models.efficiency.rows import Rows
from models.efficiency.scaling import Scaler
from models.ridge import fit_weights_without_each

Basis = Callable  # of linear and bounded features (n, f): terms (n, terms), NumPy or JAX


@dataclass(frozen=True)
class Features:
    """Standardised features of n rows, unlimited and limited to the record's range: linear, bounded (n, f).

    moves: change of both with one standard deviation of each of i inputs: (i, n, f) each.
    """

    linear: np.ndarray
    bounded: np.ndarray
    moves: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, rows: Rows, scaler: Scaler, load_scale_kw: float, effect_bounds: EffectBounds) -> Self:
        """Features of the rows, and how they move with the inputs of declared effects."""

        def both(x):
            features = with_derived(rows.inputs, x, load_scale_kw)
            return scaler.standardised(features), scaler.bounded(features)

        x = rows.x.astype(np.float32)
        linear, bounded = both(x)
        moves = np.zeros((2, len(effect_bounds), *linear.shape), np.float32)
        for number, (column, spread) in enumerate(
            zip(effect_bounds.columns, effect_bounds.spread, strict=True)
        ):
            along = np.zeros_like(x)
            along[:, column] = spread
            moves[:, number] = jax.jvp(both, (jnp.asarray(x),), (jnp.asarray(along),))[1]
        return cls(linear, bounded, (moves[0], moves[1]))


def mask_of(rows: Rows) -> np.ndarray:
    """Which features (f) each target (t) may see: (t, f) of 0 and 1."""
    names = feature_names(rows.inputs)
    hidden = [rows.hidden.get(target, frozenset()) for target in rows.targets]
    return np.array([[not hide & set(inputs_of(name)) for name in names] for hide in hidden], np.float32)


@dataclass(frozen=True)
class Fits:
    """Ridge fits of t targets, one without each of m blocks, and their predictions for all n rows.

    weights (t, m, terms); predicted (t, m, n); slopes (i, t, m, n): per standard deviation of i inputs.
    """

    weights: np.ndarray
    predicted: np.ndarray
    slopes: np.ndarray


def fits(
    basis: Basis,
    features: Features,
    mask: np.ndarray,
    y: np.ndarray,
    blocks: np.ndarray,
    effect_bounds: EffectBounds,
    floor: np.ndarray,
) -> Fits:
    """Ridge fits of y (t, n) on the features each target may see, within the declared effects.

    mask (t, f); blocks (n,); floor (t,): what a target's value has besides y, since effects are shares of the
    value.
    """
    weights, predicted, slopes = [], [], []
    phi, moves, seen_last = np.zeros(0), np.zeros(0), None
    for number, (seen, target) in enumerate(zip(mask, y, strict=True)):
        if seen_last is None or (seen != seen_last).any():
            phi, moves, seen_last = *_terms(basis, features, seen), seen
        limits = _limits(phi, moves, effect_bounds.low[number], effect_bounds.high[number], floor[number])
        weights.append(fit_weights_without_each(phi, target, blocks, limits))
        predicted.append(weights[-1] @ phi.T)
        slopes.append(np.einsum("mk,ink->imn", weights[-1], moves))
    return Fits(np.array(weights), np.array(predicted), np.stack(slopes, axis=1))


def _terms(basis: Basis, features: Features, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Terms (n, k) of the features that are seen, and how they move (i, n, k)."""
    at = features.linear * seen, features.bounded * seen
    phi = basis(*at)
    moves = [
        jax.jvp(
            basis, tuple(map(jnp.asarray, at)), (jnp.asarray(linear * seen), jnp.asarray(bounded * seen))
        )[1]
        for linear, bounded in zip(*features.moves, strict=True)
    ]
    return phi, np.array(moves).reshape(-1, *phi.shape)


def _limits(
    phi: np.ndarray, moves: np.ndarray, low: np.ndarray, high: np.ndarray, floor: float
) -> Limits | None:
    """Slope at every row between `low` and `high` shares of the value, as far as they are declared."""
    rows, least = [], []
    for sign, bounds in ((1.0, low), (-1.0, high)):
        for move, bound in zip(moves, bounds, strict=True):
            if np.isfinite(bound) and move.any():  # a target that does not see the input cannot break it
                rows.append(sign * (move - bound * phi))
                least.append(np.full(len(phi), sign * bound * floor))
    return Limits(np.concatenate(rows), np.concatenate(least)) if rows else None
