"""Drift of a relation between readings: residuals that stay on one side, detected within days."""

from dataclasses import dataclass

import numpy as np

from models.evaluate import time_blocks
from models.ridge import fit_weights_without_each, terms

REFERENCE_DAYS = 84  # of the reference: long enough for the weather to vary, short enough to adapt
LEAST_DAYS = 21
REFIT_DAYS = 14
ALLOWANCE = 1.5  # standard deviations of a day's median that do not count as drift
LIMIT = 9.0  # of the sum beyond the allowance: four days far outside, or nine two and a half deviations out
LEAST = 2.0  # deviations by which the latest days must still be off
WIDEST = 4.0  # limit of one day's contribution
RANGE_MARGIN = 0.05  # hours whose inputs are farther outside the reference's range are not used
# an hour is covered by its third nearest reference, at a distance that 90 % of left-out hours do not exceed
NEIGHBOURS, COVERED = 3, 0.9
EVERY = 2  # hours: neighbours in time are alike, half of them is enough to compare with
ROWS_PER_TERM = 8  # hours that a fit must have for each of its terms
FLOOR = 0.002  # of the reading's own deviation: least deviation of a relation
# A day's usual deviation is that of nine days in ten: what a few days of trials do, left out of the fit, is not usual.
USUAL, NORMAL = 0.9, 1.6449  # quantile, and where a normal variable has it
STEADY_DAYS = 4  # latest days in which a change must be the same at all hours
RUNS = 0.1  # of what is usually expected of a machine: below it stands still
STEADY = 0.4  # of its largest hours' shift (90 % quantile) its smallest (10 %) must reach


@dataclass(frozen=True)
class Alarm:
    """A change noticed on day `found` that began on day `onset` (positions in the series of days).

    shift: residual of the last STEADY_DAYS, in the reading's unit; deviations: the same over a day's usual
    deviation.
    """

    onset: int
    found: int
    shift: float
    deviations: float


def drifts(x: np.ndarray, y: np.ndarray, day: np.ndarray, *, relative: bool = False) -> list[Alarm]:
    """Changes in the relation of y (n,) to x (n, k); day (n,): number of each row's day, sorted, from 0.

    Every other week a quadratic of the inputs is fitted to the weeks before; the daily medians of its
    residuals go through a two-sided CUSUM (Page 1954, Biometrika 41). After an alarm the record starts anew
    at its onset.
    """
    alarms: list[Alarm] = []
    start = 0
    last = int(day[-1]) + 1 if len(day) else 0
    sums = np.zeros(2)
    onset = [0, 0]
    today = start + LEAST_DAYS
    while today < last:
        reference = (day >= max(start, today - REFERENCE_DAYS)) & (day < today)
        relation = _relation(x[reference], y[reference])
        for now in range(today, min(today + REFIT_DAYS, last)):
            z = relation.daily(x[day == now], y[day == now]) if relation else np.nan
            if np.isfinite(z):
                signed = np.clip(z, -WIDEST, WIDEST) * np.array([1.0, -1.0])
                onset = [now if total <= 0 else begun for total, begun in zip(sums, onset, strict=True)]
                sums = np.maximum(0.0, sums + signed - ALLOWANCE)
            if relation and np.isfinite(z) and sums.max() > LIMIT:
                latest = (day > now - STEADY_DAYS) & (day <= now)
                shift = _steady_shift(*relation.residuals(x[latest], y[latest]), relative=relative)
                if shift is None or abs(shift) < LEAST * relation.deviation:
                    continue
                began = onset[int(sums.argmax())]
                alarms.append(Alarm(began, now, shift, shift / relation.deviation))
                start, sums, onset = began, np.zeros(2), [now, now]
                today = began + LEAST_DAYS
                break
        else:
            today += REFIT_DAYS
    return alarms


