"""The interval table from raw readings.

A pure function of what the raw layer holds, so that the order of ingestion leaves no trace.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from pipelines.site.file import Point, Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.ingest.clock import DAY_US
from pipelines.telemetry.ingest.counters import counter_power
from pipelines.telemetry.ingest.days import day_name
from pipelines.telemetry.ingest.raw import Keys, RawReadings
from pipelines.telemetry.ingest.reasons import CODE, NON_MONOTONIC, REASONS, REPLACED
from pipelines.telemetry.ingest.resample import (
    LONGEST_REACH_US,
    Grid,
    Means,
    held,
    held_until_change,
    sampled,
    spread,
)
from pipelines.telemetry.ingest.rules import judge
from pipelines.telemetry.ingest.series import Series
from pipelines.telemetry.store import MEASURED

CONTEXT_DAYS = 5  # stuck for 2 days + half of that across gaps + a held or interpolated day, on either side
CHANGE_HOLD_US = 24 * 3_600_000_000
COUNTER_GAP_STEPS = 3


@dataclass
class Derived:
    """Intervals and quarantine of consecutive days.

    values, measured: column -> [intervals], the mean and the share of the interval (0-1) that was measured.
    quarantine: readings kept out, of these days, with their reason.
    kept: file code -> good readings in these days.
    """

    grid: Grid
    values: dict[str, np.ndarray] = field(default_factory=dict)
    measured: dict[str, np.ndarray] = field(default_factory=dict)
    quarantine: list[RawReadings] = field(default_factory=list)
    kept: dict[int, int] = field(default_factory=dict)


class Window:
    """Raw readings of consecutive days [days], each sorted by key and time; point by point."""

    def __init__(self, days: list[RawReadings], points: int) -> None:
        self._days = [day for day in days if len(day)]
        self._starts = [np.searchsorted(day.key, np.arange(points + 1)) for day in self._days]

    def point(self, code: int) -> RawReadings:
        """Readings of one point, sorted by time."""
        edges = (
            (day, starts[code], starts[code + 1])
            for day, starts in zip(self._days, self._starts, strict=True)
        )
        return RawReadings.joined([day.of(slice(start, end)) for day, start, end in edges if end > start])

    def times_us(self, codes: list[int]) -> np.ndarray:
        """Distinct times of some points, sorted."""
        own = [day.time[np.isin(day.key, codes)] for day in self._days]
        return np.unique(np.concatenate(own)) if own else np.empty(0, np.int64)


def derive(site: Site, window: Window, first_day: int, days: int) -> Derived:
    """Days first_day .. first_day + days - 1 (days since 1970) of the site's table.

    window: of these days and CONTEXT_DAYS either side.
    """
    step_us = site.interval_minutes * 60_000_000
    derived = Derived(Grid(first_day * DAY_US, step_us, days * DAY_US // step_us))
    sources = {source.name: source for source in site.sources}
    alive = {
        name: window.times_us([code for code, point in enumerate(site.points) if point.source == name])
        for name in {p.source for p in site.points if p.reading == "change"}
    }
    for code, point in enumerate(site.points):
        source = sources[point.source]
        offset_us = round(source.clock_offset_minutes * 60_000_000)
        own = window.point(code)
        series = _series(own, offset_us, step_us)
        judge(point, source, series)
        means = _resample(
            point, source.stamp, series, alive.get(point.source, own.time[:0]) - offset_us, derived.grid
        )
        derived.values[point.column], derived.measured[point.column] = means
        _account(derived, own, series)
    return derived


def _series(readings: RawReadings, offset_us: int, interval_us: int) -> Series:
    step_us = readings.step_s.astype(np.int64) * 1_000_000
    return Series(
        time_us=readings.time - offset_us,
        exported=readings.value,
        step_us=np.where(step_us > 0, step_us, interval_us),
        reason=readings.reason.copy(),
        value=readings.value,
    )


def _resample(point: Point, stamp: str, series: Series, alive_us: np.ndarray, grid: Grid) -> Means:
    if point.reading == "counter":
        spans = counter_power(point, series, counter_gap_us(series.step_us, grid.step_us))
        return spread(spans.start_us, spans.end_us, spans.power_kw, grid, measured=spans.measured)
    if point.reading == "change":
        # What is not believed ends the hold of the value before it; a wrong stamp says nothing about a time.
        timed = (series.reason != CODE[NON_MONOTONIC]) & (series.reason != CODE[REPLACED])
        value = np.where(series.good, series.value, np.nan)[timed]
        return held_until_change(series.time_us[timed], value, alive_us, CHANGE_HOLD_US, grid)
    time_us, value, step_us = (part[series.good] for part in (series.time_us, series.value, series.step_us))
    if point.reading == "interval":
        start_us = time_us - step_us if stamp == "end" else time_us
        return spread(start_us, start_us + step_us, value, grid)
    if point.quantity == "wind_direction_deg":
        return _mean_direction_deg(time_us, value, step_us, grid)
    return (held if _keeps_its_value(point) else sampled)(time_us, value, step_us, grid)


def counter_gap_us(step_us: np.ndarray, interval_us: int) -> np.ndarray:
    """Longest time (n,) between two readings of a counter over which its energy is spread.

    step_us: the source's step (n,); interval_us: the site's. All in µs.
    """
    return np.minimum(np.maximum(COUNTER_GAP_STEPS * step_us, interval_us), LONGEST_REACH_US)


def _mean_direction_deg(time_us: np.ndarray, value: np.ndarray, step_us: np.ndarray, grid: Grid) -> Means:
    # Between 350 and 10 lies 0, not 180: directions are averaged as vectors.
    angle = np.deg2rad(value)
    east, north = (sampled(time_us, part, step_us, grid) for part in (np.sin(angle), np.cos(angle)))
    return Means(np.rad2deg(np.arctan2(east.value, north.value)) % 360, east.measured)


def _keeps_its_value(point: Point) -> bool:
    """Whether a quantity is a switch or a setpoint, which jumps, rather than a reading that drifts."""
    name = QUANTITIES[point.quantity].name
    return name.endswith(("_on", "_enable", "_sp")) or "_sp_" in name


def _account(derived: Derived, readings: RawReadings, series: Series) -> None:
    inside = (series.time_us >= derived.grid.start_us) & (series.time_us < derived.grid.end_us)
    counts = np.bincount(readings.file[inside & series.good & ~np.isnan(series.exported)])
    for file in np.flatnonzero(counts).tolist():
        derived.kept[file] = derived.kept.get(file, 0) + int(counts[file])
    out = inside & ~series.good & (series.reason != CODE[REPLACED])
    if out.any():
        kept_out = replace(readings, time=series.time_us, reason=series.reason).of(out)
        derived.quarantine.append(kept_out)


def interval_tables(derived: Derived, site: Site) -> dict[str, pa.Table]:
    """Day -> rows with at least one value; empty where a day has none."""
    per_day = DAY_US // derived.grid.step_us
    some = ~np.all([np.isnan(values) for values in derived.values.values()], axis=0)
    tables = {}
    for day in range(derived.grid.count // per_day):
        name = day_name(derived.grid.start_us // DAY_US + day)
        if not some[day * per_day : (day + 1) * per_day].any():
            tables[name] = pa.table({})
            continue
        rows = day * per_day + np.flatnonzero(some[day * per_day : (day + 1) * per_day])
        time = pa.array(derived.grid.start_us + rows * derived.grid.step_us, pa.timestamp("us"))
        columns = {column: derived.values[column][rows] for column in site.columns}
        share = np.stack([derived.measured[column][rows] for column in site.columns], axis=1)
        percent = pa.array(np.round(100.0 * share).astype(np.uint8).ravel())
        measured = pa.FixedSizeListArray.from_arrays(percent, len(site.columns))
        tables[name] = pa.table({"time": time, **columns, MEASURED: measured})
    return tables


def quarantine_tables(derived: Derived, keys: Keys, file_names: dict[str, str]) -> dict[str, pa.Table]:
    """Day -> readings kept out, with the names that a person knows; empty where a day has none."""
    first = derived.grid.start_us // DAY_US
    count = derived.grid.count * derived.grid.step_us // DAY_US
    if not derived.quarantine:
        return {day_name(day): pa.table({}) for day in range(first, first + count)}
    out = RawReadings.joined(derived.quarantine)
    out = out.of(np.lexsort((out.key, out.time)))
    edges = np.searchsorted(out.time, (first + np.arange(count + 1)) * DAY_US)
    return {
        day_name(first + day): _named(out.of(slice(edges[day], edges[day + 1])), keys, file_names)
        for day in range(count)
    }


def _named(out: RawReadings, keys: Keys, file_names: dict[str, str]) -> pa.Table:
    files = [file_names.get(name, name) for name in keys.files]
    texts = (keys.texts[code] for code in out.text)
    shown = [f"{value:.15g}" if text is None else text for text, value in zip(texts, out.value, strict=True)]
    return pa.table({
        "time": pa.array(out.time).cast(pa.timestamp("us", "UTC")),
        "tag": pa.array([keys.pairs[key][1] for key in out.key], pa.string()),
        "source": pa.array([keys.pairs[key][0] for key in out.key], pa.string()),
        "value": pa.array(shown, pa.string()),
        "reason": pa.array([REASONS[code] for code in out.reason], pa.string()),
        "file": pa.array([files[code] for code in out.file], pa.string()),
    })  # fmt: skip
