"""The regressions that are tried on every baseline."""

from dataclasses import dataclass

import numpy as np

from models.savings.changepoint import best_changepoint, knots_c
from models.savings.forms import Form, TimeOfWeek, Weather
from models.savings.hours import Hours
from models.savings.left_out import LeftOut, refitted
from models.savings.regression import Regression, fitted


@dataclass(frozen=True)
class ChangePointCandidate:
    """3P to 5P on one outdoor temperature; which, and where the points lie, is found anew in each fit."""

    air: Weather
    complexity: int = 0

    @property
    def name(self) -> str:
        """For example `change-point wetbulb`."""
        return f"change-point {self.air}"

    @property
    def needs(self) -> tuple[Weather, ...]:
        """Outdoor temperatures that it needs."""
        return (self.air,)

    def form(self, hours: Hours) -> Form:
        """The form that fits these hours."""
        return best_changepoint(hours.where(hours.known((self.air,))), self.air)

    def fit(self, hours: Hours) -> Regression:
        """Fitted to hours with power. Raises ValueError where there are too few."""
        return fitted(self.form(hours), hours)

    def left_out(self, hours: Hours) -> LeftOut:
        """Every window predicted by a fit without it."""
        return refitted(self, hours)


@dataclass(frozen=True)
class PiecesCandidate:
    """Straight pieces over one outdoor temperature, with or without levels by hour of the week."""

    air: Weather
    of_hours: bool

    @property
    def complexity(self) -> int:
        """Levels by hour of the week are 168 more coefficients."""
        return 2 if self.of_hours else 1

    @property
    def name(self) -> str:
        """For example `time of week wetbulb`."""
        return f"{'time-of-week' if self.of_hours else 'piecewise'} {self.air}"

    @property
    def needs(self) -> tuple[Weather, ...]:
        """Outdoor temperatures that it needs."""
        return (self.air,)

    def form(self, hours: Hours) -> Form:
        """The form with its knots."""
        known = hours.where(hours.known((self.air,)))
        load_kw = float(np.mean(known.load_kw)) if known.has_load else None
        return TimeOfWeek(self.air, knots_c(known.air(self.air)), load_kw, self.of_hours)

    def fit(self, hours: Hours) -> Regression:
        """Fitted to hours with power. Raises ValueError where there are too few."""
        return fitted(self.form(hours), hours)

    def left_out(self, hours: Hours) -> LeftOut:
        """Every window predicted by a fit without it."""
        return refitted(self, hours)


def regressions(hours: Hours) -> list[ChangePointCandidate | PiecesCandidate]:
    """Every regression whose weather the baseline has, simplest first."""
    airs: list[Weather] = [air for air in ("wetbulb", "drybulb") if np.isfinite(hours.air(air)).any()]
    return [
        *(ChangePointCandidate(air) for air in airs),
        *(PiecesCandidate(air, of_hours=False) for air in airs),
        *(PiecesCandidate(air, of_hours=True) for air in airs),
    ]
