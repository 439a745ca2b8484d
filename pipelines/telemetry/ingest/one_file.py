"""One export into the raw layer of a store on its way to its next state."""

import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipelines.errors import IngestError
from pipelines.exports import Opened, listed, opened
from pipelines.site.file import Site, Source
from pipelines.site.points import WHERE_FROM
from pipelines.telemetry.ingest.batch import make_batch
from pipelines.telemetry.ingest.clock import refuse_clock_without_summer, to_utc
from pipelines.telemetry.ingest.files import Export, open_export, points_of
from pipelines.telemetry.ingest.read import Reader, SwallowedLinesError
from pipelines.telemetry.ingest.report import FileReport
from pipelines.telemetry.ingest.units_row import refuse_other_units
from pipelines.telemetry.ingest.untimed import Untimed
from pipelines.telemetry.ingest.update import Incoming, Update
from pipelines.telemetry.store import SHORT


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


def ingest_path(update: Update, path: Path, options: Options) -> FileReport:
    """Read a file into the raw layer. Raises IngestError, StoreError."""
    with opened(path) as file, tempfile.TemporaryDirectory(prefix="coldaisle-") as folder:
        report = _ingest_file(update, file, Path(folder), options)
        file.check_unchanged()
    return report


def _ingest_file(update: Update, file: Opened, folder: Path, options: Options) -> FileReport:
    export = open_export(file, update.site)
    source, name = export.source, file.path.name
    read_as = reading_fingerprint(update.site, source)
    entry = update.manifest.files.get(export.sha256)
    if entry and entry["read_as"] == read_as and not entry.get("to_come") and not options.rebuild:
        return FileReport(name, source.name, rows=entry["rows"], sha256=export.sha256, unchanged=True)
    warnings = refuse_other_units(export, points_of(update.site, source))
    try:
        read = _read(update, Reader(export, update.site, folder), options, entry is not None)
    except SwallowedLinesError:
        read = _read(update, Reader(export, update.site, folder, careful=True), options, read_before=True)
    reader, counted = read.reader, read.incoming.counted
    rows = reader.rows + len(reader.rejected)
    update.manifest.files[export.sha256] = {
        "name": name, "source": source.name, "read_as": read_as, "rows": rows,
        **({"to_come": True} if read.untimed.to_come else {}),
    }  # fmt: skip
    return FileReport(
        name,
        source.name,
        rows=rows,
        sha256=export.sha256,
        quarantined=read.untimed.keep(update, reader.rejected),
        repeated=read.repeated,
        new=counted.new,
        replaced=counted.replaced,
        already_there=counted.repeated,
        ignored=sorted(map(str, reader.ignored)),
        warnings=[*warnings, *read.untimed.warnings(), *_absent(export, reader, read.valued)],
        first=_time(read.incoming.first_us),
        last=_time(read.incoming.last_us),
    )


@dataclass
class _Read:
    """What was read of an export: readings went into the raw layer, rows without a time are here.

    repeated: identical copies left out. valued: indices of the points that have a value.
    """

    reader: Reader
    incoming: Incoming
    untimed: Untimed
    repeated: int = 0
    valued: set[int] = field(default_factory=set)


def _read(update: Update, reader: Reader, options: Options, read_before: bool) -> _Read:
    """Read an export into the raw layer, in place of what an earlier reading of it left there."""
    export, steps = reader.export, dict[int, int]()
    incoming = Incoming(update, update.keys.file_code(export.sha256[:SHORT]))
    read = _Read(reader, incoming, Untimed(export))
    for cells in reader.parts():
        utc_us, row_reason = to_utc(cells, export.source.time_zone, options.now)
        refuse_clock_without_summer(export, cells, row_reason)
        read.untimed.add(cells, row_reason)
        batch = make_batch(export, cells, utc_us, update.keys, steps)
        incoming.add(batch)
        read.valued |= batch.valued
        read.repeated += batch.repeated
    incoming.finish(read_before=read_before)
    if not options.replace:
        _refuse_another_history(update, export, incoming)
    return read


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


def reading_fingerprint(site: Site, source: Source) -> str:
    """Hash of what a source's raw readings depend on; the rest of the site file matters only to the table."""
    derived_later = {*WHERE_FROM, "stamp", "clock_offset_minutes", "sentinels"}
    described = source.model_dump(mode="json", exclude=derived_later, exclude_defaults=True)
    tags = sorted((point.tag, point.reading, point.quantity) for point in points_of(site, source))
    return hashlib.sha256(json.dumps([described, tags], sort_keys=True).encode()).hexdigest()[:SHORT]
