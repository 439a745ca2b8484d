"""Fit of the gray-box plant: robust Gauss-Newton with the textbook as regulariser, in seconds.

Maximum a posteriori with a smooth absolute loss; the Gauss-Newton matrix at the solution is the posterior's precision
(Bishop 2006, Pattern Recognition and Machine Learning, 4.4).
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from models.buckets import in_powers_of_two
from models.graybox.air_side import Parameters
from models.graybox.moves import MOST_MOVES, Moves, move_errors
from models.graybox.observed import SMALL, WHOLE_SHARE, Metering, Observed, errors
from models.graybox.parameters import NAMES, values_of
from models.together import answered

ROWS = 1_536  # of the record, chosen to cover it; fit and online step are compiled for this many
INDEPENDENT = 300.0  # rows that they count for: neighbouring hours share their weather and their errors
ITERATIONS, ENOUGH = 40, 1e-4
MEMBERS = 8
FARTHEST = 5.0  # standard deviations from the textbook
FIRST_DAMPING, LEAST_DAMPING, GROWTH = 1e-2, 1e-6, 4.0
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


@dataclass(frozen=True)
class PlantTask:
    """A plant to fit: at most ROWS rows, some moves, metering and reference load. start (p,): where to begin."""

    rows: Observed
    moves: Moves
    metering: Metering
    reference_kw: float
    start: np.ndarray


def fit(
    rows: Observed, moves: Moves, metering: Metering, reference_kw: float, *, start: Estimate | None = None
) -> Estimate:
    """The most probable plant behind at most `ROWS` rows and some moves. start: an earlier estimate (weekly refits).

    Fitted twice: with the usual scatter of readings, then with what the first fit leaves of small meters. Where
    several sites are learned at once (`models.together`) their plants are fitted in one vmapped call.
    """
    first = np.zeros(len(NAMES)) if start is None else start.z
    (estimate,) = answered(fit_many, [PlantTask(rows, moves, metering, reference_kw, first)])
    return estimate


def fit_many(tasks: Sequence[PlantTask]) -> list[Estimate]:
    """What `fit` gives for each task: each takes its own steps, what they cost is computed for all in one call."""
    given = [(padded(task.rows), task.moves, task.metering, np.float32(task.reference_kw)) for task in tasks]
    courses = [_course(task) for task in tasks]
    asked = {number: next(course) for number, course in enumerate(courses)}
    found: dict[int, Estimate] = {}
    while asked:
        answers = _at_each([(z, given[number]) for number, z in asked.items()])
        for number, answer in zip(list(asked), answers, strict=True):
            try:
                asked[number] = courses[number].send(answer)
            except StopIteration as end:
                found[number] = end.value
                del asked[number]
    return [found[number] for number in range(len(tasks))]


def _errors_and_slopes(
    z: Array, rows: Observed, moves: Moves, metering: Metering, reference_kw: Array
) -> tuple[Array, Array]:
    """Errors (14 n + 256,) in whole scatter, and their slopes in z; 0 where nothing is measured."""

    def at_rest(p: Parameters) -> Array:
        return errors(p, rows, metering, reference_kw)

    def moved(p: Parameters) -> Array:
        return move_errors(p, moves, metering, reference_kw)[None]

    parts = (_of_rows(at_rest, z, rows.load_kw), _of_rows(moved, z, moves.before_c))
    error, slopes = (jnp.concatenate(part) for part in zip(*parts, strict=True))
    return error, slopes


def _of_rows(f: Callable[[Parameters], Array], z: Array, row: Array) -> tuple[Array, Array]:
    """What f gives, (k, n), as (k n,), and its slopes in z (p,). row (n,): any value of each row.

    A row answers to its own copy of the parameters: one pass backwards gives a reading's slopes at all rows, and there
    are fewer readings than parameters.
    """
    own, along = jax.jvp(values_of, (z,), (jnp.ones_like(z),))
    value, back = jax.vjp(f, {name: jnp.broadcast_to(each, row.shape) for name, each in own.items()})
    there = jnp.isfinite(value)

    def slopes_of(reading: Array) -> Array:
        (slopes,) = back(reading)
        return jnp.stack([slopes[name] * along[name] for name in NAMES], axis=1)

    # In turn, not side by side: what one pass leaves fits the processor's cache.
    slopes = jax.lax.map(slopes_of, jnp.eye(len(value))[:, :, None] * there)
    slopes = jnp.where(there[:, :, None], slopes, 0.0).reshape(-1, len(NAMES))
    return jnp.where(there, value, 0.0).ravel(), slopes


@jax.jit
def _errors_and_slopes_of_each(z: Array, *args: Any) -> tuple[Array, Array]:
    return jax.vmap(_errors_and_slopes)(z, *args)


def _at_each(asked: list[tuple[np.ndarray, tuple[Any, ...]]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Errors of whole scatter and their slopes at each site's z; sites whose plants have one structure in one call."""
    answers: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    structures: list[Any] = [jax.tree.structure(args) for _, args in asked]
    for structure in dict.fromkeys(structures):
        alike = [number for number, each in enumerate(structures) if each == structure]
        for numbers in in_powers_of_two(alike):
            z = np.stack([asked[number][0] for number in numbers]).astype(np.float32)
            stacked = jax.tree.map(
                lambda *leaves: np.stack(leaves), *(asked[number][1] for number in numbers)
            )
            error, slopes = _errors_and_slopes_of_each(z, *stacked)
            answers |= zip(numbers, zip(np.asarray(error), np.asarray(slopes), strict=True), strict=True)
    return [answers[number] for number in range(len(asked))]


