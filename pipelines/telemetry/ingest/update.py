"""What an export changes: days of the raw layer, then the intervals that depend on them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
import pyarrow as pa

from pipelines.site.file import Site
from pipelines.telemetry.ingest.batch import Batch
from pipelines.telemetry.ingest.days import day_number
from pipelines.telemetry.ingest.derive import (
    CONTEXT_DAYS,
    Derived,
    Window,
    derive,
    interval_tables,
    quarantine_tables,
)
from pipelines.telemetry.ingest.merge import Replacement, merge_day, without_file
from pipelines.telemetry.ingest.raw import Keys, RawReadings
from pipelines.telemetry.ingest.raw_days import RawDays
from pipelines.telemetry.ingest.transaction import Writer
from pipelines.telemetry.store import SHORT, Layer, Manifest, Store

Progress = Callable[[str, float], None]  # what is being done, and the share of it that is done (0-1)
# Derived at once: readings bound memory, days bound the table of a site with few of them.
CHUNK_READINGS, CHUNK_DAYS = 5_000_000, 120


@dataclass
class Update:
    """A store on its way to its next state.

    manifest: the next one, not in force before the commit. raw: its raw layer.
    changed: days (since 1970) to derive again.
    """

    site: Site
    store: Store
    keys: Keys
    manifest: Manifest
    writer: Writer
    changed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.raw = RawDays(self.store, self.manifest, self.keys, self.writer)

    def everything(self) -> None:
        """Have all days derived again."""
        self.changed |= self.raw.days() | {day_number(day) for day in self.manifest.interval}

    def put(self, day: int, readings: RawReadings) -> None:
        """Have a day's readings written where they changed. Raises StoreError where an earlier file cannot be."""
        if not self.raw.get(day).same_as(readings):
            self.raw.put(day, readings)
            self.changed.add(day)


@dataclass
class Incoming:
    """One export on its way into the raw layer, part by part.

    file: its number. touched: days that a part has readings of. counted: what it does to the readings of others.
    """

    update: Update
    file: int
    touched: set[int] = field(default_factory=set)
    counted: Replacement = field(default_factory=Replacement)
    first_us: int | None = None
    last_us: int | None = None

    def add(self, batch: Batch) -> None:
        """Put a part's readings into the raw layer, in place of those that they correct."""
        keys = self.update.keys
        for day, added in batch.days.items():
            merged = merge_day(self._stored(day), added, self.file, keys, self.counted)
            self.update.put(day, merged)
            self.touched.add(day)
        if batch.first_us is not None and batch.last_us is not None:
            first, last = batch.first_us, batch.last_us
            self.first_us = first if self.first_us is None else min(self.first_us, first)
            self.last_us = last if self.last_us is None else max(self.last_us, last)

    def finish(self, read_before: bool) -> None:
        """Take what an earlier reading of this export left on other days out of the raw layer."""
        if not read_before:
            return
        for day in sorted(self.update.raw.days() - self.touched):
            self.update.put(day, self._stored(day))

    def _stored(self, day: int) -> RawReadings:
        """A day's readings, those of this export as far as it was read now."""
        stored = self.update.raw.get(day)
        return stored if day in self.touched else without_file(stored, self.file, self.update.keys)


def derive_changed(
    update: Update, progress: Progress, inspect: Callable[[pd.DataFrame], None] | None = None
) -> list[Derived]:
    """Derive every day that the changed ones can reach, and write it; returns the pieces without values.

    inspect: called with the table of each piece. Raises StoreError where a file cannot be read or written.
    """
    near = {day + shift for day in update.changed for shift in range(-CONTEXT_DAYS, CONTEXT_DAYS + 1)}
    days = sorted(near)
    names = {sha256[:SHORT]: entry["name"] for sha256, entry in update.manifest.files.items()}
    done = []
    for first, count, window in _chunks(update, days):
        progress("resampling", days.index(first) / len(days))
        derived = derive(update.site, window, first, count)
        if inspect is not None:
            inspect(pd.DataFrame(derived.values))
        _put(update.writer, "interval", interval_tables(derived, update.site))
        _put(update.writer, "quarantine", quarantine_tables(derived, update.keys, names))
        derived.values.clear()
        derived.measured.clear()
        done.append(derived)
    update.writer.settle(update.manifest)
    progress("resampling", 1.0)
    return done


def _put(writer: Writer, layer: Layer, tables: dict[str, pa.Table]) -> None:
    for day, table in tables.items():
        writer.put(layer, day, table.num_rows, partial(pa.Table.slice, table))


def _chunks(update: Update, days: list[int]) -> Iterator[tuple[int, int, Window]]:
    """First day and length of runs of days, with the readings of these and of their context."""
    rest = list(days)
    while rest:
        first, count = rest[0], 0
        parts = [update.raw.get(day) for day in range(first - CONTEXT_DAYS, first)]
        read: dict[int, RawReadings] = {}
        while count < len(rest) and rest[count] == first + count and _is_room(read, count):
            read[first + count] = update.raw.get(first + count)
            count += 1
        parts += read.values()
        parts += [update.raw.get(first + count + day) for day in range(CONTEXT_DAYS)]
        yield first, count, Window(parts, len(update.site.points))
        del rest[:count]


def _is_room(read: dict[int, RawReadings], count: int) -> bool:
    return count < CONTEXT_DAYS or (count < CHUNK_DAYS and sum(map(len, read.values())) < CHUNK_READINGS)
