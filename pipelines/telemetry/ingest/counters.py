"""Cumulative energy counters: power from differences, through resets, rollovers, spikes, dropouts and new devices.

Only what is near in time decides (`NEAR_US`), so that a day comes out the same whatever else is derived with it.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.site.file import Point
from pipelines.telemetry.ingest.reasons import CODE, COUNTER_RESET, OUT_OF_RANGE
from pipelines.telemetry.ingest.series import HOUR_US, Series

# What a counter shows for less than this and then takes back was never counted.
COUNTER_DROPOUT_US = 24 * HOUR_US
NEAR_US = 48 * HOUR_US
# A difference is possible up to this many times the largest others near it; alone and beyond the second, it is another
# device or a slipped digit.
POSSIBLE, ALONE = 3.0, 10.0
FEWEST = 6  # other differences that such a judgement needs
# Where registers wrap, in the unit that they are exported in.
WIDTHS = np.array([*(10.0**digits for digits in range(3, 13)), *(2.0**bits for bits in (16, 24, 31, 32))])


@dataclass(frozen=True)
class Spans:
    """[n] start, end (µs) and mean power (kW); measured: False where it stands for energy that a reset took with it."""

    start_us: np.ndarray
    end_us: np.ndarray
    power_kw: np.ndarray
    measured: np.ndarray


@dataclass
class _Counter:
    """Good readings [n] on their way to differences. time_us, energy_kwh, index (into the series)."""

    time_us: np.ndarray
    energy_kwh: np.ndarray
    index: np.ndarray

    def __post_init__(self) -> None:
        self.hours = np.diff(self.time_us) / HOUR_US
        self.step_kwh = np.diff(self.energy_kwh)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.power_kw = self.step_kwh / self.hours
        falls = self.step_kwh < 0
        self.beside_fall = falls | np.append(falls[1:], False) | np.append(False, falls[:-1])

    def others_kw(self, at: int) -> np.ndarray:
        """Powers near the difference `at`, itself and those beside a fall left out, ascending."""
        near = slice(*np.searchsorted(self.time_us, [self.time_us[at] - NEAR_US, self.time_us[at] + NEAR_US]))
        power, beside = self.power_kw[near], self.beside_fall[near].copy()
        if near.start <= at < near.start + len(beside):
            beside[at - near.start] = True
        return np.sort(power[~beside[: len(power)]])

    def most_kw(self, at: int) -> float:
        """The largest power that is possible near the difference `at`."""
        others = self.others_kw(at)
        return POSSIBLE * float(others[-1]) if len(others) and others[-1] > 0 else np.inf

    def possible(self, first: int, last: int, most_kw: float) -> bool:
        """Whether the counter can have gone from reading `first` to reading `last`."""
        rise = self.energy_kwh[last] - self.energy_kwh[first]
        hours = (self.time_us[last] - self.time_us[first]) / HOUR_US
        return bool(0 <= rise <= most_kw * hours)


def counter_power(point: Point, series: Series, longest_gap_us: np.ndarray) -> Spans:
    """Mean power between the readings of a counter.

    longest_gap_us: [readings]; the energy of a longer gap is not spread: when it was used is not known.
    Readings that the counter takes back (too high or too low for less than a day) are marked and left out. A fall that
    stays is a rollover where the way over a register's end is possible; a reset where the reading can have been counted
    since; else another device, whose first difference is lost. What was used between the last reading before a reset
    and the reset itself is no longer in the counter: the power before stands for it, not measured.
    """
    slope, _ = point.to_canonical
    _mark_taken_back(series)
    good = np.flatnonzero(series.good)
    counter = _Counter(series.time_us[good], series.value[good], good)
    start, end = counter.time_us[:-1].copy(), counter.time_us[1:]
    power_kw, filled = counter.power_kw.copy(), []
    for at in np.flatnonzero(counter.step_kwh < 0):
        power_kw[at], start[at], fill = _over_a_fall(counter, int(at), point, slope)
        filled += fill
        if np.isnan(power_kw[at]) and not fill:
            series.reason[good[at + 1]] = CODE[COUNTER_RESET]
    low, high = point.limits
    wild = (power_kw > high) | (power_kw < low) | _other_device(counter)
    series.reason[good[1:][wild]] = CODE[OUT_OF_RANGE]
    gap_us = np.maximum(longest_gap_us[good[1:]], longest_gap_us[good[:-1]])
    near = counter.hours * HOUR_US <= gap_us
    use = ~wild & near & np.isfinite(power_kw) & (end > start)
    fills = [(a, b, kw) for a, b, kw, at in filled if near[at] and b > a]
    added = np.array(fills, dtype=[("start", np.int64), ("end", np.int64), ("kw", np.float64)])
    starts, ends = np.append(start[use], added["start"]), np.append(end[use], added["end"])
    powers, measured = np.append(power_kw[use], added["kw"]), np.arange(len(ends)) < use.sum()
    order = np.argsort(ends, kind="stable")
    return Spans(starts[order], ends[order], powers[order], measured[order])


def _mark_taken_back(series: Series) -> None:
    """Mark readings too high or too low that the counter takes back within a day."""
    good = np.flatnonzero(series.good)
    counter = _Counter(series.time_us[good], series.value[good], good)
    done = 0
    for fall in np.flatnonzero(counter.step_kwh < 0):
        at = int(fall) + 1  # the first lower reading
        if at <= done:
            continue
        first, last = _too_high(counter, at) or _too_low(counter, at) or (0, 0)
        series.reason[good[first:last]] = CODE[COUNTER_RESET]
        done = max(done, last)


def _too_high(counter: _Counter, at: int) -> tuple[int, int] | None:
    """Readings [first, at) that jumped up impossibly and are taken back at `at`."""
    most_kw = counter.most_kw(at - 1)
    earliest = int(np.searchsorted(counter.time_us, counter.time_us[at] - COUNTER_DROPOUT_US))
    for before in range(at - 2, earliest - 1, -1):
        if counter.energy_kwh[before] <= counter.energy_kwh[at]:
            jumped = not counter.possible(before, before + 1, most_kw)
            return (before + 1, at) if jumped and counter.possible(before, at, most_kw) else None
    return None


def _too_low(counter: _Counter, at: int) -> tuple[int, int] | None:
    """Readings [at, last) from which the counter jumps back, impossibly, to where it was."""
    most_kw = counter.most_kw(at - 1)
    until = int(np.searchsorted(counter.time_us, counter.time_us[at] + COUNTER_DROPOUT_US, side="right"))
    back = np.flatnonzero(counter.energy_kwh[at:until] >= counter.energy_kwh[at - 1])
    if not len(back):
        return None
    last = at + int(back[0])
    if not np.isfinite(most_kw):  # nothing to compare with but what a dropout would mean
        hours = (counter.time_us[last] - counter.time_us[at - 1]) / HOUR_US
        most_kw = ALONE * (counter.energy_kwh[last] - counter.energy_kwh[at - 1]) / hours
    if counter.possible(last - 1, last, most_kw) or not counter.possible(at - 1, last, most_kw):
        return None
    return at, last


def _over_a_fall(
    counter: _Counter, at: int, point: Point, slope: float
) -> tuple[float, int, list[tuple[int, int, float, int]]]:
    """Power (kW, NaN unknown) of the difference `at`, a fall; from when; and what stands for energy that was lost."""
    start, end = int(counter.time_us[at]), int(counter.time_us[at + 1])
    before, after = float(counter.energy_kwh[at]), float(counter.energy_kwh[at + 1])
    hours, most_kw = float(counter.hours[at]), counter.most_kw(at)
    rolled = _rolled_kwh(before, after, point, slope)
    if rolled is not None and rolled <= most_kw * hours:
        return rolled / hours, start, []
    if not 0 <= after <= most_kw * hours:
        return np.nan, start, []
    earlier, later = (_power_at(counter, at + shift) for shift in (-1, 1))
    rate_kw = later if later > 0 else earlier
    counted = max(start, end - round(after / rate_kw * HOUR_US)) if rate_kw > 0 else end
    known = np.isfinite(earlier)
    fill = [(start, counted, earlier if known else later, at)] if known or np.isfinite(later) else []
    power_kw = after / ((end - counted) / HOUR_US) if end > counted else np.nan
    return power_kw, counted, fill


def _rolled_kwh(before: float, after: float, point: Point, slope: float) -> float | None:
    """What was counted over the end of the register; None where the reading was not near one."""
    if point.rollover is not None:
        width = point.rollover * slope
        return width - before + after if after - before + width < width / 2 else None
    widths = WIDTHS * slope
    near = widths[(before < widths) & (before > 0.9 * widths) & (after < 0.1 * widths)]
    return float(near[0]) - before + after if len(near) else None


def _power_at(counter: _Counter, at: int) -> float:
    """Power of a difference, NaN where there is none or it is a fall."""
    if not 0 <= at < len(counter.power_kw) or counter.step_kwh[at] < 0:
        return np.nan
    return float(counter.power_kw[at])


def _other_device(counter: _Counter) -> np.ndarray:
    """Differences [n - 1] far beyond every other one near them: a device with another count, or a digit more."""
    power = counter.power_kw
    beside = np.maximum(np.append(power[1:], 0.0), np.append(0.0, power[:-1]))
    found = np.zeros(len(power), bool)
    for at in np.flatnonzero((power > ALONE * np.maximum(beside, 0.0)) & (power > 0)):
        others = counter.others_kw(int(at))
        positive = others[others > 0]
        if len(positive) >= FEWEST and power[at] > ALONE * positive[-1]:
            found[at] = True
    return found
