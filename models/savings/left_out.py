"""Placebo periods: windows of the baseline, each predicted by a fit that has not seen it nor the day next to it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.savings.hours import WEEK_HOURS, Array, Hours

LEAST_WINDOWS = 9  # with fewer no quantile of them is a 90 % one
LONGEST_WEEKS = 4
BESIDE_H = 24  # next to a window, not fitted to: neighbours in time are alike
LEAST_KNOWN = 0.5  # of a window's hours


class Model(Protocol):
    """A counterfactual that was fitted to a baseline."""

    def predict(self, hours: Hours) -> Array:
        """Expected power (n,), kW; NaN where an input is unknown."""
        ...


class Candidate(Protocol):
    """A way to make a counterfactual."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        ...

    @property
    def complexity(self) -> int:
        """Among equals the simplest is taken."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Outdoor temperatures that it needs: drybulb, wetbulb."""
        ...

    def fit(self, hours: Hours) -> Model:
        """Fitted to hours with power; raises ValueError or TooFewRowsError where there are too few."""
        ...

    def left_out(self, hours: Hours) -> "LeftOut":
        """Hours predicted by fits that have not seen them; `refitted` where a fit costs little."""
        ...


@dataclass(frozen=True)
class LeftOut:
    """Predictions of hours by fits that have not seen them.

    window (n,): number of the window of each hour; predicted_kw (n,): NaN where an input is unknown.
    """

    window: Array
    predicted_kw: Array

    def errors_kw(self, hours: Hours) -> Array:
        """Expected less measured power (n,), NaN where unknown: a saving that is none."""
        return self.predicted_kw - hours.power_kw


def windows_of(hours: Hours, least: int = LEAST_WINDOWS) -> Array:
    """Number of the window of each hour (n,): whole weeks from the first hour on, 1 to 4 of them."""
    weeks = max(1, int(hours.hour[-1] - hours.hour[0] + 1) // WEEK_HOURS)
    length = int(np.clip(weeks // least, 1, LONGEST_WEEKS))
    windows = max(1, weeks // length)
    return np.minimum((hours.hour - hours.hour[0]) // (length * WEEK_HOURS), windows - 1).astype(int)


def refitted(candidate: Candidate, hours: Hours) -> LeftOut:
    """Every window of the baseline predicted without it."""
    window = windows_of(hours)
    predicted = np.full(len(hours), np.nan)
    for number in range(int(window.max()) + 1):
        inside = window == number
        if not inside.any():
            continue
        first, last = hours.hour[inside][[0, -1]]
        apart = (hours.hour < first - BESIDE_H) | (hours.hour > last + BESIDE_H)
        predicted[inside] = candidate.fit(hours.where(apart)).predict(hours.where(inside))
    return LeftOut(window, predicted)
