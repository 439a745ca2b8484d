"""Exports of a simulated site's telemetry as a historian writes them: tags, units, counters, clocks."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import SiteError
from pipelines.files import write_csv
from pipelines.site.file import Point, Site, Source


def write_exports(
    site: Site, telemetry: pd.DataFrame, folder: Path, *, fault_seed: int | None = None
) -> list[Path]:
    """One wide CSV per source from canonical columns (quantities) at the finest step; returns the paths.

    fault_seed: where given, exports have the defects of real historians (`_with_defects`).

    Raises:
        SiteError: the site asks for a layout or quantity that the simulator does not give.
    """
    paths = []
    for number, source in enumerate(site.sources):
        export = _export(site, source, telemetry)
        if fault_seed is not None:
            export = _with_defects(source, export, np.random.default_rng([fault_seed, number]))
        paths.append(folder / source.files[0].replace("*", ""))
        write_csv(export.round(4), paths[-1], index=False)
    return paths


def _export(site: Site, source: Source, telemetry: pd.DataFrame) -> pd.DataFrame:
    if source.layout != "wide" or source.time_format is not None:
        raise SiteError(f"source {source.name}: a simulated site exports wide files with ISO 8601 times")
    every = round((source.interval_minutes or site.interval_minutes) / _step_minutes(telemetry))
    points = [point for point in site.points if point.source == source.name]
    # Meters average over their own step and stamp its start, except counters, which are read at it.
    means = telemetry.groupby(np.arange(len(telemetry)) // every).mean()
    times = pd.DatetimeIndex(telemetry.index[::every])
    columns = {point.tag: _readings(point, means, _step_minutes(telemetry) * every) for point in points}
    clock = times + pd.Timedelta(minutes=source.clock_offset_minutes)
    stamps = clock.tz_convert(source.time_zone).strftime("%Y-%m-%dT%H:%M:%S%z")
    return pd.DataFrame({source.time_column: stamps, **columns})


def _with_defects(source: Source, export: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Adds sentinels, repeated rows, one sensor stuck for two days, and half a day lost."""
    rows_a_day = round(24 * 60 / (source.interval_minutes or 60))
    values = export.drop(columns=source.time_column).to_numpy(dtype=float, copy=True)
    rows, tags = values.shape
    values[rng.integers(0, rows, 20), rng.integers(0, tags, 20)] = source.sentinels[0]
    stuck, start = rng.integers(tags), rng.integers(rows // 2)
    values[start : start + 2 * rows_a_day, stuck] = values[start, stuck]
    export = export[[source.time_column]].join(pd.DataFrame(values, columns=export.columns[1:]))
    lost = int(rng.integers(len(export) // 2, len(export) - 2 * rows_a_day))
    twice = export.iloc[lost - 3 : lost]
    return pd.concat([export.iloc[:lost], twice, export.iloc[lost + rows_a_day // 2 :]])


def _readings(point: Point, means: pd.DataFrame, step_minutes: float) -> np.ndarray:
    if point.quantity not in means:
        raise SiteError(f"tag {point.tag}: the simulator does not measure {point.quantity}; drop the point")
    canonical = means[point.quantity].to_numpy()
    if point.reading == "interval":
        canonical = canonical * step_minutes / 60.0
    if point.reading == "counter":
        canonical = _counted_kwh(means[point.quantity], step_minutes)
    slope, offset = point.to_canonical
    values = (canonical - offset) / slope
    return values % point.rollover if point.reading == "counter" and point.rollover else values


def _counted_kwh(power_kw: pd.Series, step_minutes: float) -> np.ndarray:
    """Energy counted up to the start of each step; a lost reading does not stop the counter."""
    energy_kwh = power_kw.interpolate(limit_direction="both") * step_minutes / 60.0
    return (energy_kwh.cumsum() - energy_kwh).where(power_kw.notna()).to_numpy()


def _step_minutes(telemetry: pd.DataFrame) -> float:
    return (telemetry.index[1] - telemetry.index[0]) / pd.Timedelta(minutes=1)
