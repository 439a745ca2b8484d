"""Exports into the store: read, merge into the raw layer, derive what changed, commit once."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.site.file import Site, Source
from pipelines.telemetry.ingest.clock import to_utc
from pipelines.telemetry.ingest.derive import Derived
from pipelines.telemetry.ingest.files import Export, open_export, points_of
from pipelines.telemetry.ingest.raw import SHORT, Keys, make_batch
from pipelines.telemetry.ingest.read import Cells, read_cells, row_texts
from pipelines.telemetry.ingest.reasons import REASONS, UNPARSABLE_ROW
from pipelines.telemetry.ingest.report import FileReport, IngestReport
from pipelines.telemetry.ingest.transaction import collect, commit, locked, write_file
from pipelines.telemetry.ingest.update import Progress, Update, derive_changed, merge
from pipelines.telemetry.store import UNTIMED, Manifest, Store, site_fingerprint


def ingest_files(
    site: Site,
    files: Sequence[Path | str],
    store: Store,
    *,
    progress: Progress | None = None,
    rebuild: bool = False,
    now: pd.Timestamp | None = None,
) -> IngestReport:
    """Read exports into a store; all of them or, on an error, none.

    A file ingested before changes nothing. A newer file replaces, for each tag it has, all readings in its
    time range. Where the site file changed, everything is derived again from the raw readings.
    progress: called with what is being done and its share done.
    rebuild: read these files and derive every day even if nothing changed.
    now: readings stamped more than a day later are not believed; the present by default.
    Raises IngestError, StoreError or SiteError; the store is then as before.
    """
    tell = progress or (lambda what, share: None)
    report = IngestReport(site.name)
    with locked(store):
        before = store.manifest()
        collect(store, before)
        update = Update(site, store, Keys.of(site), deepcopy(before))
        for number, path in enumerate(map(Path, files)):
            tell(f"reading {path.name}", number / len(files))
            report.files.append(_ingest_file(update, path, rebuild, now or pd.Timestamp.now("UTC")))
        if rebuild or before.fingerprint != site_fingerprint(site):
            update.everything()
        _count(report, update.keys, derive_changed(update, tell))
        update.manifest.fingerprint = site_fingerprint(site)
        if update.manifest != before:
            commit(store, update.manifest)
    report.warnings += _outdated(site, update.manifest)
    report.days_written = _changed_days(before.interval, update.manifest.interval)
    return report


def _ingest_file(update: Update, path: Path, rebuild: bool, now: pd.Timestamp) -> FileReport:
    export = open_export(path, update.site)
    source = export.source
    read_as = _reading_fingerprint(update.site, source)
    entry = update.manifest.files.get(export.sha256)
    if entry and entry["read_as"] == read_as and not rebuild:
        return FileReport(path.name, source.name, rows=entry["rows"], sha256=export.sha256, unchanged=True)
    cells = read_cells(export, update.site)
    utc_us, row_reason = to_utc(cells, source.time_zone, now)
    batch = make_batch(export, cells, utc_us, update.keys)
    merge(update, batch, update.keys.file_code(export.sha256[:SHORT]), read_before=entry is not None)
    rows = cells.rows + len(cells.rejected) + sum(cells.ignored.values()) * (source.layout == "long")
    update.manifest.files[export.sha256] = {
        "name": path.name, "source": source.name, "read_as": read_as, "rows": rows,
    }  # fmt: skip
    time_us = batch.readings["time"].to_numpy()
    return FileReport(
        path.name,
        source.name,
        rows=rows,
        sha256=export.sha256,
        quarantined=_keep_untimed(update, export, cells, row_reason),
        repeated=batch.repeated,
        ignored=sorted(map(str, cells.ignored)),
        warnings=batch.warnings,
        first=_time(time_us.min()) if len(time_us) else None,
        last=_time(time_us.max()) if len(time_us) else None,
    )


def _time(us: int) -> pd.Timestamp:
    return pd.Timestamp(int(us), unit="us", tz="UTC")


def _reading_fingerprint(site: Site, source: Source) -> str:
    """Hash of what a source's raw readings depend on; the rest of the site file matters only to the table."""
    derived_later = {"files", "stamp", "clock_offset_minutes", "sentinels"}
    described = source.model_dump(mode="json", exclude=derived_later)
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


def _keep_untimed(update: Update, export: Export, cells: Cells, row_reason: np.ndarray) -> dict[str, int]:
    """Quarantine rows that have no usable time, with their text. Returns reason -> rows."""
    rows = np.flatnonzero(row_reason > 0)
    reasons = [REASONS[code] for code in row_reason[rows]] + [UNPARSABLE_ROW] * len(cells.rejected)
    texts = [*row_texts(cells, rows), *(("", line) for line in cells.rejected)]
    update.manifest.untimed.pop(export.sha256, None)
    if reasons:
        count = len(reasons)
        table = pa.table({
            "time": pa.nulls(count, pa.timestamp("us", "UTC")), "tag": [tag for tag, _ in texts],
            "source": [export.source.name] * count, "value": [text for _, text in texts],
            "reason": reasons, "file": [export.path.name] * count,
        })  # fmt: skip
        update.manifest.untimed[export.sha256] = write_file(update.store, "quarantine", UNTIMED, table)
    return dict(Counter(reasons))


def _count(report: IngestReport, keys: Keys, pieces: list[Derived]) -> None:
    kept: Counter[int] = Counter()
    out: dict[int, Counter[str]] = {}
    for derived in pieces:
        kept.update(derived.kept)
        for table in derived.quarantine:
            for file_code, reason in zip(table["file"], table["reason"], strict=True):
                out.setdefault(file_code, Counter())[REASONS[reason]] += 1
    for file in report.files:
        if not file.unchanged:
            code = keys.file_code(file.sha256[:SHORT])
            file.readings = kept[code]
            file.quarantined = dict(Counter(file.quarantined) + out.get(code, Counter()))


def _changed_days(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(day for day in before.keys() | after.keys() if before.get(day) != after.get(day))
