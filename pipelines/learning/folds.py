"""Which rows are learned from and which are judged: always whole stretches of time."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.efficiency.learn import LEAST_ROWS, LEAST_ROWS_PER_INPUT
from models.evaluate import last_fraction_of_each_segment

HoldOut = Literal["walk-forward", "every-fourth-week", "last-30-percent"]
WEEK = np.timedelta64(7, "D")
LAST_SHARE = 0.3


@dataclass(frozen=True)
class Fold:
    """Rows to learn from and rows to judge; bool (n,) each, never both."""

    train: np.ndarray
    test: np.ndarray


def folds(
    times: np.ndarray,
    hold_out: HoldOut,
    *,
    inputs: int,
    horizon: np.timedelta64,
    window_weeks: int | None = None,
) -> list[Fold]:
    """The folds of a record whose rows begin at `times` (datetime64, sorted); empty where it is too short.

    horizon: how far a row's target reaches beyond its time; rows whose target reaches into judged rows are not
    learned from. window_weeks: walk-forward learns from the last so many weeks only, else from all before.
    """
    week = (times - times[0]) // WEEK
    if hold_out == "last-30-percent":
        test = last_fraction_of_each_segment(times, fraction=LAST_SHARE)
        return [Fold(~test & ~_reaches_into(times, test, horizon), test)]
    if hold_out == "every-fourth-week":
        test = week % 4 == 3
        return [Fold(~test & ~_reaches_into(times, test, horizon), test)] if test.any() else []
    weekly = []
    for number in np.unique(week):
        test = week == number
        train = (times + horizon < times[test][0]) & (week < number)
        if window_weeks is not None:
            train &= times >= times[test][0] - window_weeks * WEEK
        # A quarter more than is needed to learn, since readings that break the energy balance are left out.
        if train.sum() >= 1.25 * max(LEAST_ROWS, LEAST_ROWS_PER_INPUT * inputs):
            weekly.append(Fold(train, test))
    return weekly


def _reaches_into(times: np.ndarray, test: np.ndarray, horizon: np.timedelta64) -> np.ndarray:
    if horizon == np.timedelta64(0, "m"):
        return np.zeros(len(times), bool)
    judged = times[test]
    following = np.searchsorted(judged, times, side="left")
    gap = np.where(following < len(judged), judged[np.minimum(following, len(judged) - 1)] - times, WEEK)
    return gap <= horizon
