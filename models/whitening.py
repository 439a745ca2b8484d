"""What a series does on its own taken out of it: its usual course over the week, and its memory of the last hours.

Feasible generalised least squares: Cochrane and Orcutt 1949, JASA 44(245).
"""

import numpy as np


def memory_of(rest: np.ndarray, *, order: int) -> np.ndarray:
    """Coefficients (order,) of an autoregression of rest (n,), NaN where unknown."""
    lags = np.column_stack([_before(rest, lag) for lag in range(1, order + 1)])
    complete = np.isfinite(lags).all(axis=1) & np.isfinite(rest)
    return np.linalg.lstsq(lags[complete], rest[complete], rcond=None)[0]


def whitened(values: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """`values` (n, k) less what their own past foretells; NaN where a past value is unknown."""
    return values - sum(weight * _before(values, lag) for lag, weight in enumerate(memory, start=1))


def usual_of(values: np.ndarray, phase: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """Mean of the complete rows of values (n, k) at each row's phase (n,), for example its time of the week."""
    rows = np.maximum(np.bincount(phase[complete], minlength=phase.max() + 1), 1)
    totals = [np.bincount(phase[complete], column[complete], len(rows)) for column in values.T]
    return (np.array(totals) / rows).T[phase]


def _before(values: np.ndarray, lag: int) -> np.ndarray:
    """The values `lag` rows earlier, NaN before the first."""
    return np.concatenate([np.full((lag, *values.shape[1:]), np.nan), values[:-lag]])
