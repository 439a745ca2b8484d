"""Data quality for page Data, and its alarms: what looks wrong, and what is no longer what it was."""

import hashlib
from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.console.telemetry import store_stamp
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alarms.alarms import Severity
from pipelines.site.file import Site
from pipelines.telemetry.quality.report import QualityReport, quality_report
from pipelines.telemetry.store import Store

MOST_SPANS = 400  # of time in the picture of coverage
REPLACED_WITHIN = pd.Timedelta(days=31)
QUARANTINE_SHOWN = 200  # newest readings that are listed one by one


def prepare_quality(site: Site, settings: Settings) -> None:
    """Report on all telemetry, and raise or end the alarms that follow. Raises StoreError, OSError."""
    store, tables = Store(settings.store, site), Tables(settings, site.name)
    stamp = store_stamp(store)
    report = quality_report(site, store)
    tables.write_frame("coverage", _coverage(site, store.read(), report))
    refused = store.quarantine().tail(QUARANTINE_SHOWN)
    replaced = store.replaced(report.end - REPLACED_WITHIN, report.end)
    content = report.as_dict() | {
        "store": stamp,
        "refused": refused.to_dict("records"),
        "replaced": [
            {"file": row["file"], "by": row["by"], "readings": int(row["readings"])}
            for row in replaced.groupby(["file", "by"])
            .size()
            .rename("readings")
            .reset_index()
            .to_dict("records")
        ],
    }
    tables.write("quality", content)
    AlarmBook(settings, site.name, "quality").report(_suspect(report))
    AlarmBook(settings, site.name, "drift").report(_changed(report))


def _coverage(site: Site, table: pd.DataFrame, report: QualityReport) -> pd.DataFrame:
    """Share of intervals with a value, a row for each of at most `MOST_SPANS` spans, a column for each point."""
    count = max(1, -(-report.intervals // MOST_SPANS))
    grid = pd.date_range(report.start, report.end, freq=site.interval, inclusive="left")
    return (
        table.notna().reindex(grid, fill_value=False).astype("float32").resample(site.interval * count).mean()
    )


def _suspect(report: QualityReport) -> dict[str, tuple[Severity, str]]:
    alarms: dict[str, tuple[Severity, str]] = {}
    for row in report.findings.to_dict("records"):
        cause = _key("quality", row["finding"], row["columns"])
        alarms[cause] = (
            "warning",
            f"{row['columns']}: {row['finding']}: {row['seen']}. To do: {row['remedy']}",
        )
    return alarms


def _changed(report: QualityReport) -> dict[str, tuple[Severity, str]]:
    alarms: dict[str, tuple[Severity, str]] = {}
    for row in report.changes.to_dict("records"):
        shift = f"{row['shift']:+.3g} {row['unit']} since {row['start']:%Y-%m-%d}"
        alarms[_key("drift", row["reading"])] = (
            "warning",
            f"{row['reading']}: {shift}. To do: {row['remedy']}",
        )
    return alarms


def _key(*parts: Any) -> str:
    """A cause of at most 200 characters."""
    text = ": ".join(map(str, parts))
    return text if len(text) <= 200 else f"{text[:180]} {hashlib.sha256(text.encode()).hexdigest()[:16]}"
