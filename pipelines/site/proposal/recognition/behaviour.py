"""How the readings of a column behave: their spread, states, steps, and whether they only rise."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.site.proposal.recognition.column import Column

SENTINELS = (-9999.0, -999.0, -99.0, 999.0, 9999.0, 32767.0, -32768.0, 65535.0)
HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class Behaviour:
    """Readings of one column without sentinels and gaps, and their times (None where not known)."""

    numbers: np.ndarray
    times: np.ndarray | None

    @property
    def empty(self) -> bool:
        """No number at all."""
        return not len(self.numbers)

    @cached_property
    def percentiles(self) -> tuple[float, float, float]:
        """1st, 50th and 99th percentile; NaN without numbers."""
        if self.empty:
            return (np.nan, np.nan, np.nan)
        low, middle, high = np.percentile(self.numbers, [1, 50, 99])
        return float(low), float(middle), float(high)

    @cached_property
    def running(self) -> np.ndarray:
        """Readings other than zero, which idle equipment shows; all of them where nothing else is there."""
        nonzero = self.numbers[np.abs(self.numbers) > 1e-9]
        return nonzero if len(nonzero) else self.numbers

    @cached_property
    def on_off(self) -> bool:
        """No values but 0 and 1."""
        return not self.empty and bool(np.isin(self.numbers, (0.0, 1.0)).all())

    @cached_property
    def idle(self) -> bool:
        """Zero throughout: says nothing."""
        return not self.empty and not np.any(self.numbers)

    @cached_property
    def few_states(self) -> bool:
        """Small whole numbers only, as counts and states are."""
        if self.empty or self.numbers.min() < 0 or self.numbers.max() > 20:
            return False
        return bool(np.all(self.numbers == np.round(self.numbers)))

    @cached_property
    def constant(self) -> bool:
        """One value throughout."""
        return not self.empty and float(np.ptp(self.numbers)) == 0.0

    @cached_property
    def rises(self) -> bool:
        """A counter: rises only, except where it wraps or is reset, and holds much more than one step."""
        steps = np.diff(self.numbers)
        if len(steps) < 2 or not (steps > 0).any() or (steps >= 0).mean() <= 0.99:
            return False
        return bool(self.numbers[-1] > 10 * np.median(np.abs(steps)))

    @cached_property
    def steps_seldom(self) -> bool:
        """Stays at a value for most of the time, as a setpoint does."""
        steps = np.diff(self.numbers)
        return len(steps) > 4 and bool((np.abs(steps) < 1e-9).mean() > 0.6)

    @cached_property
    def daily_swing(self) -> float:
        """Share of the variation within days that repeats from day to day (0..1); 0 where times are not known."""
        if self.times is None or len(self.numbers) < 48:
            return 0.0
        days = self.times.astype("datetime64[D]")
        hours = ((self.times - days) / HOUR).astype(int)
        _, day_index = np.unique(days, return_inverse=True)
        if day_index.max() < 2:
            return 0.0
        count = np.bincount(day_index)
        anomaly = self.numbers - (np.bincount(day_index, self.numbers) / count)[day_index]
        seen = np.bincount(hours, minlength=24)
        profile = np.bincount(hours, anomaly, minlength=24) / np.maximum(seen, 1)
        total = float(np.var(anomaly))
        return float(np.var(profile[hours]) / total) if total > 0 else 0.0

    @cached_property
    def hourly_rise(self) -> float:
        """Of a counter: what it counts in an hour, median; NaN where times are not known."""
        if self.times is None or len(self.numbers) < 3:
            return np.nan
        hours = np.diff(self.times) / HOUR
        steps = np.diff(self.numbers)
        good = (hours > 0) & (steps > 0)
        return float(np.median(steps[good] / hours[good])) if good.any() else np.nan


def behaviour_of(column: Column) -> Behaviour:
    """The readings that say something: finite, and no sentinel of a failed sensor."""
    values = np.asarray(column.values, dtype=float)
    good = np.isfinite(values) & ~np.isin(values, SENTINELS)
    times = None if column.times is None else np.asarray(column.times)
    if times is not None and len(times) == len(values):
        good &= ~np.isnat(times)
        return Behaviour(values[good], times[good])
    return Behaviour(values[good], None)
