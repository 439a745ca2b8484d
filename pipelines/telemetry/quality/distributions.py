"""The distribution of a point's readings day by day: what a change of unit moves as a whole."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray

DAY_US = 86_400_000_000
QUANTILES = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
MIDDLE = 2  # of QUANTILES
DAYS = 3  # on either side, whose median distribution is compared: one odd day does not count
LEAST_READINGS = 8  # of a day that counts
RUNNING = 0.05  # of a day's largest reading: below it equipment stands still


@dataclass(frozen=True)
class Days:
    """Readings y (n,) at time (n,) µs; of d days with enough of them the number (d,) and QUANTILES (d, 5)."""

    time: Array
    y: Array
    day: Array
    quantiles: Array

    @cached_property
    def before(self) -> Array:
        """Median distribution (d, 5) of each day and the DAYS - 1 before it."""
        return _rolling(np.concatenate([np.full((DAYS - 1, len(QUANTILES)), np.nan), self.quantiles]))

    @cached_property
    def after(self) -> Array:
        """Median distribution (d, 5) of each day and the DAYS - 1 after it."""
        return _rolling(np.concatenate([self.quantiles, np.full((DAYS - 1, len(QUANTILES)), np.nan)]))

    def size(self, at_us: int) -> float:
        """How far the middle of the days moves at a time."""
        at = int(np.searchsorted(self.day, at_us // DAY_US))
        last = len(self.day) - 1
        old, new = self.before[max(min(at, last) - 1, 0)], self.after[min(at + 1, last)]
        return abs(float(new[MIDDLE] - old[MIDDLE]))

    def moves_apart_from(self, at_us: list[int]) -> Array:
        """How far the middle moves from day to day, except about these times."""
        moves = np.abs(np.diff(self.quantiles[:, MIDDLE]))
        about = np.array(at_us, dtype=np.int64)[:, None] // DAY_US
        return moves[(np.abs(self.day[1:] - about) > DAYS).all(axis=0)]


def as_they_are(time_us: Array, value: Array) -> Days:
    """Readings value (n,) at time_us (n,), sorted, without NaN."""
    return Days(time_us, value, *_distributions(time_us, value))


def logarithms(time_us: Array, value: Array) -> Days:
    """Logarithms of what was read while running: noise of idle equipment says nothing about a factor."""
    number, day = np.unique(time_us // DAY_US, return_inverse=True)
    highest, lowest = np.zeros(len(number)), np.zeros(len(number))
    np.maximum.at(highest, day, value)
    np.minimum.at(lowest, day, value)
    idle = np.maximum(RUNNING * highest, -2.0 * lowest)
    runs = value > idle[day]
    # The day of the step holds readings in both units: there the smaller unit's neighbouring day says what runs.
    loose = np.minimum(idle, np.minimum(np.append(idle[1:], np.inf), np.insert(idle[:-1], 0, np.inf)))
    loosely = (value > loose[day]) & (value > 0.0)
    return Days(time_us[loosely], np.log(value[loosely]), *_distributions(time_us[runs], np.log(value[runs])))


def _distributions(time_us: Array, y: Array) -> tuple[Array, Array]:
    day = time_us // DAY_US
    in_order = y[np.lexsort((y, day))]
    number, first, count = np.unique(day, return_index=True, return_counts=True)
    enough = count >= LEAST_READINGS
    number, first, count = number[enough], first[enough], count[enough]
    return number, in_order[first[:, None] + np.round(QUANTILES * (count[:, None] - 1)).astype(int)]


def _rolling(padded: Array) -> Array:
    return np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, DAYS, axis=0), axis=2)


def noise(y: Array) -> float:
    """Robust deviation of what changes between neighbouring readings (n,)."""
    return 1.4826 * float(np.median(np.abs(np.diff(y)))) if len(y) > 1 else 0.0


def level_at_start(y: Array, count: int) -> float:
    """Median of the first `count` readings of y (n,), carried to where they begin by what the next ones are off it."""
    level, further = float(np.median(y[:count])), y[count : 2 * count]
    return level - (float(np.median(further)) - level) / 2.0 if len(further) == count else level
