"""Everything that is silently wrong in a site's telemetry, in one table."""

from collections.abc import Iterator, Sequence

import pandas as pd

from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.quality.finding import Finding, as_table
from pipelines.telemetry.quality.magnitude import beyond_the_site, unlike_siblings
from pipelines.telemetry.quality.repeats import repeats_of_points
from pipelines.telemetry.quality.setpoint_range import setpoints_out_of_range
from pipelines.telemetry.quality.totals import totals_beside_parts
from pipelines.telemetry.quality.unit_changes import unit_changes
from pipelines.telemetry.store import Store

DAYS_BEFORE = 21  # of the record beside what an ingest wrote: what changed shows against it
DAYS_LATER = 3  # a change of unit is certain after so many


def findings(site: Site, table: pd.DataFrame, quarantine: pd.DataFrame) -> pd.DataFrame:
    """One row per fault: finding, columns, start, end (UTC, NaT where it holds all along), seen, remedy.

    table, quarantine: as the store has them. What is wrong by a unit comes first: it explains much of what follows.
    """
    plant = plant_table(site, table)
    return as_table([*_of_points(site, table, quarantine), *beyond_the_site(site, table, plant)])


def noticed_after_ingest(site: Site, store: Store, days: Sequence[str]) -> list[str]:
    """What is wrong with points on days (UTC) that an ingest wrote, and what to do about it. Raises StoreError.

    Without what needs the whole plant: `findings` has that.
    """
    if not days or not store.exists:
        return []
    first = pd.Timestamp(min(days), tz="UTC")
    start = first - pd.Timedelta(days=DAYS_BEFORE)
    table = store.read(start)
    found = _of_points(site, table, store.quarantine(start))
    since = first - pd.Timedelta(days=DAYS_LATER)
    return [
        f"{each.finding}: {each.columns}: {each.seen}; {each.remedy}"
        for each in found
        if each.start is None or each.start >= since or (each.end is not None and each.end >= since)
    ]


def _of_points(site: Site, table: pd.DataFrame, quarantine: pd.DataFrame) -> Iterator[Finding]:
    yield from unit_changes(site, table, quarantine)
    yield from unlike_siblings(site, table)
    yield from setpoints_out_of_range(site, table)
    yield from totals_beside_parts(site, table)
    yield from repeats_of_points(site, table)
