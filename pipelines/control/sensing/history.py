"""Readings of the last hours, and what is derived from their course."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from models.safety.types import Course

KEPT = timedelta(hours=3)
WINDOW = timedelta(hours=1)  # over which load and temperatures are averaged
NEWEST = timedelta(minutes=30)  # over which weather is averaged
TREND = timedelta(minutes=90)
MOST_RISE_K = 3.0  # of wetbulb within an hour that a trend may predict
CONFIRMED_BY = 2  # readings in a row before equipment counts as stopped
TOLERANCE_K = 1.0  # that a rack inlet may read below the value implied by supply air


@dataclass(frozen=True)
class History:
    """Plant quantities by time, oldest first; canonical units. Immutable: adding a reading gives a new history."""

    readings: tuple[tuple[datetime, dict[str, float]], ...] = ()

    def with_reading(self, at: datetime, quantities: dict[str, float]) -> "History":
        """The history with one more reading; a late one takes its place in time, one of the same time is replaced."""
        kept = [one for one in self.readings if one[0] != at and one[0] > at - KEPT]
        return History(tuple(sorted([*kept, (at, quantities)], key=lambda one: one[0])))

    def before(self, at: datetime) -> "History":
        """What was read before a time."""
        return History(tuple(one for one in self.readings if one[0] < at))

    def recent(self, name: str, at: datetime, window: timedelta = WINDOW) -> list[tuple[float, float]]:
        """(hours before `at`, value) of a quantity's readings in the window, oldest first."""
        return [
            ((at - when).total_seconds() / 3600.0, quantities[name])
            for when, quantities in self.readings
            if name in quantities and timedelta(0) <= at - when < window
        ]

    def mean(self, name: str, at: datetime, window: timedelta = WINDOW) -> float:
        """Mean over the window, NaN where nothing was read."""
        values = [value for _, value in self.recent(name, at, window)]
        return float(np.mean(values)) if values else math.nan

    def rise_per_hour(self, name: str, at: datetime) -> float:
        """Rise of a quantity per hour by the trend of its last readings; 0 where it falls or has fewer than four."""
        points = self.recent(name, at, TREND)
        if len(points) < 4:
            return 0.0
        ago, values = np.array(points).T
        spread = ago - ago.mean()
        slope = -float((spread * values).sum() / max((spread**2).sum(), 1e-9))
        return float(np.clip(slope, 0.0, MOST_RISE_K))

    def below(self, name: str, limit: float, at: datetime) -> bool:
        """Whether the last two readings of a quantity both lie below a limit."""
        values = [value for _, value in self.recent(name, at)][-CONFIRMED_BY:]
        return len(values) == CONFIRMED_BY and max(values) < limit


def inlet_course(history: History, at: datetime, rise_k: float | None) -> Course:
    """(hours ago, °C) of the warmest rack inlet in the last hour: the reading, but no colder than supply air implies.

    rise_k: rack inlet over supply air; None where it is unknown; then only the reading counts. A sensor that reads too
    cold, or is missing, must not hide a warm hall.
    """
    measured = dict(history.recent("rack_inlet_c", at))
    if rise_k is None:
        return tuple(measured.items())
    supplied = {ago: value + rise_k - TOLERANCE_K for ago, value in history.recent("supply_air_c", at)}
    hours = sorted(measured.keys() | supplied.keys(), reverse=True)
    return tuple((ago, max(part[ago] for part in (measured, supplied) if ago in part)) for ago in hours)