Course = Generator[np.ndarray, tuple[np.ndarray, np.ndarray], Any]  # asks for errors and slopes at z


def _course(task: PlantTask) -> Course:
    """The steps of one fit."""
    known = int(np.isfinite(np.asarray(task.rows.load_kw)).sum())
    weight = np.sqrt(INDEPENDENT / max(known, 1)), float(task.moves.weight)
    z = np.asarray(task.start, float)
    z, at = yield from _solved(z, (yield z), weight, WHOLE_SHARE)
    share = _share_of_scatter(at[0])
    z, at = yield from _solved(z, at, weight, share)
    return Estimate(z, np.linalg.inv(_normal(z, at, weight, share, robust=False)[1]), share)


def _share_of_scatter(left: np.ndarray) -> np.ndarray:
    """Share (14,) of the usual scatter that a plant's readings have; all of it where nothing is measured.

    left: errors of whole scatter.
    """
    error = np.asarray(left, float)[:-MOST_MOVES].reshape(len(WHOLE_SHARE), ROWS)
    found = [1.4826 * np.median(np.abs(each[each != 0.0])) if each.any() else 1.0 for each in error]
    return np.where(SMALL, np.clip(found, LEAST_SHARE, 1.0), 1.0).astype(np.float32)


def _solved(
    z: np.ndarray, at: tuple[np.ndarray, np.ndarray], weight: tuple[float, float], share: np.ndarray
) -> Course:
    """The most probable parameters (p,), from z on, and errors and slopes there. at: those at the start."""
    damping, growth = FIRST_DAMPING, GROWTH
    cost, normal, gradient = _normal(z, at, weight, share)
    for _ in range(ITERATIONS):
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -gradient)
        if -2.0 * gradient @ step - step @ normal @ step < ENOUGH * cost:  # what the quadratic promises
            break
        tried = np.clip(z + np.clip(step, -1.0, 1.0), -FARTHEST, FARTHEST)
        there = yield tried
        tried_cost, tried_normal, tried_gradient = _normal(tried, there, weight, share)
        if tried_cost < cost:
            gained, z, at = cost - tried_cost, tried, there
            cost, normal, gradient = tried_cost, tried_normal, tried_gradient
            damping, growth = max(damping / GROWTH, LEAST_DAMPING), GROWTH
            if gained < ENOUGH * cost:
                break
        else:
            # Faster with every failure in a row (Nielsen 1999, IMM-REP-1999-05): each costs as much as a success.
            damping, growth = damping * growth, growth * GROWTH
            if damping > 1e6:
                break
    return z, at


def _normal(
    z: np.ndarray,
    at: tuple[np.ndarray, np.ndarray],
    weight: tuple[float, float],
    share: np.ndarray,
    robust: bool = True,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost, Gauss-Newton matrix (p, p) and gradient (p,) at z, the textbook's included.

    at: errors of whole scatter and their slopes at z; weight: of a row at rest and of a move.
    """
    # What is not measured has neither error nor slopes.
    there = at[0] != 0.0
    per_row = np.repeat(weight[0] / share.astype(float), ROWS)
    scale = np.concatenate([per_row, np.full(MOST_MOVES, weight[1])])[there]
    error, slopes = at[0][there] * scale, at[1][there] * scale[:, None]
    loss = 2.0 * (np.sqrt(1.0 + error**2) - 1.0)
    trust = 1.0 / np.sqrt(1.0 + error**2) if robust else np.ones_like(error)
    normal = slopes.T @ (slopes * trust[:, None]) + np.eye(len(z))
    gradient = slopes.T @ (error * trust) + z
    return float(loss.sum() + (z**2).sum()), normal, gradient


def padded(rows: Observed, size: int = ROWS) -> Observed:
    """The rows, followed by rows that say nothing, so that one shape is compiled."""

    def one(leaf: np.ndarray) -> np.ndarray:
        leaf = np.asarray(leaf, np.float32)
        if leaf.shape[-1] > size:
            raise ValueError(f"{leaf.shape[-1]} rows, at most {size} are fitted; choose rows first")
        missing = size - leaf.shape[-1]
        fill = (
            np.repeat(leaf[..., :1], missing, axis=-1)
            if leaf.ndim == 1
            else np.full((*leaf.shape[:-1], missing), np.nan)
        )
        return np.concatenate([leaf, fill], axis=-1).astype(np.float32)

    return jax.tree.map(one, rows)
