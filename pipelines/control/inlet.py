"""The course of the worst rack inlet as the monitor believes it."""

from datetime import datetime

from models.safety.types import Course
from pipelines.control.memory import WINDOW, Memory

TOLERANCE_K = 1.0  # that a rack inlet may read below what supply air makes it


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
