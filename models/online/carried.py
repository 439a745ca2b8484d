"""Error carry-over: a model's latest known error is added, in part, to its next predictions.

The share carried is the one that would have left the least absolute error so far. It is chosen separately for
errors of the usual size, which are mostly noise, and for much larger ones, which last until their cause is
gone.
"""

import numpy as np

Delay = np.timedelta64 | int
SHARES = np.linspace(0.0, 1.0, 21)
EDGES = (2.0, 5.0)  # usual residuals: an error beyond the first is large, beyond the second not noise
KINDS = len(EDGES) + 1
OLDEST = 24.0  # delays after which an error is no longer used: a day of hours


def last_known(times: np.ndarray, is_measured: np.ndarray, delay: Delay) -> tuple[np.ndarray, np.ndarray]:
    """For each row, the newest row whose error is known when it is predicted, and its age: (n,) each.

    times: (n,) datetime64 or row numbers, sorted; is_measured: (n,) bool; delay: time from a row until its
    error is known. Position is -1 where there is none; age is in delays, at least 1.
    """
    rows = np.flatnonzero(is_measured)
    place = np.searchsorted(times[rows], times - delay, side="right") - 1
    position = np.where(place >= 0, rows[np.maximum(place, 0)], -1) if len(rows) else np.full(len(times), -1)
    age = (times - times[np.maximum(position, 0)]) / delay
    return position, np.where(position >= 0, age, np.inf)


def share_costs(error: np.ndarray, last_error: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Absolute error that each share of the last error would have left of the error (n,): (n, kinds, shares).

    kind (n,) as `kind_of` gives it; the costs of the other kinds are zero.
    """
    left = np.abs(error[:, None] - SHARES * last_error[:, None])
    return left[:, None, :] * (kind[:, None, None] == np.arange(KINDS)[:, None])


def kind_of(error: np.ndarray, size: np.ndarray | float) -> np.ndarray:
    """0 for an error (n,) of the usual size, 1 for a large one, 2 for one too large to be noise."""
    return np.digitize(np.abs(error) / size, EDGES)


def carry(
    predicted: np.ndarray,
    measured: np.ndarray,
    times: np.ndarray,
    delay: Delay,
    *,
    size: np.ndarray | None = None,
    past: np.ndarray | None = None,
    counts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions (n,) with the last known error carried over; summed costs (kinds, shares) afterwards.

    Each row uses only errors known when it is predicted. measured: (n,), NaN where unknown. size (n,): of
    usual residuals; without it all errors are of one kind. past: (kinds, shares) summed `share_costs` of
    earlier errors. counts: (n,) bool, rows whose errors choose the share; errors of rows that a model has
    learned from are too small to do so. An error that is n delays old is carried by the n-th power of the
    share, so that it fades over a gap.
    """
    error = measured - predicted
    is_measured = np.isfinite(error)
    last, age = last_known(times, is_measured, delay)
    before = np.maximum(last, 0)
    last_error = np.where(last >= 0, error[before], 0.0)
    kind = np.zeros(len(error), int) if size is None else kind_of(last_error, size[before])
    fresh = is_measured & (age == 1.0) & (True if counts is None else counts)
    costs = share_costs(np.where(is_measured, error, 0.0), last_error, kind) * fresh[:, None, None]
    start = np.zeros((KINDS, len(SHARES))) if past is None else past
    summed = start + np.concatenate([np.zeros((1, KINDS, len(SHARES))), np.cumsum(costs, axis=0)])
    share = SHARES[summed[last + 1, kind].argmin(axis=1)]
    share = np.where(age <= OLDEST, share ** np.minimum(age, OLDEST), 0.0)
    return predicted + share * last_error, summed[-1]
