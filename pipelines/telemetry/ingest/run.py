"""Exports into the store: read, merge into the raw layer, derive what changed, commit once."""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.exports import Opened, listed, opened
from pipelines.site.file import Site, Source
from pipelines.telemetry.ingest.batch import make_batch
from pipelines.telemetry.ingest.cells import Cells, row_texts
from pipelines.telemetry.ingest.clock import refuse_clock_without_summer, to_utc
from pipelines.telemetry.ingest.derive import Derived
from pipelines.telemetry.ingest.files import Export, open_export, points_of
from pipelines.telemetry.ingest.raw import Keys
from pipelines.telemetry.ingest.read import Reader
from pipelines.telemetry.ingest.reasons import AMBIGUOUS_TIME, IMPLAUSIBLE_TIME, REASONS, UNPARSABLE_ROW
from pipelines.telemetry.ingest.report import FileReport, IngestReport
from pipelines.telemetry.ingest.transaction import Writer, collect, commit, locked, write_file
from pipelines.telemetry.ingest.units_row import refuse_other_units
from pipelines.telemetry.ingest.update import Incoming, Progress, Update, derive_changed
from pipelines.telemetry.quality.totals import totals_beside_parts
from pipelines.telemetry.store import SHORT, UNTIMED, Manifest, Store, site_fingerprint


@dataclass(frozen=True)
class Options:
    """How to ingest. rebuild: read these files and derive every day even if nothing changed; they are then the latest.

    replace: let an export change most of what the store holds in its days. dry_run: change nothing, report what would.
    now: readings stamped more than a day later are not believed; the present by default.
    """

    rebuild: bool = False
    replace: bool = False
    dry_run: bool = False
    now: pd.Timestamp = field(default_factory=lambda: pd.Timestamp.now("UTC"))


def ingest_files(
    site: Site,
    files: Sequence[Path | str],
    store: Store,
    *,
    progress: Progress | None = None,
    rebuild: bool = False,
    replace: bool = False,
    dry_run: bool = False,
    now: pd.Timestamp | None = None,
) -> IngestReport:
    """Read exports into a store; all of them or, on an error, none.

    A file ingested before changes nothing. A newer file replaces the readings that it has itself, of its tags at its
    times; what it replaces stays in the raw layer (`Store.replaced`). Where the site file changed, everything is
    derived again from the raw readings.
    progress: called with what is being done and its share done. The others: see `Options`.
    Raises IngestError, StoreError or SiteError; the store is then as before.
    """
    tell = progress or (lambda what, share: None)
    options = Options(rebuild, replace, dry_run, now or pd.Timestamp.now("UTC"))
    report = IngestReport(site.name, dry_run=dry_run)
    with locked(store), Writer(store) as writer:
        before = store.manifest()
        collect(store, before)
        update = Update(site, store, Keys.of(site), deepcopy(before), writer)
        for number, path in enumerate(map(Path, files)):
            tell(f"reading {path.name}", number / len(files))
            report.files.append(_ingest_path(update, path, options))
        if rebuild or before.fingerprint != site_fingerprint(site):
            update.everything()
        first = not before.interval or before.fingerprint != site_fingerprint(site)
        _count(
            report,
            update.keys,
            derive_changed(update, tell, partial(_refuse_doubles, site) if first else None),
        )
        update.manifest.fingerprint = site_fingerprint(site)
        if dry_run:
            collect(store, before)
        elif update.manifest != before:
            commit(store, update.manifest)
    report.warnings += _outdated(site, update.manifest)
    report.days_written = _changed_days(before.interval, update.manifest.interval)
    return report


def _refuse_doubles(site: Site, table: pd.DataFrame) -> None:
    """Raise IngestError where a site file that is new has a total and its parts added up."""
    found = next(totals_beside_parts(site, table, only_sure=True), None)
    if found is not None:
        raise IngestError(f"{found.seen}; {found.remedy}")


