"""A site's inbox: the folder where exports arrive, to be ingested and left where they are."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.config import Settings
from pipelines.errors import IngestError
from pipelines.exports import EXPORTS
from pipelines.site.file import Site
from pipelines.telemetry.ingest import IngestReport, ingest_files
from pipelines.telemetry.store import Store


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


def inbox_files(site_name: str, settings: Settings) -> list[Path]:
    """Exports in a site's inbox, oldest first, so that a later correction replaces what it covers.

    Names that begin with a dot are left alone: copy to such a name, then rename, and no half a file is read.
    """
    files = [
        path
        for path in (settings.home / "inbox" / site_name).glob("*")
        if path.is_file() and path.suffix.lower() in EXPORTS and not path.name.startswith(".")
    ]
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name))


def ingest_inbox(site: Site, settings: Settings) -> InboxReport:
    """Ingest what is new in a site's inbox. The store knows by content what it has read, so nothing is moved.

    A file that cannot be read is reported and does not keep out the others.
    """
    store, files = Store(settings.store, site), inbox_files(site.name, settings)
    refused: dict[str, str] = {}
    try:
        reports = [ingest_files(site, files, store)] if files else []
    except IngestError:
        reports, refused = _one_by_one(site, files, store)
    new = [file for report in reports for file in report.files if not file.unchanged]
    return InboxReport(
        site=site.name,
        changed=any(report.days_written for report in reports),
        files=[file.name for file in new],
        readings=sum(file.readings for file in new),
        refused=refused,
    )


def _one_by_one(site: Site, files: list[Path], store: Store) -> tuple[list[IngestReport], dict[str, str]]:
    reports, refused = [], {}
    for file in files:
        try:
            reports.append(ingest_files(site, [file], store))
        except IngestError as error:
            refused[file.name] = str(error)
    return reports, refused
