"""Stuck sensors as spans, from the readings that ingest kept out as stuck."""

from typing import Any

import numpy as np
import pandas as pd

from pipelines.site.file import Point, Site

STUCK = "stuck sensor"
# Rows of one stuck reading further apart than this are two events, however equal their values.
LONGEST_PAUSE_IN_SPAN = pd.Timedelta(hours=24)


def stuck_spans(site: Site, table: pd.DataFrame, quarantine: pd.DataFrame) -> pd.DataFrame:
    """A row per span: tag, source, column, start, end (time of its last reading), hours, value, unit, readings."""
    names = ("tag", "source", "column", "start", "end", "hours", "value", "unit", "readings")
    stuck = quarantine[quarantine["reason"] == STUCK].dropna(subset="time")
    spans = []
    for point in site.points:
        rows = stuck[(stuck["tag"] == point.tag) & (stuck["source"] == point.source)].sort_values("time")
        if len(rows):
            good = pd.DatetimeIndex(table[point.column].dropna().index)
            spans += [_span_row(point, span) for _, span in rows.groupby(_span_numbers(rows, good))]
    return pd.DataFrame(spans, columns=list(names))


def _span_numbers(rows: pd.DataFrame, good: pd.DatetimeIndex) -> np.ndarray:
    # A gap in the record does not end a stuck span; another value, a good reading or a long pause does.
    recovered = np.diff(good.searchsorted(pd.DatetimeIndex(rows["time"])), prepend=0) > 0
    new_value = rows["value"] != rows["value"].shift()
    paused = rows["time"].diff() > LONGEST_PAUSE_IN_SPAN
    return (new_value.to_numpy() | recovered | paused.to_numpy()).cumsum()


def _span_row(point: Point, rows: pd.DataFrame) -> dict[str, Any]:
    start, end = rows["time"].iloc[0], rows["time"].iloc[-1]
    return {
        "tag": point.tag,
        "source": point.source,
        "column": point.column,
        "start": start,
        "end": end,
        "hours": (end - start) / pd.Timedelta(hours=1),
        "value": rows["value"].iloc[0],
        "unit": point.unit,
        "readings": len(rows),
    }