def _ingest_path(update: Update, path: Path, options: Options) -> FileReport:
    with opened(path) as file, tempfile.TemporaryDirectory(prefix="coldaisle-") as folder:
        report = _ingest_file(update, file, Path(folder), options)
        file.check_unchanged()
    return report


def _ingest_file(update: Update, file: Opened, folder: Path, options: Options) -> FileReport:
    export = open_export(file, update.site)
    source, name = export.source, file.path.name
    read_as = _reading_fingerprint(update.site, source)
    entry = update.manifest.files.get(export.sha256)
    if entry and entry["read_as"] == read_as and not entry.get("to_come") and not options.rebuild:
        return FileReport(name, source.name, rows=entry["rows"], sha256=export.sha256, unchanged=True)
    warnings = refuse_other_units(export, points_of(update.site, source))
    reader = Reader(export, update.site, folder)
    incoming = Incoming(update, update.keys.file_code(export.sha256[:SHORT]))
    untimed, repeated = _Untimed(export), 0
    steps: dict[int, int] = {}
    valued: set[int] = set()
    for cells in reader.parts():
        utc_us, row_reason = to_utc(cells, source.time_zone, options.now)
        refuse_clock_without_summer(export, cells, row_reason)
        untimed.add(cells, row_reason)
        batch = make_batch(export, cells, utc_us, update.keys, steps)
        incoming.add(batch)
        valued |= batch.valued
        repeated += batch.repeated
    incoming.finish(read_before=entry is not None)
    if not options.replace:
        _refuse_another_history(update, export, incoming)
    rows = reader.rows + len(reader.rejected)
    update.manifest.files[export.sha256] = {
        "name": name, "source": source.name, "read_as": read_as, "rows": rows,
        **({"to_come": True} if untimed.to_come else {}),
    }  # fmt: skip
    return FileReport(
        name,
        source.name,
        rows=rows,
        sha256=export.sha256,
        quarantined=untimed.keep(update, reader.rejected),
        repeated=repeated,
        new=incoming.counted.new,
        replaced=incoming.counted.replaced,
        already_there=incoming.counted.repeated,
        ignored=sorted(map(str, reader.ignored)),
        warnings=[*warnings, *untimed.warnings(), *_absent(export, reader, valued)],
        first=_time(incoming.first_us),
        last=_time(incoming.last_us),
    )


def _time(us: int | None) -> pd.Timestamp | None:
    return None if us is None else pd.Timestamp(int(us), unit="us", tz="UTC")


def _absent(export: Export, reader: Reader, valued: set[int]) -> list[str]:
    """Points of the source that the file says nothing of."""
    empty = [reader.points[code].tag for code in sorted(reader.seen - valued) if code >= 0]
    start = f"{export.prefix}/" if export.prefix else ""
    absent = [
        point.tag
        for code, point in enumerate(reader.points)
        if code not in reader.seen and point.tag.startswith(start)
    ]
    told = [f"{listed(empty)} has no value in {export.name}".replace('"', "")] if empty else []
    return [*told, *([f"{export.name} has no row of {listed(absent)}"] if absent else [])]


def _refuse_another_history(update: Update, export: Export, incoming: Incoming) -> None:
    """Raise IngestError where an export would give most of what is stored in its days another value."""
    counted = incoming.counted
    if not counted.suspects or counted.first is None:
        return
    key, time_us, old, new = counted.first
    there, changed = (
        sum(part.get(key, 0) for key in counted.suspects) for part in (counted.there, counted.changed)
    )
    at = pd.Timestamp(time_us, unit="us")
    raise IngestError(
        f"{export.name} gives {changed:,} of {there:,} readings that are there already another value, the first "
        f"{update.keys.pairs[key][1]} at {at:%Y-%m-%d %H:%M} UTC: {new:g} instead of {old:g}. "
        f'If it is of another machine, give it a source of its own, or set tag_from = "file" of source '
        f"{export.source.name}; if it is a correction, ingest it with --replace"
    )


