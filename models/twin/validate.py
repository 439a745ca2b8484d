"""Error on blocks of time left out of a fit, and the bounds that follow from it."""

from dataclasses import dataclass

import numpy as np

from models.evaluate import time_blocks
from models.twin.descent import Descent, newton, residuals
from models.twin.objective import Objective
from models.twin.twin import Bounds

REFIT_STEPS = 3  # Gauss-Newton steps from the fit on all windows: leaving out a block moves it little
ROUNDS = 3  # blocks in each fold, so that it covers several seasons


@dataclass(frozen=True)
class HeldOut:
    """Predictions by plants fitted without the row: by channel (n,), NaN where no reading is scored.

    fold: (n,) the fold with which a row was left out, -1 where it is in no window.
    """

    predicted: dict[str, np.ndarray]
    fold: np.ndarray


def held_out(descent: Descent, rows: int, *, folds: int) -> tuple[np.ndarray, HeldOut]:
    """Measured less predicted, (windows, steps, channels), each window by a plant fitted to the other folds.

    NaN where not scored; and the same as predictions on the record's `rows`. Folds are blocks of consecutive
    windows, `ROUNDS` of each dealt over the record. A record of only one fold is judged on what it was fitted
    to.
    """
    objective = descent.objective
    fold = time_blocks(len(objective.windows.weight), folds=folds, rounds=ROUNDS)
    residual = np.full(objective.windows.weight.shape, np.nan)
    for number in np.unique(fold):
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        z = descent.z
        if len(outside):
            z, _ = newton(
                objective.over(objective.windows.take(outside)), z, REFIT_STEPS, descent.budget, 1.0
            )
        residual[inside] = residuals(objective.over(objective.windows.take(inside)), z)
    return residual, _on_rows(descent, residual, fold, rows)


def _on_rows(descent: Descent, residual: np.ndarray, fold: np.ndarray, rows: int) -> HeldOut:
    windows = descent.objective.windows
    predicted = np.asarray(windows.measured) - residual
    row = descent.first_rows[:, None] + np.arange(residual.shape[1]) - descent.settle_steps
    scored = np.broadcast_to(np.arange(residual.shape[1]) >= descent.settle_steps, row.shape)
    on_rows = np.full((rows, residual.shape[2]), np.nan)
    on_rows[row[scored]] = predicted[scored]
    folds = np.full(rows, -1)
    folds[row[scored]] = np.broadcast_to(fold[:, None], row.shape)[scored]
    return HeldOut({name: on_rows[:, i] for i, name in enumerate(descent.objective.channels)}, folds)


def bounds_of(objective: Objective, residual: np.ndarray) -> dict[str, Bounds]:
    """Bounds by channel of residuals (windows, steps, channels), on hourly means."""
    measured = np.where(objective.windows.weight > 0, objective.windows.measured, np.nan)
    rows = max(1, round(3600 / objective.dt_s))
    hourly, level = _means(residual, rows), _means(measured, rows)
    bounds = {}
    for i, name in enumerate(objective.channels):
        error = hourly[..., i][np.isfinite(hourly[..., i])]
        if len(error):
            low, high = np.quantile(error, [0.05, 0.95])
            rmse, mean = float(np.sqrt(np.mean(error**2))), float(np.nanmean(level[..., i]))
            bounds[name] = Bounds(float(low), float(high), rmse, float(error.mean()), mean)
    return bounds


def _means(values: np.ndarray, rows: int) -> np.ndarray:
    """Means over whole groups of rows; a group with a gap is NaN."""
    windows, steps, channels = values.shape
    groups = steps // rows
    return values[:, steps - groups * rows :].reshape(windows, groups, rows, channels).mean(axis=2)
