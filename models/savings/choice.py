"""Which counterfactual is believed: the simplest whose error on days it has not seen is within noise of the least."""

import numpy as np

from models.savings.hours import WEEK_HOURS, Array, Hours
from models.savings.left_out import LeftOut

NOISE = 1.0  # standard errors


def weekly_errors(left: LeftOut, hours: Hours) -> Array:
    """Mean squared error of days (kW squared) in each week (weeks,): of the mean over a day; NaN without a full day."""
    error = left.errors_kw(hours)
    day = (hours.hour // 24).astype(int)
    day -= day[0]
    known = np.isfinite(error)
    count = np.bincount(day[known], minlength=day[-1] + 1)
    mean = np.where(
        count >= 12, np.bincount(day[known], error[known], day[-1] + 1) / np.maximum(count, 1), np.nan
    )
    week = np.arange(len(mean)) // (WEEK_HOURS // 24)
    good = np.isfinite(mean)
    days = np.bincount(week[good], minlength=week[-1] + 1)
    return np.where(
        days > 0, np.bincount(week[good], mean[good] ** 2, week[-1] + 1) / np.maximum(days, 1), np.nan
    )


def simplest_within_noise(errors: list[Array], complexity: list[int]) -> int:
    """Position of the candidate taken: errors, a list of weekly errors (weeks,) each; complexity, a number each.

    A candidate is within noise where its errors exceed those of the best by no more than the standard error of the
    difference over the weeks (the one-standard-error rule, Breiman et al. 1984, "Classification and regression trees",
    3.4.3).
    """
    means = [float(np.nanmean(each)) for each in errors]
    best = int(np.nanargmin(means))

    def within(position: int) -> bool:
        more = errors[position] - errors[best]
        more = more[np.isfinite(more)]
        return bool(more.mean() <= NOISE * more.std(ddof=1) / np.sqrt(len(more))) if len(more) > 1 else False

    near = [position for position in range(len(errors)) if position == best or within(position)]
    return min(near, key=lambda position: (complexity[position], means[position]))
