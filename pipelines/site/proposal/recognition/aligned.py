"""Columns side by side in time, in the canonical unit of what each is taken for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.behaviour import SENTINELS
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.units import conversion, is_energy

MOST_ROWS = 9_000  # an hour each of a year; finer steps add nothing to a comparison
STEPS_MINUTES = (1, 5, 10, 15, 30, 60, 120, 240, 1440)


class Aligned:
    """Raw readings of all columns on one clock; `series` has them in canonical units."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._step = _step(subjects)
        self._raw = {id(subject): self._binned(subject) for subject in subjects}

    def raw(self, subject: Subject) -> pd.Series:
        """Readings in the source's unit; sentinels are NaN."""
        return self._raw[id(subject)]

    def series(self, subject: Subject, candidate: Candidate, unit: str | None = None) -> pd.Series:
        """Readings in the candidate's canonical unit (energy as mean power), or as if they were in `unit`."""
        assert candidate.quantity is not None
        unit = candidate.choice.unit if unit is None else unit
        slope, offset = conversion(unit, candidate.quantity, candidate.choice.full_scale)
        readings = slope * self.raw(subject) + offset
        if not is_energy(unit):
            return readings
        if candidate.reading == "counter":
            rates = readings.diff() / self._hours(readings)
            return rates.where(rates >= 0)
        return readings / _own_hours(subject)

    def _hours(self, readings: pd.Series) -> pd.Series | float:
        if not isinstance(readings.index, pd.DatetimeIndex):
            return 1.0
        return readings.index.to_series().diff() / pd.Timedelta(hours=1)

    def _binned(self, subject: Subject) -> pd.Series:
        column = subject.column
        values = pd.Series(np.asarray(column.values, dtype=float))
        values = values.where(np.isfinite(values) & ~values.isin(SENTINELS))
        if column.times is None or self._step is None:
            return values
        times = pd.DatetimeIndex(np.asarray(column.times)).floor(self._step)
        values.index = times
        values = values[values.index.notna()].dropna()
        return values.groupby(level=0).mean()


def _step(subjects: Sequence[Subject]) -> str | None:
    timed = [
        subject.column.times
        for subject in subjects
        if subject.column.times is not None and len(subject.column.times)
    ]
    if not timed:
        return None
    ends = [(np.nanmin(times), np.nanmax(times)) for times in timed]
    minutes = (max(high for _, high in ends) - min(low for low, _ in ends)) / np.timedelta64(1, "m")
    own = max(_own_hours_of(times) for times in timed) * 60
    step = next(
        (each for each in STEPS_MINUTES if each >= own and minutes / each <= MOST_ROWS), STEPS_MINUTES[-1]
    )
    return f"{step}min"


def _own_hours(subject: Subject) -> float:
    return _own_hours_of(subject.column.times) if subject.column.times is not None else 1.0


def _own_hours_of(times: np.ndarray) -> float:
    steps = np.diff(times[~np.isnat(times)]) / np.timedelta64(1, "h")
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 1.0
