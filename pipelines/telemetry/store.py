"""The telemetry store of one site: Parquet by UTC day behind one manifest, so that a commit is one rename.

Layout, below the store's root:

    <site>/manifest.json                  which file holds which day: the only truth
    <site>/raw/<day>/<hash>.parquet       readings as exported, source units, with their file; replaced ones too
    <site>/interval/<day>/<hash>.parquet  one row per interval, canonical columns and what of each was measured
    <site>/quarantine/<day>/<hash>.parquet  readings kept out, with the reason

Files are named by their content and never changed; `pipelines.telemetry.ingest` writes them, this module reads them.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.config import RemoteFolder
from pipelines.errors import StoreError
from pipelines.site.file import Site
from pipelines.site.points import WHERE_FROM
from pipelines.telemetry.content import content_hash
from pipelines.telemetry.location import storage_of
from pipelines.telemetry.storage import MANIFEST, FolderStorage

SCHEMA_VERSION = 1
UNTIMED = "untimed"  # the "day" of quarantined rows whose time could not be read
MEASURED = (
    "measured"  # column of the interval layer: of each column the share (%) of the interval that was measured
)
SHORT = 16  # hex digits of an export's SHA-256 that name it in the raw layer
REPLACED_COLUMNS = ["time", "tag", "source", "value", "file", "by"]
QUARANTINE_COLUMNS = ["time", "tag", "source", "value", "reason", "file"]

Layer = Literal["raw", "interval", "quarantine"]
LAYERS: tuple[Layer, ...] = ("raw", "interval", "quarantine")
# A reader that loaded the manifest just before an ingest may find its files collected: it looks again.
_ATTEMPTS = 3


DERIVED_VERSION = 3  # of the interval table: raised when the same raw readings make another one


SERVING_ONLY = {
    "impute",
    "impute_hours",
    "lead_hours",
    "position",
    "hall",
}  # of a point: the store has none of it


def site_fingerprint(site: Site) -> str:
    """Hash of everything in a site file that the interval table depends on."""
    described = {
        "version": (SCHEMA_VERSION, DERIVED_VERSION),
        "interval_minutes": site.interval_minutes,
        "sources": [source.model_dump(mode="json", exclude=set(WHERE_FROM)) for source in site.sources],
        "points": [point.model_dump(mode="json", exclude=SERVING_ONLY) for point in site.points],
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


@dataclass
class Manifest:
    """Which file (by content hash) holds which UTC day of each layer, and which exports were read.

    files: SHA-256 of an export -> its name, source, how it was read, and counts.
    state: of the manifest's file when this was read, for the commit of the next one; no part of it.
    """

    site: str = ""
    version: int = SCHEMA_VERSION
    fingerprint: str = ""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    interval: dict[str, str] = field(default_factory=dict)
    quarantine: dict[str, str] = field(default_factory=dict)
    untimed: dict[str, str] = field(default_factory=dict)
    state: str = field(default="", compare=False)

    def days(self, layer: Layer) -> dict[str, str]:
        """UTC day -> file (content hash) of a layer."""
        return getattr(self, layer)

    def to_json(self) -> str:
        """As the manifest file has it."""
        content = {name: value for name, value in asdict(self).items() if name != "state"}
        return json.dumps(content, indent=1, sort_keys=True) + "\n"


class Store:
    """Telemetry of one site. Reading never changes anything; it raises StoreError rather than guess."""

    def __init__(self, root: Path | str | RemoteFolder, site: Site) -> None:
        self.site = site
        self.storage = storage_of(root, site.name)

    @property
    def folder(self) -> Path:
        """The folder of a store on disk. Raises StoreError where it is in an object store."""
        if not isinstance(self.storage, FolderStorage):
            raise StoreError(
                f"{self.storage.where()} is no folder; look at it with the object store's own tools"
            )
        return self.storage.folder

    @property
    def manifest_path(self) -> Path:
        """Where the manifest of a store on disk lies. Raises StoreError as `folder` does."""
        return self.folder / MANIFEST

    @property
    def exists(self) -> bool:
        """Whether anything was ever ingested. Raises StoreDownError where an object store does not answer."""
        return bool(self.storage.stamp())

    def manifest(self) -> Manifest:
        """The manifest in force; an empty one before the first ingest. Raises StoreError where it is damaged."""
        return self._stored_manifest() or Manifest(site=self.site.name)

    def _stored_manifest(self) -> Manifest | None:
        stored = self.storage.manifest()
        if stored is None:
            return None
        where, remedy = (
            self.storage.where(MANIFEST),
            f"remove {self.storage.where()} and ingest the exports again",
        )
        try:
            manifest = Manifest(**json.loads(stored[0].decode("utf-8")), state=stored[1])
        except (ValueError, TypeError) as cause:
            raise StoreError(f"{where} is damaged ({cause}); {remedy}") from cause
        if manifest.version != SCHEMA_VERSION:
            raise StoreError(f"{where} has layout version {manifest.version}, not {SCHEMA_VERSION}; {remedy}")
        return manifest

    def path(self, layer: Layer, day: str, content: str) -> Path:
        """Where a layer's file of a day lies on disk, by its content hash. Raises StoreError as `folder` does."""
        return self.folder / file_name(layer, day, content)

    def read(self, start: Any = None, end: Any = None, columns: list[str] | None = None) -> pd.DataFrame:
        """The interval table of [start, end): UTC index `time` (interval starts), float64 columns.

        start, end: anything pandas reads as a time, without a zone taken as UTC; None is open.
        columns: a choice of the site's columns; None is all, in the site's order.
        Missing values are NaN; intervals in which no point has a value are absent.
        Raises StoreError for a store that is missing, damaged or derived from another site description.
        """
        wanted = self.site.columns if columns is None else list(columns)
        unknown = sorted(set(wanted) - set(self.site.columns))
        if unknown:
            raise StoreError(
                f'site "{self.site.name}" has no column {", ".join(unknown)}; see its [[points]]'
            )
        first, last = as_utc(start), as_utc(end)
        table = _table(self._layer("interval", first, last, ["time", *wanted]), wanted)
        if first is not None:
            table = table[table.index >= first]
        return table if last is None else table[table.index < last]

    def measured(self, start: Any = None, end: Any = None) -> pd.DataFrame:
        """The share (0-1) of each interval of [start, end) that was measured, for the columns and rows of `read`.

        A value between two readings fills an interval without measuring it. Raises StoreError as `read` does.
        """
        first, last = as_utc(start), as_utc(end)
        tables = self._layer("interval", first, last, ["time", MEASURED])
        index = _table(tables, []).index
        percent = [table[MEASURED].combine_chunks().flatten().to_numpy() for table in tables]
        shares = np.concatenate([np.empty(0), *percent]).reshape(len(index), len(self.site.columns)) / 100.0
        table = pd.DataFrame(shares, index=index, columns=self.site.columns)
        inside = np.ones(len(table), bool)
        if first is not None:
            inside &= table.index >= first
        if last is not None:
            inside &= table.index < last
        return table[inside]

    def replaced(self, start: Any = None, end: Any = None) -> pd.DataFrame:
        """Readings in [start, end) that a later export replaced: time (UTC), tag, source, value (source unit), file.

        file, by: names of the exports that had and that replaced them. Raises StoreError.
        """
        first, last = as_utc(start), as_utc(end)
        tables = self._layer("raw", first, last, ["time", "tag", "source", "value", "file", "reason", "text"])
        if not tables:
            return pd.DataFrame({name: [] for name in REPLACED_COLUMNS})
        names = {sha256[:SHORT]: entry["name"] for sha256, entry in self.manifest().files.items()}
        rows = pa.concat_tables(
            [each.filter(pc.equal(each["reason"].cast(pa.string()), "replaced")) for each in tables]
        )
        table = rows.to_pandas().astype({"file": str, "tag": str, "source": str})
        table["file"], table["by"] = table["file"].map(names), table["text"].map(names)
        if first is not None:
            table = table[table["time"] >= first]
        if last is not None:
            table = table[table["time"] < last]
        return table[REPLACED_COLUMNS].sort_values("time", kind="stable", ignore_index=True)

    def span(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """Start of the first interval and end of the last one (UTC); None where there is none. Raises StoreError."""
        manifest = self._stored_manifest()
        days = sorted(self._derived(manifest).interval) if manifest else []
        if not days:
            return None
        first, last = (
            self.read(day, pd.Timestamp(day) + pd.Timedelta(days=1), []) for day in (days[0], days[-1])
        )
        return first.index[0], last.index[-1] + self.site.interval

    def fingerprint(self, end: Any = None) -> str:
        """Hash of the interval table's content before `end`, the same whatever the order it was ingested in."""
        days, last = sorted(self._derived(self._stored_manifest()).interval.items()), as_utc(end)
        content: list[Any] = [self.site.columns, days]
        if last is not None:
            kept = [(day, name) for day, name in days if pd.Timestamp(day, tz="UTC") < last]
            day_ends = pd.Timestamp(kept[-1][0], tz="UTC") + pd.Timedelta(days=1) if kept else last
            cut = day_ends > last and not self.read(last, day_ends, []).empty
            content = [self.site.columns, kept, *([last.isoformat()] if cut else [])]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def quarantine(self, start: Any = None, end: Any = None) -> pd.DataFrame:
        """Readings kept out in [start, end): time (UTC), tag, source, value (text), reason, file (name).

        Rows without a usable time (time is NaT, value is the row's text) come only without start and end.
        """
        first, last = as_utc(start), as_utc(end)
        tables = self._layer("quarantine", first, last)
        if not tables:
            return pd.DataFrame({name: [] for name in QUARANTINE_COLUMNS}).astype(
                {"time": "datetime64[us, UTC]"}
            )
        table = pa.concat_tables(tables).select(QUARANTINE_COLUMNS).to_pandas()
        if first is not None:
            table = table[table["time"] >= first]
        if last is not None:
            table = table[table["time"] < last]
        return table.sort_values("time", kind="stable", ignore_index=True)

    def read_file(self, layer: Layer, day: str, content: str, columns: list[str] | None = None) -> pa.Table:
        """One Parquet file, its content checked against its name. Raises StoreError if it is damaged."""
        name = file_name(layer, day, content)
        data = self.storage.read(name)
        if content_hash(data) != content:
            raise StoreError(
                f"{self.storage.where(name)} is damaged: its content does not match its name; "
                f"remove {self.storage.where()} and ingest the exports again"
            )
        return pq.read_table(pa.BufferReader(data), columns=columns, use_threads=False)

    def _derived(self, manifest: Manifest | None) -> Manifest:
        """The manifest, which describes the table as the site file does."""
        if manifest is None:
            raise StoreError(
                f'site "{self.site.name}" has no telemetry in {self.storage.where()}; '
                f"run: coldaisle ingest --site {self.site.name} FILE..."
            )
        if manifest.fingerprint != site_fingerprint(self.site):
            raise StoreError(
                f'the sources or points of site "{self.site.name}" changed since its telemetry was ingested; '
                f"run: coldaisle ingest --site {self.site.name} --rebuild"
            )
        return manifest

    def _layer(
        self,
        layer: Layer,
        first: pd.Timestamp | None,
        last: pd.Timestamp | None,
        columns: list[str] | None = None,
    ) -> list[pa.Table]:
        missing = ""
        for _ in range(_ATTEMPTS):
            try:
                return self._files(
                    layer, _chosen(self._derived(self._stored_manifest()), layer, first, last), columns
                )
            except FileNotFoundError as cause:
                missing = cause.filename
        raise StoreError(f"{missing} is missing; remove {self.storage.where()} and ingest the exports again")

    def _files(
        self, layer: Layer, files: list[tuple[str, str]], columns: list[str] | None = None
    ) -> list[pa.Table]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda item: self.read_file(layer, item[0], item[1], columns), files))


