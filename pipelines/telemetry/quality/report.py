"""What telemetry is worth, per point: coverage, gaps, stuck spans, range, what was quarantined and why."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from pipelines.errors import StoreError
from pipelines.site.file import Point, Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.quality.checks import plant_checks
from pipelines.telemetry.quality.drift import drift_report
from pipelines.telemetry.quality.findings import findings
from pipelines.telemetry.quality.stuck import stuck_spans


class Telemetry(Protocol):
    """What quality asks of the store; see `pipelines.telemetry.store.Store`."""

    def span(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """Start of the first interval and end of the last one; None where there is none."""
        ...

    def read(
        self,
        start: pd.Timestamp | None = None,
        end: pd.Timestamp | None = None,
        columns: list[str] | None = None,
    ) -> pd.DataFrame:
        """The interval table of [start, end)."""
        ...

    def quarantine(self, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None) -> pd.DataFrame:
        """Readings kept out in [start, end), with their reason."""
        ...


@dataclass(frozen=True)
class QualityReport:
    """Quality of one site's telemetry over [start, end).

    intervals: how many the period has; rows: how many of them hold any value.
    points: a row per point, see `quality_report`.
    stuck: a row per stuck span: tag, source, column, start, end (time of its last reading), hours, value,
        unit, readings.
    quarantined: readings set aside, by reason.
    findings: a row per fault that no rule of ingest notices, with time, values and remedy, see `findings`.
    checks: a row per plausibility check of the plant as a whole, see `plant_checks`.
    changes: a row per sensor or equipment that is no longer what it was, see `drift_report`.
    """

    site: str
    start: pd.Timestamp
    end: pd.Timestamp
    intervals: int
    rows: int
    points: pd.DataFrame
    stuck: pd.DataFrame
    quarantined: dict[str, int]
    findings: pd.DataFrame
    checks: pd.DataFrame
    changes: pd.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, tables as lists of rows."""
        tables = {
            name: getattr(self, name).to_dict("records")
            for name in ("points", "stuck", "findings", "checks", "changes")
        }
        return {name: tables.get(name, getattr(self, name)) for name in self.__dataclass_fields__}


def quality_report(
    site: Site, store: Telemetry, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None
) -> QualityReport:
    """Quality of what the store holds between `start` and `end` (UTC; else of all it holds).

    `points` has for each point: tag, source, column, unit, coverage (fraction of the period's intervals with
    a value), gaps, longest_gap_h, longest_gap_start, min, mean, max (canonical unit), stuck_spans,
    quarantined (readings), reasons (readings by reason).
    Raises StoreError where there is nothing to report on.
    """
    # Asked for everything, the store also gives the readings whose time could not be read.
    quarantine = store.quarantine(start=start, end=end)
    start, end = _period(site, store, start, end)
    table = store.read(start=start, end=end)
    stuck = stuck_spans(site, table, quarantine)
    points = pd.DataFrame(
        [_point_row(point, site, table, quarantine, stuck, start, end) for point in site.points]
    )
    return QualityReport(
        site=site.name,
        start=start,
        end=end,
        intervals=_count(end - start, site),
        rows=len(table),
        points=points,
        stuck=stuck,
        quarantined=_by_reason(quarantine),
        findings=findings(site, table, quarantine),
        checks=plant_checks(site, table),
        changes=drift_report(site, table),
    )


def _period(
    site: Site, store: Telemetry, start: pd.Timestamp | None, end: pd.Timestamp | None
) -> tuple[pd.Timestamp, pd.Timestamp]:
    span = store.span()
    if span is None:
        raise StoreError(
            f"site {site.name} has no telemetry yet; bring some in: coldaisle ingest --site {site.name} FILE"
        )
    start = (start or span[0]).floor(site.interval)
    end = (end or span[1]).ceil(site.interval)
    if start >= end:
        raise StoreError(
            f"the period from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} is empty; "
            f"ask inside {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M} UTC"
        )
    return start, end


def _count(length: pd.Timedelta, site: Site) -> int:
    return round(length / pd.Timedelta(site.interval))


def _point_row(
    point: Point,
    site: Site,
    table: pd.DataFrame,
    quarantine: pd.DataFrame,
    stuck: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
) -> dict[str, Any]:
    values = table[point.column].dropna()
    refused = quarantine[(quarantine["tag"] == point.tag) & (quarantine["source"] == point.source)]
    return {
        "tag": point.tag,
        "source": point.source,
        "column": point.column,
        "unit": QUANTITIES[point.quantity].unit,
        "coverage": len(values) / _count(end - start, site),
        **_gaps(pd.DatetimeIndex(values.index), site, start, end),
        "min": values.min(),
        "mean": values.mean(),
        "max": values.max(),
        "stuck_spans": int((stuck["column"] == point.column).sum()),
        "quarantined": len(refused),
        "reasons": _by_reason(refused),
    }


def _gaps(times: pd.DatetimeIndex, site: Site, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, Any]:
    step = pd.Timedelta(site.interval)
    edges = pd.DatetimeIndex([start - step, *times, end])
    missing = (edges[1:] - edges[:-1]) / step - 1
    if not (missing > 0).any():
        return {"gaps": 0, "longest_gap_h": 0.0, "longest_gap_start": pd.NaT}
    longest = int(np.argmax(missing))
    return {
        "gaps": int((missing > 0).sum()),
        "longest_gap_h": float(missing[longest] * step / pd.Timedelta(hours=1)),
        "longest_gap_start": edges[longest] + step,
    }


def _by_reason(quarantine: pd.DataFrame) -> dict[str, int]:
    return {str(reason): int(count) for reason, count in quarantine["reason"].value_counts().items()}
