"""A site's inbox: the folder where exports arrive, put there by people or fetched, to be ingested."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.config import Settings
from pipelines.errors import BusyError, IngestError
from pipelines.exports import EXPORTS
from pipelines.files import locked, write_atomic
from pipelines.site.file import Site
from pipelines.telemetry.ingest import IngestReport, ingest_files
from pipelines.telemetry.ingest.one_file import reading_fingerprint
from pipelines.telemetry.store import Store

LOCK = ".lock"  # of a fetched source's folder: held while it is fetched
READ_AS = ".read_as"  # of an ingested source's folder: as what its files were read


@dataclass(frozen=True)
class InboxReport:
    """What an inbox brought: whether the store changed, how many readings, and each refused file's reason."""

    site: str
    changed: bool
    files: list[str]
    readings: int
    refused: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as --json prints them."""
        return asdict(self)


def inbox_sites(settings: Settings) -> list[str]:
    """Names of the sites that have an inbox: the folders of `inbox` in the home folder."""
    root = settings.home / "inbox"
    return sorted(folder.name for folder in root.iterdir() if folder.is_dir()) if root.is_dir() else []


def fetched_folder(home: Path, site_name: str) -> Path:
    """Where `pipelines.connectors` puts what it brings: a folder for each source."""
    return home / "inbox" / site_name / "fetched"


def ingested_folder(home: Path, site_name: str) -> Path:
    """Where fetched files lie once they are ingested; they may be deleted, for the store has their readings."""
    return home / "inbox" / site_name / "ingested"


def inbox_files(site_name: str, settings: Settings) -> list[Path]:
    """Exports in a site's inbox, oldest first, so that a later correction replaces what it covers.

    Names that begin with a dot are left alone: copy to such a name, then rename, and no half a file is read.
    """
    fetched = fetched_folder(settings.home, site_name)
    return _exports([*fetched.parent.glob("*"), *fetched.rglob("*")], fetched.parent)


def ingest_inbox(site: Site, settings: Settings) -> InboxReport:
    """Ingest what is new in a site's inbox. The store knows by content what it has read.

    What people put there is left where it is. What was fetched is moved to `ingested` once the store has it: a year of
    quarters of an hour would else be hashed each time. It is read again where its description in the site file changed.
    A file that cannot be read is reported and does not keep out the others. Raises StoreError, BusyError and SiteError,
    and OSError where a file cannot be moved; what is not moved is ingested and moved the next time.
    """
    store, home = Store(settings.store, site), settings.home
    again = _read_otherwise(site, home)
    files = [*again, *inbox_files(site.name, settings)]
    stamps = {file: _stamp(file) for file in files}
    refused: dict[str, str] = {}
    try:
        reports = [ingest_files(site, files, store)] if files else []
    except BusyError:
        raise
    except IngestError:
        reports, refused = _one_by_one(site, files, store)
    new = [file for report in reports for file in report.files if not file.unchanged]
    for file in files:
        if file.name not in refused:
            _move_fetched(file, stamps[file], home, site.name)
    if not refused.keys() & {file.name for file in again}:
        _keep_read_as(site, home)
    return InboxReport(
        site=site.name,
        changed=any(report.days_written for report in reports),
        files=[file.name for file in new],
        readings=sum(file.readings for file in new),
        refused=refused,
    )


def _exports(paths: list[Path], inbox: Path) -> list[Path]:
    files = [
        path
        for path in paths
        if path.is_file()
        and path.suffix.lower() in EXPORTS
        and not any(part.startswith(".") for part in path.relative_to(inbox).parts)
    ]
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _read_otherwise(site: Site, home: Path) -> list[Path]:
    """Ingested files of sources whose description changed since."""
    folder = ingested_folder(home, site.name)
    changed = [name for name, read_as in _read_as(site) if _note(folder / name) not in (None, read_as)]
    return _exports([path for name in changed for path in (folder / name).rglob("*")], folder)


def _keep_read_as(site: Site, home: Path) -> None:
    """Note how the ingested files were read."""
    for name, read_as in _read_as(site):
        folder = ingested_folder(home, site.name) / name
        if folder.is_dir() and _note(folder) != read_as:
            write_atomic(folder / READ_AS, read_as)


def _read_as(site: Site) -> list[tuple[str, str]]:
    sources = [source for source in site.sources if source.kind != "inbox"]
    return [(source.name, reading_fingerprint(site, source)) for source in sources]


def _note(folder: Path) -> str | None:
    try:
        return (folder / READ_AS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _move_fetched(file: Path, stamp: tuple[int, int, int], home: Path, site_name: str) -> None:
    """Move a fetched file that was ingested, unless a fetch is replacing it or did so since: then it is new again."""
    fetched = fetched_folder(home, site_name)
    if not file.is_relative_to(fetched):
        return
    below = file.relative_to(fetched)
    try:
        with locked(fetched / below.parts[0] / LOCK, wait=False):
            if _stamp(file) == stamp:
                target = ingested_folder(home, site_name) / below
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, target)
    except BlockingIOError:
        return


def _stamp(file: Path) -> tuple[int, int, int]:
    status = file.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _one_by_one(site: Site, files: list[Path], store: Store) -> tuple[list[IngestReport], dict[str, str]]:
    reports, refused = [], {}
    for file in files:
        try:
            reports.append(ingest_files(site, [file], store))
        except BusyError:
            raise
        except IngestError as error:
            refused[file.name] = str(error)
    return reports, refused
