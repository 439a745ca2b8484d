"""Which readings are used: sensors that are stuck or spike are left out and reported."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models.safety.sensors import spike, stuck
from pipelines.site.quantities import QUANTITIES
from pipelines.site.tags import Tag

PAST = timedelta(hours=24)
# Changes within an interval that are not physical; of loads as a share of the reading.
LEAPS = {
    "outdoor_drybulb_c": 4.0,
    "outdoor_wetbulb_c": 4.0,
    "outdoor_dew_point_c": 6.0,
    "outdoor_rh_frac": 0.3,
    "supply_air_c": 5.0,
    "rack_inlet_c": 5.0,
    "chw_supply_c": 6.0,
    "cw_supply_c": 10.0,
}
LOAD_LEAP = 0.5
LOADS = ("it_power_kw", "cooling_load_kw")
DANGEROUS = ("rack_inlet_c", "supply_air_c")  # a jump to a warmer reading is used at once
MISSES = 3  # rows in a row without a sensor that was there before
UNREADABLE_SHARE = 0.2  # of the sensors of one row

Course = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class SensorPast:
    """A day of every sensor, raw, oldest first, and for how many rows in a row each has been missing; by column."""

    values: Mapping[str, Course] = field(default_factory=dict)
    missed: Mapping[str, int] = field(default_factory=dict)

    def before(self, at: datetime) -> "SensorPast":
        """What was read before a time."""
        values = {name: tuple(one for one in course if one[0] < at) for name, course in self.values.items()}
        return SensorPast(values, self.missed)


class Validation:
    """Checks of a site's sensors against a day of their own past.

    tags: every point of the site. setpoints: tags of the setpoints, which may be constant and jump.
    """

    def __init__(self, tags: Iterable[Tag], setpoints: Iterable[str]) -> None:
        by_column = {tag.column: tag for tag in tags}
        written = set(setpoints)
        self._tags = by_column
        self._watched = {
            column: tag
            for column, tag in by_column.items()
            if tag.tag not in written and not tag.counter and _moves(tag)
        }

    def used(
        self, past: SensorPast, values: Mapping[str, Any], at: datetime
    ) -> tuple[SensorPast, dict[str, float], list[str]]:
        """The past with one row more, the row's usable values by column, and what was left out and why.

        values: canonical, by column; what is no finite number within the sensor's range is left out.
        """
        row = self._numbers(values)
        courses, notices, doubted = dict(past.values), [], set()
        for column, tag in self._watched.items():
            if column not in row:
                continue
            courses[column] = _with_reading(courses.get(column, ()), at, row[column])
            why = _doubt(tag, courses[column])
            if why:
                notices.append(f"{tag.tag} {why}")
                doubted.add(column)
        missed, unreadable = self._unreadable(past.missed, courses, row)
        usable = {column: value for column, value in row.items() if column not in doubted}
        return SensorPast(courses, missed), usable, notices + unreadable

    def _numbers(self, values: Mapping[str, Any]) -> dict[str, float]:
        row = {}
        for column, tag in self._tags.items():
            value = _number(values.get(column))
            if tag.low <= value <= tag.high:
                row[column] = value
        return row

    def _unreadable(
        self, missed: Mapping[str, int], courses: Mapping[str, Course], row: Mapping[str, float]
    ) -> tuple[dict[str, int], list[str]]:
        """Missing sensors that were read before: each is reported after a while, many together at once."""
        seen = [column for column in self._watched if courses.get(column)]
        counts = {column: 0 if column in row else missed.get(column, 0) + 1 for column in seen}
        missing = [column for column in seen if counts[column]]
        if len(missing) > UNREADABLE_SHARE * len(seen) and len(missing) > 1:
            return counts, [f"many tags cannot be read: {len(missing)} of {len(seen)}"]
        named = [self._watched[column].tag for column in missing if counts[column] >= MISSES]
        return counts, [f"{tag} cannot be read" for tag in named]


def _number(value: Any) -> float:
    if value is None or isinstance(value, str | bytes):
        return math.nan
    try:
        number = float(value)
    except Exception:  # a value of any type must not stop control
        return math.nan
    return number if math.isfinite(number) else math.nan


def _with_reading(course: Course, at: datetime, value: float) -> Course:
    kept = [one for one in course if at - PAST < one[0] and one[0] != at]
    if kept and kept[-1][0] > at:  # a late row takes its place in time
        return tuple(sorted([*kept, (at, value)]))
    return (*kept, (at, value))


def _doubt(tag: Tag, course: Course) -> str:
    values = [value for _, value in course]
    if stuck(values):
        return f"is stuck at {tag.exported(values[-1]):.4g}: not used"
    if _leaps(tag, values):
        return f"jumps to {tag.exported(values[-1]):.4g}: not used until it is confirmed"
    return ""


def _leaps(tag: Tag, values: list[float]) -> bool:
    if len(values) < 2 or (tag.quantity in DANGEROUS and values[-1] > values[-2]):
        return False
    floor = LOAD_LEAP * abs(values[-2]) if tag.quantity in LOADS else LEAPS.get(tag.quantity)
    return floor is not None and spike(values, floor)


def _moves(tag: Tag) -> bool:
    quantity = QUANTITIES[tag.quantity]
    return quantity.stuck_hours is not None or quantity.unit == "kW"