@dataclass
class _Untimed:
    """Rows of one export that have no usable time, with their text."""

    export: Export
    reasons: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def to_come(self) -> bool:
        """Whether some may become plausible later: the computer's clock may be wrong today."""
        return IMPLAUSIBLE_TIME in self.reasons

    def add(self, cells: Cells, row_reason: np.ndarray) -> None:
        """Those of a part. row_reason: [rows] code, 0 for a usable time."""
        rows = np.flatnonzero(row_reason > 0)
        self.reasons += [REASONS[code] for code in row_reason[rows]]
        self.texts += row_texts(cells, rows)

    def warnings(self) -> list[str]:
        """What they mean for the source's clock."""
        if AMBIGUOUS_TIME not in self.reasons:
            return []
        source = self.export.source
        return [
            f"{self.export.name} shows an hour once that clocks in {source.time_zone} show twice, so its rows are set "
            f"aside; if its clock does not change to summer time, set time_zone of source {source.name} to the zone's "
            f"standard time, else half the year is an hour off"
        ]

    def keep(self, update: Update, rejected: list[str]) -> dict[str, int]:
        """Quarantine them and lines that are no rows. Returns reason -> rows."""
        reasons = [*self.reasons, *[UNPARSABLE_ROW] * len(rejected)]
        texts = [*self.texts, *(("", line) for line in rejected)]
        update.manifest.untimed.pop(self.export.sha256, None)
        if reasons:
            count = len(reasons)
            table = pa.table({
                "time": pa.nulls(count, pa.timestamp("us", "UTC")), "tag": [tag for tag, _ in texts],
                "source": [self.export.source.name] * count, "value": [text for _, text in texts],
                "reason": reasons, "file": [self.export.name] * count,
            })  # fmt: skip
            update.manifest.untimed[self.export.sha256] = write_file(
                update.store, "quarantine", UNTIMED, table
            )
        return dict(Counter(reasons))


def _reading_fingerprint(site: Site, source: Source) -> str:
    """Hash of what a source's raw readings depend on; the rest of the site file matters only to the table."""
    derived_later = {"files", "stamp", "clock_offset_minutes", "sentinels"}
    described = source.model_dump(mode="json", exclude=derived_later, exclude_defaults=True)
    tags = sorted((point.tag, point.reading, point.quantity) for point in points_of(site, source))
    return hashlib.sha256(json.dumps([described, tags], sort_keys=True).encode()).hexdigest()[:SHORT]


def _outdated(site: Site, manifest: Manifest) -> list[str]:
    read_as = {source.name: _reading_fingerprint(site, source) for source in site.sources}
    outdated = sorted(
        entry["name"] for entry in manifest.files.values() if entry["read_as"] != read_as.get(entry["source"])
    )
    if not outdated:
        return []
    return [
        f"{', '.join(outdated)}: read before the site file's description of their source changed; "
        f"ingest them again to read them as it is now"
    ]


def _count(report: IngestReport, keys: Keys, pieces: list[Derived]) -> None:
    kept: Counter[int] = Counter()
    out: Counter[tuple[int, str]] = Counter()
    for derived in pieces:
        kept.update(derived.kept)
        for readings in derived.quarantine:
            codes = np.bincount(readings.file.astype(np.int64) * len(REASONS) + readings.reason)
            for code in np.flatnonzero(codes).tolist():
                out[code // len(REASONS), REASONS[code % len(REASONS)]] += int(codes[code])
    for file in report.files:
        if not file.unchanged:
            own = keys.file_code(file.sha256[:SHORT])
            file.readings = kept[own]
            reasons = Counter({reason: count for (code, reason), count in out.items() if code == own})
            file.quarantined = dict(Counter(file.quarantined) + reasons)


def _changed_days(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(day for day in before.keys() | after.keys() if before.get(day) != after.get(day))
