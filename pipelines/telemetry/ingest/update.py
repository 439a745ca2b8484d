"""What an export changes: days of the raw layer, then the intervals that depend on them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.exports.stamps import DAY_US
from pipelines.site.file import Site
from pipelines.telemetry.ingest.derive import (
    CONTEXT_DAYS,
    Derived,
    day_name,
    day_number,
    derive,
    interval_tables,
    quarantine_tables,
)
from pipelines.telemetry.ingest.merge import Replacement, merge_day, without_file
from pipelines.telemetry.ingest.raw import Batch, Keys, from_arrow, no_readings, to_arrow
from pipelines.telemetry.ingest.transaction import write_days
from pipelines.telemetry.store import SHORT, Manifest, Store

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
        update, tables = self.update, {}
        for day, added in _by_day(batch.readings).items():
            old = self._stored(day)
            tables[day_name(day)] = to_arrow(
                merge_day(old, added, self.file, update.keys, self.counted), update.keys
            )
            self.touched.add(day)
        self._write(tables)
        time_us = batch.readings["time"].to_numpy()
        if len(time_us):
            self.first_us = min(
                self.first_us if self.first_us is not None else time_us.min(), int(time_us.min())
            )
            self.last_us = max(
                self.last_us if self.last_us is not None else time_us.max(), int(time_us.max())
            )

    def finish(self, read_before: bool) -> None:
        """Take what an earlier reading of this export left on other days out of the raw layer."""
        if not read_before:
            return
        rest = {day_number(day) for day in self.update.manifest.raw} - self.touched
        self._write({day_name(day): to_arrow(self._stored(day), self.update.keys) for day in sorted(rest)})

    def _stored(self, day: int) -> pd.DataFrame:
        """A day's readings, those of this export as far as it was read now."""
        raw, name = self.update.manifest.raw, day_name(day)
        if name not in raw:
            return no_readings()
        stored = from_arrow(self.update.store.read_file("raw", name, raw[name]), self.update.keys)
        return stored if day in self.touched else without_file(stored, self.file, self.update.keys)

    def _write(self, tables: dict[str, pa.Table]) -> None:
        manifest, before = self.update.manifest, dict(self.update.manifest.raw)
        write_days(self.update.store, manifest, "raw", tables)
        self.update.changed |= {day_number(day) for day in tables if manifest.raw.get(day) != before.get(day)}


def _by_day(readings: pd.DataFrame) -> dict[int, pd.DataFrame]:
    if readings.empty:
        return {}
    day = readings["time"].to_numpy() // DAY_US
    order = np.argsort((day - day.min()).astype(np.uint16), kind="stable")  # 16 bits are sorted by radix
    ordered, day = readings.iloc[order], day[order]
    edges = [0, *(np.flatnonzero(np.diff(day)) + 1), len(day)]
    return {int(day[start]): ordered.iloc[start:end] for start, end in pairwise(edges)}


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
        derived.measured.clear()
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