def _steady_shift(left: np.ndarray, expected: np.ndarray, *, relative: bool) -> float | None:
    """The shift that is left (m,) of readings that were expected (m,); None where it is not the same at all hours.

    A sensor that was replaced is off by night as by day, a worn machine in proportion to what it does. A plant at its
    limit leaves its setpoint in hot hours and comes back to it.
    """
    shares = left
    if relative:
        runs = np.abs(expected) > RUNS * np.median(np.abs(expected)) if len(expected) else np.zeros(0, bool)
        shares = left[runs] / np.abs(expected[runs])
    if not len(shares):
        return None
    low, middle, high = np.quantile(shares, [0.1, 0.5, 0.9])
    least, most = (low, high) if middle > 0.0 else (-high, -low)
    return float(np.median(left)) if least >= STEADY * most > 0.0 else None


@dataclass(frozen=True)
class _Relation:
    weights: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray
    references: np.ndarray
    farthest: float
    deviation: float
    products: bool

    def basis(self, z: np.ndarray) -> np.ndarray:
        return _basis(z, products=self.products)

    def daily(self, x: np.ndarray, y: np.ndarray) -> float:
        """A day's median residual in deviations; NaN where most of its hours lie outside what was fitted.

        A season or an operating mode that the reference does not contain is not drift: the relation is unknown there.
        """
        left, _ = self.residuals(x, y)
        return float(np.median(left)) / self.deviation if len(left) >= max(3, len(y) // 4) else float("nan")

    def residuals(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is left (m,) of the rows that lie inside what was fitted, and what was expected of them (m,)."""
        z = (x - self.mean) / self.scale
        inside = ((x >= self.low) & (x <= self.high)).all(axis=1)
        inside &= _away(z, self.references) <= self.farthest
        expected = self.basis(z[inside]) @ self.weights
        return y[inside] - expected, expected


def _relation(x: np.ndarray, y: np.ndarray) -> _Relation | None:
    if len(y) < ROWS_PER_TERM * (2 * x.shape[1] + 1):
        return None
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    products = len(y) >= ROWS_PER_TERM * (x.shape[1] + 1) * (x.shape[1] + 2) // 2
    phi, blocks = _basis((x - mean) / scale, products=products), time_blocks(len(y), folds=4, rounds=2)
    without_each = fit_weights_without_each(phi, y, blocks)
    left_out = y - np.sum(phi * without_each[blocks], axis=1)
    per_day = np.array([np.median(part) for part in np.array_split(left_out, max(2, len(y) // 24))])
    usual = float(np.quantile(np.abs(per_day - np.median(per_day)), USUAL)) / NORMAL
    deviation = max(usual, FLOOR * float(y.std()))
    margin = RANGE_MARGIN * (x.max(axis=0) - x.min(axis=0))
    if deviation <= 1e-12:
        return None
    weights = without_each.mean(axis=0)
    z = ((x - mean) / scale)[::EVERY]
    part = blocks[::EVERY]
    apart = [_away(z[part == block], z[part != block]) for block in np.unique(part)]
    farthest = float(np.quantile(np.concatenate(apart), COVERED))
    low, high = x.min(axis=0) - margin, x.max(axis=0) + margin
    return _Relation(weights, mean, scale, low, high, z, farthest, deviation, products)


def _away(z: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Distance (n,) of standardised rows z (n, k) from their third nearest reference (r, k)."""
    squares = (z**2).sum(1)[:, None] - 2.0 * z @ references.T + (references**2).sum(1)
    for _ in range(min(NEIGHBOURS, len(references)) - 1):  # for a few neighbours faster than a partition
        squares[np.arange(len(z)), squares.argmin(axis=1)] = np.inf
    return np.sqrt(np.maximum(squares.min(axis=1), 0.0))


def _basis(z: np.ndarray, *, products: bool) -> np.ndarray:
    if products:
        return terms(z, z)
    return np.concatenate([np.ones((len(z), 1)), z, z**2], axis=1)
