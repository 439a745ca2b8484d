"""What an export changes: days of the raw layer, then the intervals that depend on them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.telemetry.ingest.clock import DAY_US
from pipelines.telemetry.ingest.derive import (
    CONTEXT_DAYS,
    Derived,
    day_name,
    day_number,
    derive,
    interval_tables,
    quarantine_tables,
)
from pipelines.telemetry.ingest.raw import SHORT, Batch, Keys, from_arrow, merge_day, no_readings, to_arrow
from pipelines.telemetry.ingest.transaction import write_days
from pipelines.telemetry.store import Manifest, Store

Progress = Callable[[str, float], None]  # what is being done, and the share of it that is done (0-1)
CHUNK_DAYS = 31  # derived at once; bounds memory


@dataclass
class Update:
    """A store on its way to its next state.

    manifest: the next one, not in force before the commit.
    changed: days (since 1970) whose raw readings changed.
    """

    site: Site
    store: Store
    keys: Keys
    manifest: Manifest
    changed: set[int] = field(default_factory=set)

    def everything(self) -> None:
        """Have all days derived again."""
        self.changed |= {day_number(day) for day in self.manifest.raw.keys() | self.manifest.interval.keys()}


def merge(update: Update, batch: Batch, file: int, read_before: bool) -> None:
    """Put an export's readings into the raw layer, in place of what it covers."""
    raw = update.manifest.raw
    new = _by_day(batch.readings)
    touched = set(new) | ({day_number(day) for day in raw} if read_before else _covered_days(raw, batch))
    before, tables = dict(raw), {}
    for day in sorted(touched):
        name, added = day_name(day), new.get(day, batch.readings[:0])
        if name in raw:
            old = from_arrow(update.store.read_file("raw", name, raw[name]), update.keys)
            added = merge_day(old, batch, added, file)
        tables[name] = to_arrow(added, update.keys)
    write_days(update.store, update.manifest, "raw", tables)
    update.changed |= {day_number(day) for day in tables if raw.get(day) != before.get(day)}


def _by_day(readings: pd.DataFrame) -> dict[int, pd.DataFrame]:
    if readings.empty:
        return {}
    day = readings["time"].to_numpy() // DAY_US
    order = np.argsort((day - day.min()).astype(np.uint16), kind="stable")  # 16 bits are sorted by radix
    ordered, day = readings.iloc[order], day[order]
    edges = [0, *(np.flatnonzero(np.diff(day)) + 1), len(day)]
    return {int(day[start]): ordered.iloc[start:end] for start, end in pairwise(edges)}


def _covered_days(raw: dict[str, str], batch: Batch) -> set[int]:
    if not batch.cover:
        return set()
    first = min(start for start, _ in batch.cover.values()) // DAY_US
    last = max(end for _, end in batch.cover.values()) // DAY_US
    return {day for day in map(day_number, raw) if first <= day <= last}


def derive_changed(update: Update, progress: Progress) -> list[Derived]:
    """Derive every day that the changed ones can reach, and write it; returns the pieces without values."""
    near = {day + shift for day in update.changed for shift in range(-CONTEXT_DAYS, CONTEXT_DAYS + 1)}
    chunks = _chunks(sorted(near))
    names = {sha256[:SHORT]: entry["name"] for sha256, entry in update.manifest.files.items()}
    done = []
    for number, (first, count) in enumerate(chunks):
        progress("resampling", number / len(chunks))
        derived = derive(update.site, _window(update, first, count), first, count)
        write_days(update.store, update.manifest, "interval", interval_tables(derived, update.site))
        write_days(
            update.store, update.manifest, "quarantine", quarantine_tables(derived, update.keys, names)
        )
        derived.values.clear()
        done.append(derived)
    progress("resampling", 1.0)
    return done


def _chunks(days: list[int]) -> list[tuple[int, int]]:
    """First day and length of runs of days, none longer than CHUNK_DAYS."""
    chunks: list[tuple[int, int]] = []
    for day in days:
        if chunks and day == sum(chunks[-1]) and chunks[-1][1] < CHUNK_DAYS:
            chunks[-1] = (chunks[-1][0], chunks[-1][1] + 1)
        else:
            chunks.append((day, 1))
    return chunks


def _window(update: Update, first: int, count: int) -> pd.DataFrame:
    names = (day_name(day) for day in range(first - CONTEXT_DAYS, first + count + CONTEXT_DAYS))
    stored = [(name, update.manifest.raw[name]) for name in names if name in update.manifest.raw]
    frames = [from_arrow(update.store.read_file("raw", *item), update.keys) for item in stored]
    if not frames:
        return no_readings()
    return pd.concat(frames, ignore_index=True).sort_values("key", kind="stable", ignore_index=True)
