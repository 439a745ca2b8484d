"""The forms that baselines of measurement and verification take: each makes columns of a linear regression.

Building libraries know weather and time of the week only. A data center is driven by its load, so that every form has
load as a driver where it is metered: the weather's slope is per load, for heat has to be rejected at what the weather
makes it cost.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from models.savings.hours import WEEK_HOURS, Array, Hours

Weather = Literal["drybulb", "wetbulb"]
Kind = Literal["3PC", "3PH", "4P", "5P"]
SIDES: dict[Kind, int] = {"3PC": 1, "3PH": 1, "4P": 2, "5P": 2}  # slopes


class Form(Protocol):
    """Columns of a regression."""

    @property
    def weather(self) -> tuple[Weather, ...]:
        """The outdoor temperatures that it needs."""
        ...

    def columns(self, hours: Hours) -> Array:
        """Columns (n, p) for hours (n,); NaN where an input is unknown."""
        ...


@dataclass(frozen=True)
class ChangePoint:
    """Change-point regression on an outdoor temperature, with load where it is metered.

    3P: flat to the change point and a slope above (3PC, cooling) or below it (3PH, heating); 4P: two slopes that
    meet; 5P: flat between two change points. Kissock, Haberl and Claridge 2003, "Inverse Modeling Toolkit: Numerical
    Algorithms", ASHRAE Transactions 109(2); ASHRAE Guideline 14-2014, Annex D. With load l over its mean: power = a +
    b l + l (slope above) max(T - T_high, 0) + l (slope below) max(T_low - T, 0). points_c: (low, high) change points,
    equal but for 5P. load_kw: mean load of the baseline; None without load.
    """

    kind: Kind
    air: Weather
    points_c: tuple[float, float]
    load_kw: float | None

    @property
    def weather(self) -> tuple[Weather, ...]:
        """The outdoor temperature of the form."""
        return (self.air,)

    def columns(self, hours: Hours) -> Array:
        """Columns (n, 1 + load + slopes)."""
        air_c = hours.air(self.air)
        above = np.maximum(air_c - self.points_c[1], 0.0)
        below = np.maximum(self.points_c[0] - air_c, 0.0)
        sides = {"3PC": [above], "3PH": [below], "4P": [above, below], "5P": [above, below]}[self.kind]
        ones = np.ones(len(hours))
        if self.load_kw is None:
            return np.column_stack([ones, *sides])
        load = hours.load_kw / self.load_kw
        return np.column_stack([ones, load, *(load * side for side in sides)])


@dataclass(frozen=True)
class TimeOfWeek:
    """Time of the week and temperature: a level for each hour of the week, straight pieces over an outdoor
    temperature.

    Mathieu, Price, Kiliccote and Piette 2011, "Quantifying changes in building electricity use, with application to
    demand response", IEEE Transactions on Smart Grid 2(3). With load l over its mean, also l, l squared, and pieces
    per load. knots_c: where pieces meet. load_kw: mean load of the baseline; None without load.
    """

    air: Weather
    knots_c: tuple[float, ...]
    load_kw: float | None
    of_hours: bool = True

    @property
    def weather(self) -> tuple[Weather, ...]:
        """The outdoor temperature of the form."""
        return (self.air,)

    def columns(self, hours: Hours) -> Array:
        """Columns (n, p)."""
        air_c = hours.air(self.air)
        bends = np.maximum(air_c[:, None] - np.array(self.knots_c), 0.0)
        pieces = np.column_stack([air_c, bends])
        parts: list[Array] = [np.ones((len(hours), 1))]
        if self.of_hours:
            parts = [np.eye(WEEK_HOURS)[hours.week_hour]]
        if self.load_kw is None:
            return np.column_stack([*parts, pieces])
        load = (hours.load_kw / self.load_kw)[:, None]
        return np.column_stack([*parts, load, load**2, pieces, load * pieces])
