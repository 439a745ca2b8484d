"""The store's newest rows as the controller reads them: historian tags, in the tags' own units."""

import math
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from pipelines.site.file import Site
from pipelines.site.tags import tags_of
from pipelines.telemetry.store import Store

STALE_INTERVALS, STALE_AT_LEAST = 2, pd.Timedelta(minutes=30)

LOOKBACK = pd.Timedelta(hours=24)  # what a controller that starts wants to have seen


class Arrived(NamedTuple):
    """Rows that were not there before, oldest first, each with the end of its interval."""

    rows: list[tuple[datetime, dict[str, Any]]]
    stale_for: pd.Timedelta | None  # age of the newest row where it is too old to decide by

    @property
    def newest(self) -> dict[str, Any]:
        """The row to decide by; empty where there is none that is new and fresh."""
        return self.rows[-1][1] if self.rows and self.stale_for is None else {}


class StoreRows:
    """Reads a site's store; remembers which rows it has given."""

    def __init__(self, site: Site, store: Store) -> None:
        self.site, self.store = site, store
        self._tags = tags_of(site)
        self._given: set[pd.Timestamp] = set()
        self._counted: dict[str, float] = {}

    def arrived(self, now: datetime) -> Arrived:
        """What has come in by `now`. Raises StoreError where the store is missing or damaged."""
        at = pd.Timestamp(now)
        table = self.store.read(start=at - LOOKBACK, end=at)
        table = table[table.index <= at - self.site.interval]
        new = table[~table.index.isin(list(self._given))]
        self._given = {pd.Timestamp(each) for each in table.index}
        rows = [
            ((pd.Timestamp(start) + self.site.interval).to_pydatetime(), self._row(values))
            for start, values in zip(new.index, new.to_dict("records"), strict=True)
        ]
        age = at - (table.index[-1] + self.site.interval) if len(table) else LOOKBACK
        allowed = max(STALE_INTERVALS * self.site.interval, STALE_AT_LEAST)
        return Arrived(rows, age if age > allowed else None)

    def _row(self, values: dict[Any, float]) -> dict[str, Any]:
        row = {}
        hours = self.site.interval / pd.Timedelta(hours=1)
        for name, tag in self._tags.items():
            value = float(values.get(tag.column, math.nan))
            if math.isnan(value):
                continue
            if tag.counter:  # the store keeps power; the controller counts as the historian does
                value = self._counted[name] = self._counted.get(name, 0.0) + value * hours
            row[name] = tag.exported(value)
        return row
