"""The interval table from raw readings.

A pure function of what the raw layer holds, so that the order of ingestion leaves no trace.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.site.file import Point, Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.ingest.clock import DAY_US
from pipelines.telemetry.ingest.counters import counter_power
from pipelines.telemetry.ingest.raw import Keys
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
from pipelines.telemetry.store import measured_column

CONTEXT_DAYS = 5  # stuck for 2 days + half of that across gaps + a held or interpolated day, on either side
CHANGE_HOLD_US = 24 * 3_600_000_000
COUNTER_GAP_STEPS = 3


@dataclass
class Derived:
    """Intervals and quarantine of consecutive days.

    values, measured: column -> [intervals], the mean and the share of the interval (0-1) that was measured.
    quarantine: tables with time (µs), key, value (text), reason (code), file (code).
    kept: file code -> good readings in these days.
    """

    grid: Grid
    values: dict[str, np.ndarray] = field(default_factory=dict)
    measured: dict[str, np.ndarray] = field(default_factory=dict)
    quarantine: list[pd.DataFrame] = field(default_factory=list)
    kept: dict[int, int] = field(default_factory=dict)


def derive(site: Site, readings: pd.DataFrame, first_day: int, days: int) -> Derived:
    """Days first_day .. first_day + days - 1 (days since 1970) of the site's table.

    readings: raw readings (key, time, ...) sorted by key and time, of these days and
        CONTEXT_DAYS either side.
    """
    step_us = site.interval_minutes * 60_000_000
    derived = Derived(Grid(first_day * DAY_US, step_us, days * DAY_US // step_us))
    sources = {source.name: source for source in site.sources}
    key, time = readings["key"].to_numpy(), readings["time"].to_numpy()
    alive = {
        name: _source_times(site, name, key, time)
        for name in {p.source for p in site.points if p.reading == "change"}
    }
    for code, point in enumerate(site.points):
        rows = slice(*np.searchsorted(key, [code, code + 1]))
        source = sources[point.source]
        offset_us = round(source.clock_offset_minutes * 60_000_000)
        own = readings.iloc[rows]
        series = _series(own, offset_us, step_us)
        judge(point, source, series)
        means = _resample(
            point, source.stamp, series, alive.get(point.source, time[:0]) - offset_us, derived.grid
        )
        derived.values[point.column], derived.measured[point.column] = means
        _account(derived, code, own, series)
    return derived


def _source_times(site: Site, source: str, key: np.ndarray, time: np.ndarray) -> np.ndarray:
    codes = [code for code, point in enumerate(site.points) if point.source == source]
    return np.unique(time[np.isin(key, codes)])


def _series(readings: pd.DataFrame, offset_us: int, interval_us: int) -> Series:
    step_us = readings["step_s"].to_numpy().astype(np.int64) * 1_000_000
    exported = readings["value"].to_numpy()
    return Series(
        time_us=readings["time"].to_numpy() - offset_us,
        exported=exported,
        step_us=np.where(step_us > 0, step_us, interval_us),
        reason=readings["reason"].to_numpy().copy(),
        value=exported,
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


def _account(derived: Derived, code: int, readings: pd.DataFrame, series: Series) -> None:
    inside = (series.time_us >= derived.grid.start_us) & (series.time_us < derived.grid.end_us)
    file = readings["file"].to_numpy()
    counted, counts = np.unique(file[inside & series.good & ~np.isnan(series.exported)], return_counts=True)
    for name, count in zip(counted.tolist(), counts.tolist(), strict=True):
        derived.kept[name] = derived.kept.get(name, 0) + count
    out = np.flatnonzero(inside & ~series.good & (series.reason != CODE[REPLACED]))
    if len(out):
        text = readings["text"].to_numpy()[out]
        shown = [f"{v:.15g}" if t is None else t for t, v in zip(text, series.exported[out], strict=True)]
        derived.quarantine.append(pd.DataFrame({
            "time": series.time_us[out], "key": code, "value": shown,
            "reason": series.reason[out], "file": file[out],
        }))  # fmt: skip


def interval_tables(derived: Derived, site: Site) -> dict[str, pa.Table]:
    """Day -> rows with at least one value; empty where a day has none."""
    per_day = DAY_US // derived.grid.step_us
    some = ~np.all([np.isnan(values) for values in derived.values.values()], axis=0)
    tables = {}
    for day in range(derived.grid.count // per_day):
        rows = day * per_day + np.flatnonzero(some[day * per_day : (day + 1) * per_day])
        time = pa.array(derived.grid.start_us + rows * derived.grid.step_us, pa.timestamp("us"))
        columns = {name: derived.values[name][rows] for name in site.columns}
        columns |= {
            measured_column(name): np.round(100.0 * derived.measured[name][rows]).astype(np.uint8)
            for name in site.columns
        }
        tables[day_name(derived.grid.start_us // DAY_US + day)] = pa.table({"time": time, **columns})
    return tables


def quarantine_tables(derived: Derived, keys: Keys, file_names: dict[str, str]) -> dict[str, pa.Table]:
    """Day -> readings kept out, with the names that a person knows; empty where a day has none."""
    first = derived.grid.start_us // DAY_US
    count = derived.grid.count * derived.grid.step_us // DAY_US
    if not derived.quarantine:
        return {day_name(day): pa.table({}) for day in range(first, first + count)}
    out = pd.concat(derived.quarantine, ignore_index=True)
    out = out.iloc[np.lexsort((out["key"], out["time"]))]
    edges = np.searchsorted(out["time"], (first + np.arange(count + 1)) * DAY_US)
    return {
        day_name(first + day): _named(out.iloc[edges[day] : edges[day + 1]], keys, file_names)
        for day in range(count)
    }


def _named(rows: pd.DataFrame, keys: Keys, file_names: dict[str, str]) -> pa.Table:
    files = [file_names.get(name, name) for name in keys.files]
    return pa.table({
        "time": pa.array(rows["time"].to_numpy(), pa.int64()).cast(pa.timestamp("us", "UTC")),
        "tag": pa.array([keys.pairs[key][1] for key in rows["key"]], pa.string()),
        "source": pa.array([keys.pairs[key][0] for key in rows["key"]], pa.string()),
        "value": pa.array(rows["value"], pa.string()),
        "reason": pa.array([REASONS[code] for code in rows["reason"]], pa.string()),
        "file": pa.array([files[code] for code in rows["file"]], pa.string()),
    })  # fmt: skip


def day_name(day: int) -> str:
    """A day (count since 1970-01-01) as the store names it: 2025-06-01."""
    return str(np.datetime64(int(day), "D"))


def day_number(name: str) -> int:
    """The day, counted since 1970-01-01, that the store names `name`. Raises ValueError where it is no date."""
    return int(np.datetime64(name, "D").astype(np.int64))
