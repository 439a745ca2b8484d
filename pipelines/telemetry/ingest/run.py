"""Exports into the store: read, merge into the raw layer, derive what changed, commit once."""

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import IngestError
from pipelines.site.file import Site
from pipelines.telemetry.ingest.derive import Derived
from pipelines.telemetry.ingest.one_file import Options, ingest_path, reading_fingerprint
from pipelines.telemetry.ingest.raw import Keys
from pipelines.telemetry.ingest.reasons import REASONS
from pipelines.telemetry.ingest.report import IngestReport
from pipelines.telemetry.ingest.transaction import Writer, collect, commit, locked
from pipelines.telemetry.ingest.update import Progress, Update, derive_changed
from pipelines.telemetry.quality.totals import totals_beside_parts
from pipelines.telemetry.store import SHORT, Manifest, Store, site_fingerprint


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
        before, fingerprint = store.manifest(), site_fingerprint(site)
        described_anew = before.fingerprint != fingerprint
        collect(store, before)
        update = Update(site, store, Keys.of(site), deepcopy(before), writer)
        for number, path in enumerate(map(Path, files)):
            tell(f"reading {path.name}", number / len(files))
            report.files.append(ingest_path(update, path, options))
        if rebuild or described_anew:
            update.everything()
        inspect = partial(_refuse_doubles, site) if described_anew or not before.interval else None
        _count(report, update.keys, derive_changed(update, tell, inspect))
        update.manifest.fingerprint = fingerprint
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


def _outdated(site: Site, manifest: Manifest) -> list[str]:
    read_as = {source.name: reading_fingerprint(site, source) for source in site.sources}
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
