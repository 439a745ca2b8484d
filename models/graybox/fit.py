"""Fit of the gray-box plant: robust Gauss-Newton with the textbook as regulariser, in seconds.

Maximum a posteriori with a smooth absolute loss; the Gauss-Newton matrix at the solution is the posterior's precision
(Bishop 2006, Pattern Recognition and Machine Learning, 4.4).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from models.graybox.moves import MOST_MOVES, Moves, move_errors
from models.graybox.observed import SMALL, WHOLE_SHARE, Metering, Observed, errors
from models.graybox.parameters import NAMES, values_of

ROWS = 1_536  # of the record, chosen to cover it; fit and online step are compiled for this many
INDEPENDENT = 300.0  # rows that they count for: neighbouring hours share their weather and their errors
ITERATIONS, ENOUGH = 40, 1e-4
MEMBERS = 8
FARTHEST = 5.0  # standard deviations from the textbook
FIRST_DAMPING, LEAST_DAMPING = 1e-2, 1e-6
# Of the usual scatter: what a record leaves of a reading says little of other weather and setpoints. Six plants and the
# EnergyPlus referee, docs/graybox.md.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Estimate:
    """Parameters in standard deviations from the textbook: z (p,), and their covariance (p, p).

    share (14,): of the usual scatter that the site's readings have about its plant.
    """

    z: np.ndarray
    covariance: np.ndarray
    share: np.ndarray = field(default_factory=WHOLE_SHARE.copy)

    @staticmethod
    def textbook() -> "Estimate":
        """Nothing learned."""
        return Estimate(np.zeros(len(NAMES)), np.eye(len(NAMES)))


def members_of(estimate: Estimate) -> np.ndarray:
    """Parameters (m, p) of plants spread over the estimate's covariance, in pairs around its mean.

    The same draws at every call, so that two decisions differ by what was learned and not by chance.
    """
    values, vectors = np.linalg.eigh(estimate.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = np.random.default_rng(0).standard_normal((MEMBERS // 2, len(estimate.z)))
    apart = np.concatenate([draws, -draws]) @ root.T
    return np.clip(estimate.z + apart, -FARTHEST, FARTHEST)


def linearised(f: Callable[..., Array]) -> Callable[..., tuple[Array, Array]]:
    """Compiled: what f gives at its first argument (p,), and its slopes there (..., p)."""
    return jax.jit(lambda z, *args: (f(z, *args), jax.jacfwd(f)(z, *args)))


def _errors(
    z: Array, rows: Observed, moves: Moves, metering: Metering, reference_kw: Array, share: Array
) -> Array:
    p = values_of(z)
    at_rest = errors(p, rows, metering, reference_kw, share).ravel()
    moved = move_errors(p, moves, metering, reference_kw)
    return jnp.nan_to_num(jnp.concatenate([at_rest, moved]), nan=0.0, posinf=0.0, neginf=0.0)


_errors_and_slopes = linearised(_errors)


def fit(
    rows: Observed, moves: Moves, metering: Metering, reference_kw: float, *, start: Estimate | None = None
) -> Estimate:
    """The most probable plant behind at most `ROWS` rows and some moves. start: an earlier estimate (weekly refits).

    Fitted twice: with the usual scatter of readings, then with what the first fit leaves of small meters.
    """
    args = (padded(rows), moves, metering, jnp.float32(reference_kw))
    weight = _weights(int(np.isfinite(np.asarray(rows.load_kw)).sum()), moves)
    z = _solved(np.zeros(len(NAMES)) if start is None else start.z, weight, (*args, jnp.asarray(WHOLE_SHARE)))
    share = _share_of_scatter(z, args)
    scaled = (*args, jnp.asarray(share))
    z = _solved(z, weight, scaled)
    return Estimate(z, np.linalg.inv(_normal(z, weight, scaled, robust=False)[1]), share)


def _share_of_scatter(z: np.ndarray, args: tuple[Any, ...]) -> np.ndarray:
    """Share (14,) of the usual scatter that a plant's readings have; all of it where nothing is measured."""
    left, _ = _errors_and_slopes(jnp.asarray(z, jnp.float32), *args, jnp.asarray(WHOLE_SHARE))
    error = np.asarray(left, float)[:-MOST_MOVES].reshape(len(WHOLE_SHARE), ROWS)
    found = [1.4826 * np.median(np.abs(each[each != 0.0])) if each.any() else 1.0 for each in error]
    return np.where(SMALL, np.clip(found, LEAST_SHARE, 1.0), 1.0).astype(np.float32)


def _solved(z: np.ndarray, weight: tuple[float, float], args: tuple[Any, ...]) -> np.ndarray:
    """The most probable parameters (p,), from z on."""
    damping = FIRST_DAMPING
    cost, normal, gradient = _normal(z, weight, args)
    for _ in range(ITERATIONS):
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -gradient)
        tried = np.clip(z + np.clip(step, -1.0, 1.0), -FARTHEST, FARTHEST)
        tried_cost, tried_normal, tried_gradient = _normal(tried, weight, args)
        if tried_cost < cost:
            gained, moved = cost - tried_cost, tried
            z, cost, normal, gradient = moved, tried_cost, tried_normal, tried_gradient
            damping = max(damping / 4.0, LEAST_DAMPING)
            if gained < ENOUGH * cost:
                break
        else:
            damping *= 4.0
            if damping > 1e6:
                break
    return z


def _weights(known: int, moves: Moves) -> tuple[float, float]:
    return np.sqrt(INDEPENDENT / max(known, 1)), float(moves.weight)


def _normal(z, weight, args, robust: bool = True) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost, Gauss-Newton matrix (p, p) and gradient (p,) at z, the textbook's included."""
    error, slopes = (
        np.asarray(part, float) for part in _errors_and_slopes(jnp.asarray(z, jnp.float32), *args)
    )
    rest = len(error) - MOST_MOVES
    scale = np.concatenate([np.full(rest, weight[0]), np.full(MOST_MOVES, weight[1])])
    error, slopes = error * scale, slopes * scale[:, None]
    loss = 2.0 * (np.sqrt(1.0 + error**2) - 1.0)
    trust = 1.0 / np.sqrt(1.0 + error**2) if robust else np.ones_like(error)
    normal = slopes.T @ (slopes * trust[:, None]) + np.eye(len(z))
    gradient = slopes.T @ (error * trust) + z
    return float(loss.sum() + (z**2).sum()), normal, gradient


def padded(rows: Observed, size: int = ROWS) -> Observed:
    """The rows, followed by rows that say nothing, so that one shape is compiled."""

    def one(leaf: np.ndarray) -> Array:
        leaf = np.asarray(leaf, np.float32)
        if leaf.shape[-1] > size:
            raise ValueError(f"{leaf.shape[-1]} rows, at most {size} are fitted; choose rows first")
        missing = size - leaf.shape[-1]
        fill = (
            np.repeat(leaf[..., :1], missing, axis=-1)
            if leaf.ndim == 1
            else np.full((*leaf.shape[:-1], missing), np.nan)
        )
        return jnp.asarray(np.concatenate([leaf, fill], axis=-1), jnp.float32)

    return jax.tree.map(one, rows)
