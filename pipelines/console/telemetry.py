"""Telemetry for the pages: the latest readings, the last days as recorded, and hourly means by month.

Only months with days that changed are made again, so that a day's ingest costs little however long the record is.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.errors import StoreError
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, plant_table, submeters_of
from pipelines.telemetry.store import Store, site_fingerprint

RECENT = pd.Timedelta(days=8)
LATEST_WITHIN = pd.Timedelta(hours=24)  # before the end of the telemetry, for a point's latest reading
INLETS = "rack_inlet_c"


def prepare_telemetry(site: Site, settings: Settings) -> bool:
    """Prepare what changed in the store since the last time; whether anything did. Raises StoreError, OSError."""
    store, tables = Store(settings.store, site), Tables(settings, site.name)
    if not store.exists:
        return False
    before, described = tables.read("telemetry") or {}, _described(site)
    manifest, stamp = store.manifest(), store_stamp(store)
    if before.get("store") == stamp and before.get("described") == described:
        return False
    days = before.get("days", {}) if before.get("described") == described else {}
    changed = {day for day in {*days, *manifest.interval} if days.get(day) != manifest.interval.get(day)}
    for month in sorted({day[:7] for day in changed}):
        _write_month(site, store, tables, month)
    span = store.span()
    if span is not None:
        _write_recent(site, store, tables, span[1])
    content = {
        "store": stamp,
        "described": described,
        "days": manifest.interval,
        "files": _files(manifest.files),
    }
    tables.write("telemetry", content | _extent(site, span))
    return True


def store_stamp(store: Store) -> int | str:
    """Changes with each commit: tells without reading the store whether prepared tables are behind.

    0 where there is no store, or it does not answer now.
    """
    try:
        return store.storage.stamp()
    except StoreError:
        return 0


def hourly(
    tables: Tables, kind: str, columns: list[str], start: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """Hourly means of [start, end): columns of the site's points (`hourly`) or of the plant (`plant`)."""
    wanted = [
        name for name in tables.names(kind) if f"{start:%Y-%m}" <= name.rsplit("/", 1)[1] <= f"{end:%Y-%m}"
    ]
    frames = [frame for name in wanted if (frame := tables.read_frame(name, columns)) is not None]
    if not frames:
        return pd.DataFrame(columns=columns, index=pd.DatetimeIndex([], tz="UTC"), dtype=float)
    table = pd.concat(frames)
    return table[(table.index >= start) & (table.index < end)].reindex(columns=columns)


def _write_month(site: Site, store: Store, tables: Tables, month: str) -> None:
    start = pd.Timestamp(f"{month}-01", tz="UTC")
    table = store.read(start, start + pd.offsets.MonthBegin(1))
    means = table.resample("1h").mean()  # of the readings that an hour has
    tables.write_frame(f"hourly/{month}", means.astype(np.float32))
    tables.write_frame(f"plant/{month}", plant_table(site, means).astype(np.float32))


def _write_recent(site: Site, store: Store, tables: Tables, end: pd.Timestamp) -> None:
    table = store.read(end - RECENT, end)
    plant = plant_table(site, table)
    tables.write_frame("recent", table.astype(np.float32))
    tables.write_frame("recent_plant", plant.astype(np.float32))
    tables.write("now", _now(site, table, plant))


def _now(site: Site, table: pd.DataFrame, plant: pd.DataFrame) -> dict[str, Any]:
    """Latest readings of points and of the plant, with the end of their intervals."""
    late = table.index > table.index[-1] - LATEST_WITHIN if len(table) else []
    points, quantities = (_latest(frame[late], site.interval) for frame in (table, plant))
    day = plant[plant.index > plant.index[-1] - pd.Timedelta(days=1)] if len(plant) else plant
    return {
        "figure_name": figure_name(site),
        "points": points,
        "plant": quantities,
        "parts": [name for name in submeters_of(site, plant) if name in quantities],
        "day_mean": {
            name: float(day[name].mean()) for name in ("figure", "facility_kw", "cooling_kw") if name in day
        },
        "inlets": [
            {"tag": point.tag, "column": point.column, "position": point.position, "hall": point.hall}
            for point in site.points
            if point.quantity == INLETS and point.column in points
        ],
    }


def _latest(frame: pd.DataFrame, interval: pd.Timedelta) -> dict[str, dict[str, Any]]:
    """Value and time of the last reading in each column that has one."""
    found = {}
    for name in frame:
        values = frame[name].dropna()
        if len(values):
            found[str(name)] = {"value": float(values.iloc[-1]), "at": values.index[-1] + interval}
    return found


def _extent(site: Site, span: tuple[pd.Timestamp, pd.Timestamp] | None) -> dict[str, Any]:
    start, end = span or (None, None)
    return {"start": start, "end": end, "interval_minutes": site.interval_minutes}


def _files(files: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: entry.get(key) for key in ("name", "source", "rows")} for entry in files.values()]


def _described(site: Site) -> str:
    """Hash of what the tables depend on in a site file."""
    parts = site.model_dump_json(include={"meters", "setpoints", "location", "points"})
    return hashlib.sha256(f"{site_fingerprint(site)}{parts}".encode()).hexdigest()[:16]
