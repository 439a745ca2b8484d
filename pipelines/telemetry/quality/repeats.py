"""Values that repeat to the last digit where noise never does: sentinels among idle readings, meters that stand."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.site.points import Point
from pipelines.telemetry.quality.distributions import noise
from pipelines.telemetry.quality.finding import Finding

Array = np.ndarray

OFTEN = 5  # repeats
FINE = 20  # different values within the noise of one; with fewer, readings have few digits or none lie there
FEW_EQUAL = 0.02  # share of readings equal to the one before, in readings of many digits
MUCH_OFTENER = 3.0  # than the values about it: a temperature at its setpoint is at its densest there
BY_CHANCE = 1e-3  # probability that any value of a point repeats as often
EQUAL_NEIGHBOURS = 0.2  # share of readings equal to the one before: more, and standing is its nature
MOSTLY = 0.5  # share of readings that stand: more, and it is a setting
STUCK_US = 24 * 3_600_000_000
DIGITS = 9  # of a reading that are looked at: beyond is the rounding of its conversion


@dataclass(frozen=True)
class Repeat:
    """A value that repeats exactly.

    count: readings of it; noise: deviation of neighbouring readings elsewhere; first_us, last_us: of its readings, µs.
    stuck: it stood all that time, and did not come and go.
    """

    value: float
    count: int
    noise: float
    first_us: int
    last_us: int
    stuck: bool


def repeated_values(time_us: Array, value: Array) -> list[Repeat]:
    """Values that repeat to the last digit in readings (n,) at time_us (n,), sorted; NaN is no reading.

    value: as exported, since sentinels are whole numbers there. A whole number that comes back among readings of many
    digits, more often than readings as dense as those around it would by chance, is a sentinel or a default; so is none
    at which readings are cut off, as a meter's at 0. A value other than 0 that stands for more than a day, where
    neighbours are hardly ever equal, is a meter that stands.
    """
    time_us, value = np.asarray(time_us, dtype=np.int64), np.asarray(value, dtype=float)
    known = np.isfinite(value)
    time_us, value = time_us[known], _rounded(value[known])
    if len(value) < 4 * OFTEN:
        return []
    return [*_standing(time_us, value), *_coming_back(time_us, value)]


def _rounded(value: Array) -> Array:
    largest = float(np.max(np.abs(value), initial=0.0))
    return value if largest == 0.0 else np.round(value, DIGITS - int(np.ceil(np.log10(largest))))


def _standing(time_us: Array, value: Array) -> Iterator[Repeat]:
    begins = np.flatnonzero(np.append(True, value[1:] != value[:-1]))
    ends = np.append(begins[1:], len(value)) - 1
    long = time_us[ends] - time_us[begins] > STUCK_US
    in_them = int((ends - begins)[long].sum())
    equal_elsewhere = len(value) - len(begins) - in_them
    extremes = (value.min(), value.max())
    by_nature = in_them > MOSTLY * len(value) or equal_elsewhere > EQUAL_NEIGHBOURS * max(
        len(value) - in_them, 1
    )
    if by_nature or not long.any():
        return
    for first, last in zip(begins[long], ends[long], strict=True):
        if value[first] != 0.0 and value[first] not in extremes and last - first >= OFTEN:
            count = int(last - first + 1)
            yield Repeat(
                float(value[first]), count, noise(value), int(time_us[first]), int(time_us[last]), stuck=True
            )


def _coming_back(time_us: Array, value: Array) -> Iterator[Repeat]:
    begins = np.append(True, value[1:] != value[:-1])
    length = np.diff(np.append(np.flatnonzero(begins), len(value)))
    lasted = np.diff(np.append(time_us[begins], time_us[-1])) > STUCK_US
    if int((length - 1)[~lasted].sum()) > FEW_EQUAL * len(value):
        return
    distinct, count = np.unique(value, return_counts=True)
    scatter = noise(value)
    for at in np.flatnonzero((count >= OFTEN) & (distinct == np.round(distinct))):
        low, high = np.searchsorted(distinct, [distinct[at] - scatter, distinct[at] + scatter])
        here = value == distinct[at]
        if (
            high - low == 1
        ):  # nothing else is read there: equipment that stands still does so for a while, and reads 0
            odd = distinct[at] != 0.0 and int(count[at]) < 2 * int((here & begins).sum())
        else:
            odd = not _cut_off(distinct, int(at), scatter) and _unlikely(
                count[low:high], int(count[at]), len(distinct)
            )
        if odd:
            first, *_, last = time_us[here]
            yield Repeat(float(distinct[at]), int(count[at]), scatter, int(first), int(last), stuck=False)


def _unlikely(around: Array, count: int, values: int) -> bool:
    """Whether chance repeats no value of a point so often: `around` has the counts of the values about this one.

    They may be the noise of idle equipment, and little of the record.
    """
    others = len(around) - 1
    each = (int(around.sum()) - count) / others
    return others >= FINE and count > MUCH_OFTENER * each and _tail(count, each) < np.log(BY_CHANCE / values)


def _tail(count: int, mean: float) -> float:
    """Logarithm of the most (Chernoff's bound) that a Poisson variable of this mean can be at least `count` with."""
    return count - mean - count * np.log(count / mean) if count > mean else 0.0


def _cut_off(distinct: Array, at: int, scatter: float) -> bool:
    """Whether readings end at a value, with others close to it: a limit."""
    close = np.abs(np.diff(distinct[max(at - 1, 0) : at + 2])).max(initial=0.0) < scatter
    return close and at in (0, len(distinct) - 1)


def repeats_of_points(site: Site, table: pd.DataFrame) -> Iterator[Finding]:
    """A finding for each value that repeats in a column of the interval table."""
    settable = {setpoint.tag for setpoint in site.setpoints}
    for point in site.points:
        chosen = (
            point.tag in settable or "_sp" in point.quantity or point.quantity.endswith(("_on", "_enable"))
        )
        if chosen or point.reading == "change":
            continue
        slope, offset = point.to_canonical
        readings = table[point.column].dropna()
        time_us = pd.DatetimeIndex(readings.index).as_unit("us").asi8
        for repeat in repeated_values(time_us, (readings.to_numpy(float) - offset) / slope):
            yield _finding(point, repeat)


def _finding(point: Point, repeat: Repeat) -> Finding:
    start, end = (pd.Timestamp(us, unit="us", tz="UTC") for us in (repeat.first_us, repeat.last_us))
    value, scatter = (
        f"{each} {point.unit}".strip() for each in (f"{repeat.value:.9g}", f"{repeat.noise:.2g}")
    )
    if repeat.stuck:
        hours = (end - start) / pd.Timedelta(hours=1)
        return Finding(
            "a reading that stands",
            point.column,
            f"reads exactly {value} for {hours:,.0f} h, while neighbours else differ by {scatter}",
            "look at the meter and its line; stuck_hours of the point in [[points]] keeps such readings out",
            start,
            end,
        )
    return Finding(
        "a value that may be a sentinel",
        point.column,
        f"reads exactly {value} {repeat.count} times, where neighbours differ by {scatter}",
        f"if nothing was read then, add the value to sentinels of source {point.source}, and ingest again",
        start,
        end,
    )
