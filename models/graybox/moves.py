"""How IT power answers to the inlet, from moves of supply air: differences before and after, apart from the load."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from models.graybox.air_side import Parameters, compute_kw, servers_kw
from models.graybox.observed import Metering
from models.graybox.smoothing import running_mean

MOST_MOVES = 256
FEWEST_MOVES = 30  # fewer are the load's own steps; six plants, docs/graybox.md
SMOOTHED = 5  # rows
UNKNOWN_SCATTER = 0.02
LEAST_SCATTER = 0.003  # meters of class 0.5
LEAST_MOVE_K = 0.7
WORTH = 150.0  # moves that they count for at most


@struct.dataclass
class Moves:
    """Moves of supply air, (256,) each, NaN beyond the last.

    change: of the logarithm of IT power, what the load did on its own taken out; scatter: what it still did. weight: of
    one move, in the fit.
    """

    before_c: Any
    after_c: Any
    it_kw: Any
    change: Any
    scatter: float
    weight: float

    @staticmethod
    def none() -> "Moves":
        """No moves."""
        nan = np.full(MOST_MOVES, np.nan, np.float32)
        return Moves(nan, nan, nan, nan, 1.0, 0.0)


def move_errors(p: Parameters, moves: Moves, metering: Metering, reference_kw: Array) -> Array:
    """What the servers' fans leave of every move, in its scatter: (256,), NaN beyond the last."""
    if not metering.has_it:
        return jnp.full(MOST_MOVES, jnp.nan)
    before, after = moves.before_c, moves.after_c
    compute = compute_kw(p, moves.it_kw, before, reference_kw)
    it_kw = servers_kw(p, compute, after, reference_kw)
    error = (jnp.log(it_kw / moves.it_kw) - moves.change) / moves.scatter
    return jnp.clip(error, -4.0, 4.0)


def moves_of(it_kw: np.ndarray, inlet_c: np.ndarray, setpoint_c: np.ndarray, *, steps_per_hour: int) -> Moves:
    """Moves of a supply-air setpoint (n,) on a regular grid of time, and what IT power (n,) did.

    The hours of the week and the slow course of the load are taken out first. Two hours before a move are compared
    with two hours that begin an hour after it; moves during which the setpoint moved on for over six hours say nothing.
    """
    change = _unusual(it_kw, steps_per_hour)
    hour, count = steps_per_hour, len(it_kw)
    moved = np.abs(np.diff(setpoint_c, prepend=setpoint_c[0])) > 1e-6
    found, at = [], 2 * hour
    while at < count - 10 * hour:
        if not moved[at]:
            at += 1
            continue
        end = at
        while end < count - 3 * hour and moved[end : end + hour].any():
            end += 1
        if end + 4 * hour < count and not moved[at - 2 * hour : at].any() and end - at < 6 * hour:
            before, after = slice(at - 2 * hour, at), slice(end + hour, end + 3 * hour)
            one = (
                _mean(inlet_c[before]),
                _mean(inlet_c[after]),
                _mean(it_kw[before]),
                _mean(change[after]) - _mean(change[before]),
            )
            if np.isfinite(one).all() and abs(one[0] - one[1]) > LEAST_MOVE_K:
                found.append(one)
        at = end + 1
    if len(found) < FEWEST_MOVES:
        return Moves.none()
    found = (
        found
        if len(found) <= MOST_MOVES
        else [found[i] for i in np.linspace(0, len(found) - 1, MOST_MOVES).astype(int)]
    )
    table = np.full((MOST_MOVES, 4), np.nan, np.float32)
    table[: len(found)] = found
    before_c, after_c, kw, changed = table.T
    weight = min(1.0, float(np.sqrt(WORTH / len(found))))
    return Moves(before_c, after_c, kw, changed, _scatter(np.array([change for *_, change in found])), weight)


def load_scatter(it_kw: np.ndarray, *, steps_per_hour: int) -> float:
    """Standard deviation of the change of the logarithm of IT power over two hours, apart from what its week brings.

    The mean of a robust one and the plain one: loads that come in steps have a small one most of the time.
    """
    change = _unusual(it_kw, steps_per_hour)
    lag = 2 * steps_per_hour
    change = change[lag:] - change[:-lag]
    change = change[np.isfinite(change)]
    return _scatter(change)


def _scatter(change: np.ndarray) -> float:
    if len(change) == 0:
        return UNKNOWN_SCATTER
    robust = 1.4826 * np.median(np.abs(change - np.median(change)))
    return float(max(0.5 * (robust + change.std()), LEAST_SCATTER))


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _unusual(it_kw: np.ndarray, steps_per_hour: int) -> np.ndarray:
    """Logarithm of IT power less what its hour of the week brings and less its slow course."""
    log = running_mean(np.log(np.where(it_kw > 0.0, it_kw, np.nan)), SMOOTHED)
    week = 168 * steps_per_hour
    rest = log - running_mean(log, week)
    phase = np.arange(len(log)) % week // steps_per_hour
    there = np.isfinite(rest)
    count = np.maximum(np.bincount(phase[there], minlength=168), 1)
    usual = np.bincount(phase[there], rest[there], minlength=168) / count
    return log - usual[phase]
