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
WIDEST = 4.0  # limit of one day's contribution
RANGE_MARGIN = 0.05  # hours whose inputs are farther outside the reference's range are not used
# an hour is covered by its third nearest reference, at a distance that 90 % of left-out hours do not exceed
NEIGHBOURS, COVERED = 3, 0.9
EVERY = 2  # hours: neighbours in time are alike, half of them is enough to compare with
ROWS_PER_TERM = 8  # hours that a fit must have for each of its terms
FLOOR = 0.002  # of the reading's own deviation: least deviation of a relation


@dataclass(frozen=True)
class Alarm:
    """A change noticed on day `found` that began on day `onset` (positions in the series of days).

    shift: residual of the last two days, in the reading's unit; deviations: the same over a day's usual
    deviation.
    """

    onset: int
    found: int
    shift: float
    deviations: float


def drifts(x: np.ndarray, y: np.ndarray, day: np.ndarray) -> list[Alarm]:
    """Changes in the relation of y (n,) to x (n, k); day (n,): number of each row's day, sorted, from 0.

    Every other week a quadratic of the inputs is fitted to the weeks before; the daily medians of its
    residuals go through a two-sided CUSUM (Page 1954, Biometrika 41). After an alarm the record starts anew
    at its onset.
    """
    alarms: list[Alarm] = []
    start = 0
    last = int(day[-1]) + 1 if len(day) else 0
    sums, residuals = np.zeros(2), np.full(last, np.nan)
    onset = [0, 0]
    today = start + LEAST_DAYS
    while today < last:
        reference = (day >= max(start, today - REFERENCE_DAYS)) & (day < today)
        relation = _relation(x[reference], y[reference])
        for now in range(today, min(today + REFIT_DAYS, last)):
            z = relation.daily(x[day == now], y[day == now]) if relation else np.nan
            residuals[now] = z
            if np.isfinite(z):
                signed = np.clip(z, -WIDEST, WIDEST) * np.array([1.0, -1.0])
                onset = [now if total <= 0 else begun for total, begun in zip(sums, onset, strict=True)]
                sums = np.maximum(0.0, sums + signed - ALLOWANCE)
            if relation and sums.max() > LIMIT:
                began = onset[int(sums.argmax())]
                typical = float(np.nanmedian(residuals[max(began, now - 1) : now + 1]))
                alarms.append(Alarm(began, now, typical * relation.deviation, typical))
                start, sums, onset = began, np.zeros(2), [now, now]
                today = began + LEAST_DAYS
                break
        else:
            today += REFIT_DAYS
    return alarms


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
        z = (x - self.mean) / self.scale
        inside = ((x >= self.low) & (x <= self.high)).all(axis=1)
        inside &= _away(z, self.references) <= self.farthest
        if inside.sum() < max(3, len(y) // 4):
            return float("nan")
        left = y[inside] - self.basis(z[inside]) @ self.weights
        return float(np.median(left)) / self.deviation


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
    deviation = max(float(per_day.std()), FLOOR * float(y.std()))
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
    nearest = np.partition(squares, min(NEIGHBOURS, len(references)) - 1, axis=1)
    return np.sqrt(np.maximum(nearest[:, min(NEIGHBOURS, len(references)) - 1], 0.0))


def _basis(z: np.ndarray, *, products: bool) -> np.ndarray:
    if products:
        return terms(z, z)
    return np.concatenate([np.ones((len(z), 1)), z, z**2], axis=1)
