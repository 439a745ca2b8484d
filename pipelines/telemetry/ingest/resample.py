"""Readings at any times to means over the intervals of the site's table, and how much of each interval they cover."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

REACH = 1.5  # steps of the source across which two readings still say what lay between
LONGEST_REACH_US = 24 * 3_600_000_000
ENOUGH = 0.5  # share of an interval that energy or a held value must cover


@dataclass(frozen=True)
class Grid:
    """Intervals of equal length: [start, start + step), ... in µs UTC."""

    start_us: int
    step_us: int
    count: int

    @property
    def end_us(self) -> int:
        """End of the last interval, µs UTC."""
        return self.start_us + self.step_us * self.count

    def index(self, time_us: np.ndarray) -> np.ndarray:
        """[n] interval of each time [n] (µs UTC); negative or beyond `count` where outside."""
        return (time_us - self.start_us) // self.step_us

    def end_of(self, time_us: np.ndarray) -> np.ndarray:
        """[n] end (µs UTC) of the interval that each time [n] lies in."""
        return self.start_us + (self.index(time_us) + 1) * self.step_us


class Means(NamedTuple):
    """Means [count] over intervals, NaN where unknown, and the share [count] of each interval that was measured.

    A value between two readings, or one that stands for others, fills an interval and measures none of it.
    """

    value: np.ndarray
    measured: np.ndarray

    @staticmethod
    def none(grid: Grid) -> "Means":
        """Nothing known."""
        return Means(np.full(grid.count, np.nan), np.zeros(grid.count))


def reach_us(step_us: np.ndarray) -> np.ndarray:
    """[n - 1] longest gap between neighbouring readings that is bridged."""
    return np.minimum(REACH * np.maximum(step_us[1:], step_us[:-1]), LONGEST_REACH_US)


def sampled(time_us: np.ndarray, value: np.ndarray, step_us: np.ndarray, grid: Grid) -> Means:
    """Mean of the samples in each interval, each weighted by the time around it.

    An interval between two samples less than 1.5 source steps apart gets the line's value at its middle.
    """
    if not len(time_us):
        return Means.none(grid)
    index, spacing_us = grid.index(time_us), _spacing_us(time_us, step_us, grid.step_us)
    mean = _weighted_mean(index, value, spacing_us, grid.count)
    speaks_us = np.minimum(
        spacing_us, step_us
    )  # a lone sample speaks for its own step, not for what is missing
    inside = (index >= 0) & (index < grid.count)
    measured = np.bincount(index[inside], speaks_us[inside], grid.count) / grid.step_us
    empty = np.flatnonzero(np.isnan(mean))
    middle = grid.start_us + empty * grid.step_us + grid.step_us // 2
    right = np.searchsorted(time_us, middle)
    inside = (right > 0) & (right < len(time_us))
    empty, middle, right = empty[inside], middle[inside], right[inside]
    near = time_us[right] - time_us[right - 1] <= reach_us(step_us)[right - 1]
    empty, middle, right = empty[near], middle[near], right[near]
    share = (middle - time_us[right - 1]) / (time_us[right] - time_us[right - 1])
    mean[empty] = value[right - 1] + share * (value[right] - value[right - 1])
    # Between readings of a source slower than the table, what lies between is no gap.
    slow = step_us[right] > grid.step_us
    measured[empty[slow]] = 1.0
    return Means(mean, _share(measured))


def _share(measured: np.ndarray) -> np.ndarray:
    """At most the whole; a logger a second off its step still measures all of it."""
    return np.where(measured > 0.97, 1.0, measured)


def _spacing_us(time_us: np.ndarray, step_us: np.ndarray, interval_us: int) -> np.ndarray:
    """Half the way to the readings before and after; to one beyond an interval, half the source's step."""
    gap = np.diff(time_us)
    near = gap <= np.maximum(reach_us(step_us), interval_us)
    after = np.append(np.where(near, gap, step_us[:-1]), step_us[-1])
    before = np.append(step_us[0], np.where(near, gap, step_us[1:]))
    return (before + after) / 2


def _weighted_mean(index: np.ndarray, value: np.ndarray, weight: np.ndarray, count: int) -> np.ndarray:
    inside = (index >= 0) & (index < count)
    index, value, weight = index[inside], value[inside], weight[inside]
    total, weights = (np.bincount(index, part, count) for part in (weight * value, weight))
    mean = np.divide(total, weights, out=np.full(count, np.nan), where=weights > 0)
    single = np.bincount(index, minlength=count) == 1
    mean[single] = np.bincount(index, value, count)[single]  # as it was read, not times and over its weight
    return mean


def held(time_us: np.ndarray, value: np.ndarray, step_us: np.ndarray, grid: Grid) -> Means:
    """Time-weighted mean of a switch or a setpoint, which keeps each sample until the next one.

    Across a gap of more than 1.5 source steps a sample speaks for its own interval only.
    """
    if not len(time_us):
        return Means.none(grid)
    own = grid.end_of(time_us)
    until = np.append(np.where(np.diff(time_us) <= reach_us(step_us), time_us[1:], own[:-1]), own[-1])
    return spread(time_us, until, value, grid, enough=0.0)


def held_until_change(
    time_us: np.ndarray, value: np.ndarray, alive_us: np.ndarray, longest_us: int, grid: Grid
) -> Means:
    """Time-weighted mean of a change-of-value log; a NaN value ends the hold of the one before.

    A value holds until the next one, at most `longest_us`, and not beyond the last time in that span at which
    its source wrote anything (`alive_us`, sorted) or the end of its own interval.
    """
    if not len(time_us):
        return Means.none(grid)
    limit = time_us + longest_us
    alive = alive_us[np.searchsorted(alive_us, limit, side="right") - 1]
    last = np.minimum(np.maximum(alive, grid.end_of(time_us)), limit)
    until = np.minimum(np.append(time_us[1:], np.iinfo(np.int64).max), last)
    known = ~np.isnan(value)
    return spread(time_us[known], until[known], value[known], grid)


def spread(
    start_us: np.ndarray,
    end_us: np.ndarray,
    value: np.ndarray,
    grid: Grid,
    *,
    enough: float = ENOUGH,
    measured: np.ndarray | None = None,
) -> Means:
    """Time-weighted mean of values holding over [start, end); NaN where under `enough` of an interval is covered.

    measured: whether each value is a measurement; all are where absent.
    """
    inside = (end_us > grid.start_us) & (start_us < grid.end_us) & (end_us > start_us)
    start, end = np.maximum(start_us[inside], grid.start_us), np.minimum(end_us[inside], grid.end_us)
    first, last = grid.index(start), grid.index(end - 1)
    pieces = last - first + 1
    of = np.repeat(np.arange(len(start)), pieces)
    index = first[of] + np.arange(len(of)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    edge = grid.start_us + index * grid.step_us
    length = (np.minimum(end[of], edge + grid.step_us) - np.maximum(start[of], edge)).astype(float)
    mean = _weighted_mean(index, value[inside][of], length, grid.count)
    covered = np.bincount(index, length, grid.count)
    mean[covered < enough * grid.step_us] = np.nan
    if measured is not None:
        covered = np.bincount(index, length * measured[inside][of], grid.count)
    share = np.where(np.isnan(mean), 0.0, covered / grid.step_us)
    return Means(mean, _share(share))