def file_name(layer: Layer, day: str, content: str) -> str:
    """Path of a layer's file of a day below the store, by its content hash."""
    return f"{layer}/{day}/{content}.parquet"


def as_utc(time: Any) -> pd.Timestamp | None:
    """A time as UTC; without a zone it is taken as UTC, as all times of the store are."""
    if time is None:
        return None
    stamp = pd.Timestamp(time)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def _chosen(
    manifest: Manifest, layer: Layer, first: pd.Timestamp | None, last: pd.Timestamp | None
) -> list[tuple[str, str]]:
    """Days that overlap [first, last), with their files; without bounds also the rows without a time."""
    one_day = pd.Timedelta(days=1)
    days = [(day, pd.Timestamp(day, tz="UTC"), name) for day, name in sorted(manifest.days(layer).items())]
    chosen = [
        (day, name)
        for day, start, name in days
        if (last is None or start < last) and (first is None or start + one_day > first)
    ]
    if layer == "quarantine" and first is None and last is None:
        chosen += [(UNTIMED, name) for _, name in sorted(manifest.untimed.items())]
    return chosen


def _table(tables: list[pa.Table], columns: list[str]) -> pd.DataFrame:
    if not tables:
        index = pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="time")
        return pd.DataFrame(np.empty((0, len(columns))), index=index, columns=columns)
    table = pa.concat_tables(tables)
    index = pd.DatetimeIndex(table["time"].to_numpy(), name="time").as_unit("us").tz_localize("UTC")
    values = {name: table[name].to_numpy() for name in columns}
    return pd.DataFrame(values, index=index, columns=columns, dtype=float)
