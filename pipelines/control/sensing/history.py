"""The controller's short memory: what was read in the last hours, and the present as the model needs it."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from models.safety.types import Course

TOLERANCE_K = 1.0  # that a rack inlet may read below what supply air makes it

KEPT = timedelta(hours=3)
WINDOW = timedelta(hours=1)  # over which load and temperatures are averaged
NEWEST = timedelta(minutes=30)  # over which weather is
TREND = timedelta(minutes=90)
MOST_RISE_K = 3.0  # of wetbulb within the hour that a trend may foretell
TOLD_TWICE = 2  # readings in a row before equipment is believed to stand


@dataclass
class Memory:
    """Readings by time, oldest first."""

    readings: list[tuple[datetime, dict[str, float]]] = field(default_factory=list)

    def add(self, at: datetime, reading: dict[str, float]) -> None:
        """Remember a reading; a late one takes its place in time."""
        kept = [(when, what) for when, what in self.readings if when != at and when > at - KEPT]
        self.readings = sorted([*kept, (at, reading)], key=lambda one: one[0])

    def recent(self, name: str, at: datetime, window: timedelta = WINDOW) -> list[tuple[float, float]]:
        """(hours before `at`, value) of what is known of a quantity in the window, oldest first."""
        return [
            ((at - when).total_seconds() / 3600.0, what[name])
            for when, what in self.readings
            if name in what and timedelta(0) <= at - when < window
        ]

    def mean(self, name: str, at: datetime, window: timedelta = WINDOW) -> float:
        """Mean over the window, NaN where nothing is known."""
        values = [value for _, value in self.recent(name, at, window)]
        return float(np.mean(values)) if values else math.nan

    def rise_per_hour(self, name: str, at: datetime) -> float:
        """Rise of a quantity per hour by the trend of its last readings; 0 where it falls or too few are known."""
        points = self.recent(name, at, TREND)
        if len(points) < 4:
            return 0.0
        ago, values = np.array(points).T
        spread = ago - ago.mean()
        slope = -float((spread * values).sum() / max((spread**2).sum(), 1e-9))
        return float(np.clip(slope, 0.0, MOST_RISE_K))

    def below(self, name: str, limit: float, at: datetime) -> bool:
        """Whether the last readings of a quantity all lie below a limit."""
        values = [value for _, value in self.recent(name, at)][-TOLD_TWICE:]
        return len(values) == TOLD_TWICE and max(values) < limit


def inlet_course(memory: Memory, at: datetime, rise_k: float | None) -> Course:
    """(hours ago, °C) of the last hour: the reading, but no colder than supply air allows.

    rise_k: rack inlet over supply air; None where it is not known, and the reading is all there is. A sensor that reads
    too cold, or is missing, must not hide a warm hall.
    """
    measured = dict(memory.recent("rack_inlet_c", at, WINDOW))
    if rise_k is None:
        return tuple(measured.items())
    supplied = {ago: value + rise_k - TOLERANCE_K for ago, value in memory.recent("supply_air_c", at, WINDOW)}
    hours = sorted(measured.keys() | supplied.keys(), reverse=True)
    return tuple((ago, max(part[ago] for part in (measured, supplied) if ago in part)) for ago in hours)
