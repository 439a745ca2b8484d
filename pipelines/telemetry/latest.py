"""The store's newest rows as the controller takes them in."""

import math
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd

from pipelines.site.file import Site
from pipelines.telemetry.readings import Readings
from pipelines.telemetry.store import Store

STALE_INTERVALS, STALE_AT_LEAST = 2, pd.Timedelta(minutes=30)

LOOKBACK = pd.Timedelta(hours=24)  # what a controller that starts wants to have seen


class Arrived(NamedTuple):
    """Rows that were not there before, oldest first."""

    rows: list[Readings]
    stale_for: pd.Timedelta | None  # age of the newest row where it is too old to decide by

    @property
    def newest(self) -> Readings | None:
        """The readings to decide by; None where there are none that are new and fresh."""
        return self.rows[-1] if self.rows and self.stale_for is None else None


class StoreRows:
    """Reads a site's store; remembers which rows it has given."""

    def __init__(self, site: Site, store: Store) -> None:
        self.site, self.store = site, store
        self._given: set[pd.Timestamp] = set()

    def arrived(self, now: datetime) -> Arrived:
        """What has come in by `now` (UTC) of the last day, in canonical columns as the store keeps them.

        Raises StoreError where the store is missing or damaged.
        """
        at = pd.Timestamp(now)
        table = self.store.read(start=at - LOOKBACK, end=at)
        table = table[table.index <= at - self.site.interval]
        new = table[~table.index.isin(list(self._given))]
        self._given = {pd.Timestamp(each) for each in table.index}
        age = at - (table.index[-1] + self.site.interval) if len(table) else LOOKBACK
        return Arrived(readings_of(self.site, new), age if age > allowed_age(self.site) else None)


def allowed_age(site: Site) -> pd.Timedelta:
    """Age beyond which the newest telemetry is too old to decide by."""
    return max(STALE_INTERVALS * site.interval, STALE_AT_LEAST)


def readings_of(site: Site, table: pd.DataFrame) -> list[Readings]:
    """Rows of the site's interval table (UTC index of interval starts, canonical columns) as readings."""
    return [
        Readings(
            (pd.Timestamp(start) + site.interval).to_pydatetime().astimezone(UTC),
            {str(column): float(value) for column, value in values.items() if math.isfinite(value)},
        )
        for start, values in zip(table.index, table.to_dict("records"), strict=True)
    ]
