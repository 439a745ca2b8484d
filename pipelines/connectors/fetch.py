"""Brings what a site's sources have for a window of time into the site's inbox; each source on its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from pipelines.config import Settings
from pipelines.connectors.content import content_of
from pipelines.connectors.job import Connector, Job, Piece
from pipelines.connectors.landing import Landing, sha256_of
from pipelines.connectors.report import FetchReport, SourceReport
from pipelines.connectors.secret_values import Secrets
from pipelines.connectors.sites import fetched_sources
from pipelines.errors import SourceError
from pipelines.site.file import Site, Source
from pipelines.telemetry.ingest.one_file import reading_fingerprint

# A kind of source and the module whose `pieces` brings it; loaded when a site uses it.
CONNECTORS = {"files": "remote_files", "http": "http", "sql": "sql"}
AT_ONCE = 4  # sources that are asked at a time: one that hangs does not hold up the others


def fetch(site: Site, settings: Settings, *, start: datetime, end: datetime) -> FetchReport:
    """Bring what the site's sources have for [start, end) into its inbox, for `ingest_inbox` to ingest.

    A source that fails is in the report and leaves the others. The same window again replaces its own files, or changes
    nothing where the content is the same. Times without a zone are UTC. Raises OSError where the inbox cannot be
    written.
    """
    first, last = (_utc(time) for time in (start, end))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sources = list(
            pool.map(lambda source: _one_source(site, source, settings, first, last), fetched_sources(site))
        )
    return FetchReport(site.name, first, last, sources)


def _one_source(
    site: Site, source: Source, settings: Settings, start: datetime, end: datetime
) -> SourceReport:
    report, secrets = SourceReport(source.name, source.kind), Secrets(settings)
    landing = Landing(settings.home, site.name, source)
    with landing.held():
        try:
            job = Job.of(source, start, end, secrets)
            _bring(site, landing, report, _pieces(job))
        except SourceError as error:
            _failed(report, error, secrets)
        except OSError:
            raise
        except Exception as error:  # whatever a driver raises; its text may quote what it was given
            _failed(report, SourceError(f"failed ({type(error).__name__}: {error}); see its driver"), secrets)
    report.stale = report.newest is not None and report.newest < start
    return report


def _pieces(job: Job) -> Iterator[Piece]:
    connector: Connector = import_module(f"pipelines.connectors.{CONNECTORS[job.source.kind]}").pieces
    return connector(job)


def _bring(site: Site, landing: Landing, report: SourceReport, pieces: Iterator[Piece]) -> None:
    """All pieces; an error of one that stands alone is kept until the others are there. Raises SourceError."""
    errors: list[SourceError] = []
    known: set[str] = set()
    for piece in pieces:
        known.add(piece.name)
        try:
            _one_piece(site, landing, report, piece)
        except SourceError as error:
            if not piece.alone or error.transient:
                raise
            errors.append(error)
    report.empty += not known
    for gone in set(landing.known) - known:
        del landing.known[gone]
    if errors:
        more = f" (and {len(errors) - 1} more files)" if len(errors) > 1 else ""
        raise SourceError(f"{errors[0]}{more}")


def _one_piece(site: Site, landing: Landing, report: SourceReport, piece: Piece) -> None:
    """Bring one piece, unless what it was before is all that it is. Raises SourceError."""
    read_as = reading_fingerprint(site, landing.source)
    before = landing.known.get(piece.name, {})
    if piece.version is not None and before.get("version") == [piece.version, read_as]:
        if before["refused"]:
            raise SourceError(before["refused"])
        report.unchanged += 1
        report.saw(_time(before["newest"]))
        return
    with landing.downloaded(piece) as path:
        if path is None:
            report.empty += 1
            return
        seen = {"version": [piece.version, read_as], "newest": None, "refused": ""}
        try:
            content = content_of(path, site, landing.source)
        except SourceError as error:
            if piece.alone:
                landing.known[piece.name] = seen | {"refused": str(error)}
            raise
        newest = content.newest
        if piece.alone:
            landing.known[piece.name] = seen | {"newest": newest and newest.isoformat()}
        if content.empty:
            report.empty += 1
            return
        report.saw(newest)
        _keep(landing, report, path, piece)


def _keep(landing: Landing, report: SourceReport, path: Path, piece: Piece) -> None:
    """Put a downloaded file into the inbox, unless its content is there already."""
    name = piece.name if piece.alone else path.name
    sha256, size = sha256_of(path), path.stat().st_size
    again = not piece.alone and landing.last.get("sha256") == sha256
    if again or landing.has(name, sha256):
        report.unchanged += 1
    else:
        report.files.append(str(landing.land(path, name).relative_to(landing.fetched.parent)))
        report.size_bytes += size
    if not piece.alone:
        landing.last = {"sha256": sha256}


def _failed(report: SourceReport, error: SourceError, secrets: Secrets) -> None:
    report.error = secrets.redacted(f"source {report.source}: {error}")
    report.transient = error.transient


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
