"""One historian row as canonical readings: tags and their units end here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from pipelines.site.file import Point, Site
from pipelines.site.tags import tags_of
from pipelines.telemetry.ingest.counters import COUNTER_DROPOUT_US, counter_power
from pipelines.telemetry.ingest.derive import counter_gap_us
from pipelines.telemetry.ingest.series import Series

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the time of a row whose own is unusable and which none came before
MICROSECOND = timedelta(microseconds=1)
MOST_KEPT = 3_000  # readings of a counter: a day of them every half minute


@dataclass(frozen=True)
class Readings:
    """What was read of a site over one interval.

    at: end of the interval, UTC. values: canonical value by column of the site (`chiller_kw:ch1`); unknown ones are
    absent, and all that are there are finite.
    """

    at: datetime
    values: dict[str, float]


class TagReader:
    """Rows by tag, in the tags' own units, as `Readings`; remembers counters, whose differences are power."""

    def __init__(self, site: Site) -> None:
        self._tags = tags_of(site)
        self._counters = {
            tag.tag: _Counter(site, site.by_tag[tag.tag]) for tag in self._tags.values() if tag.counter
        }
        self._last = EPOCH

    def read(self, row: Any, at: Any) -> Readings:
        """The readings of a row, whatever it is; never raises.

        row: mapping of tags to values, any of them missing, a string, or not to be believed; anything else is an
        empty row. at: end of the row's interval; without a zone it is UTC; what is no time counts as that of the row
        before, and counters are then left alone.
        """
        when = utc(at)
        self._last = when or self._last
        values = {}
        for tag in self._tags.values():
            value = tag.canonical(_get(row, tag.tag))
            if tag.counter and np.isfinite(value):
                value = np.nan if when is None else self._counters[tag.tag].power_kw(when, value)
            if np.isfinite(value):
                values[tag.column] = value
        return Readings(self._last, values)


def utc(at: Any) -> datetime | None:
    """A time as UTC, without a zone taken as UTC as all times of the store are; None where it is none."""
    try:
        if not isinstance(at, datetime) or at != at:  # pandas' NaT is a datetime
            return None
        at = at.replace(tzinfo=UTC) if at.utcoffset() is None else at.astimezone(UTC)
        return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, UTC)
    except Exception:  # at the ends of the calendar, or with a zone that fails
        return None


def _get(row: Any, tag: str) -> Any:
    if not isinstance(row, Mapping):
        return None
    try:
        return row.get(tag)
    except Exception:
        return None


class _Counter:
    """A day of one energy counter, read with ingest's own rules: rollover, dropout, reset, longest gap."""

    def __init__(self, site: Site, point: Point) -> None:
        source = next(source for source in site.sources if source.name == point.source)
        self._point = point
        self._step_us = int((source.interval_minutes or site.interval_minutes) * 60_000_000)
        self._gap_us = counter_gap_us(np.array([self._step_us]), site.interval_minutes * 60_000_000)
        self._read: list[tuple[int, float]] = []  # time µs, kWh

    def power_kw(self, at: datetime, energy_kwh: float) -> float:
        """Mean power since the reading before, NaN where there is none, or it cannot be told."""
        now_us = (at - EPOCH) // MICROSECOND
        # What was read at this time before is replaced; what lies in the future is of a clock since set back.
        kept = [one for one in self._read if now_us - COUNTER_DROPOUT_US - self._gap_us[0] < one[0] < now_us]
        self._read = [*kept[-MOST_KEPT:], (now_us, energy_kwh)]
        time_us, kwh = (np.array(part) for part in zip(*self._read, strict=True))
        rows = len(time_us)
        series = Series(
            time_us=time_us,
            exported=kwh,
            step_us=np.full(rows, self._step_us),
            reason=np.zeros(rows, dtype=np.int64),
            value=kwh,
        )
        with np.errstate(all="ignore"):
            spans = counter_power(self._point, series, np.full(rows, self._gap_us[0]))
        measured = len(spans.end_us) and spans.end_us[-1] == now_us and spans.measured[-1]
        return float(spans.power_kw[-1]) if measured else np.nan
