"""Small sites and exports for the tests of ingestion."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.telemetry.ingest import IngestReport, ingest_files
from pipelines.telemetry.store import Store

TRUE_NOW = pd.Timestamp("2026-01-01", tz="UTC")


def point(tag: str, quantity: str = "it_power_kw", **more: Any) -> dict[str, Any]:
    unit = {"kw": "kW", "_c": "degC"}.get(quantity[-2:], "")
    return {"tag": tag, "source": "historian", "quantity": quantity, "unit": unit} | more


def source(**more: Any) -> dict[str, Any]:
    return {"name": "historian", "files": ["*"], "time_column": "time", "time_zone": "UTC"} | more


def site_of(*points: dict[str, Any], sources: Sequence[dict[str, Any]] = (), **more: Any) -> Site:
    described = {
        "name": "plant",
        "title": "A plant",
        "interval_minutes": 10,
        "location": {"latitude": 1.3, "longitude": 103.8},
        "sources": list(sources) or [source()],
        "points": list(points),
        "meters": {"cooling": [points[0]["quantity"]], "load": [points[0]["quantity"]], "boundary": "test"},
    }
    return Site.model_validate(described | more)


def long_source(**more: Any) -> dict[str, Any]:
    return source(layout="long", **more)


def stamps(start: str, count: int, minutes: float = 10) -> list[str]:
    index = pd.date_range(start, periods=count, freq=pd.Timedelta(minutes=minutes))
    return [f"{time:%Y-%m-%d %H:%M:%S}" for time in index]


def wide(path: Path, times: Sequence[str], **columns: Sequence[Any]) -> Path:
    pd.DataFrame({"time": list(times), **{name: list(values) for name, values in columns.items()}}).to_csv(
        path, index=False
    )
    return path


def text(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def store_of(folder: Path, site: Site) -> Store:
    return Store(folder / "store", site)


def ingested(folder: Path, site: Site, *files: Path) -> tuple[pd.DataFrame, IngestReport, Store]:
    """Ingest into the store below `folder`; the table, the report and the store."""
    store = store_of(folder, site)
    report = ingest_files(site, files, store, now=TRUE_NOW)
    return store.read(), report, store


def wobbly(count: int, mean: float = 300.0) -> list[float]:
    """A power that never stands still."""
    return [round(float(mean + 20 * np.sin(i / 7) + (i % 5)), 2) for i in range(count)]
