"""New telemetry of a site: fetched from its sources, ingested from its inbox, prepared for the pages."""

from datetime import datetime, timedelta
from typing import Any

from pipelines.config import Settings
from pipelines.connectors.fetch import fetch
from pipelines.connectors.report import FetchReport
from pipelines.console.prepare import prepare
from pipelines.errors import SourceDownError, SourceError
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alarms.alarms import Severity
from pipelines.operations.alarms.notifier import wait_until_sent
from pipelines.schedules.report import SOURCE, told
from pipelines.site.file import Site, find_site
from pipelines.telemetry.inbox import InboxReport, ingest_inbox

STEP = "ingest"
REFUSED, STALE = "refused file", "stale source"
STALE_AFTER = timedelta(hours=26)  # a source that has one file a day is never older
MOST_CAUSE = 200  # characters of an alarm's cause


def ingest_site(
    name: str, settings: Settings, *, start: datetime, end: datetime, last_try: bool
) -> dict[str, Any]:
    """Bring in what a site's sources have of [start, end) and what lies in its inbox; a report of plain values.

    Refused files and sources that give what they gave before are alarms, each once, until they are mended; the others
    are ingested. What could be fetched is ingested before a source that failed is an error: SourceDownError where
    trying again may help, else SourceError.
    """
    with told(settings, name, STEP, last_try=last_try):
        site = find_site(name, settings)
        fetched = fetch(site, settings, start=start, end=end)
        report = ingest_inbox(site, settings)
        if report.changed:
            prepare(site, settings, ("telemetry", "overview"))
        _alarms(site, settings, fetched, report)
        _raise_failed(fetched)
    return report.as_dict() | {"fetched": fetched.files}


def _alarms(site: Site, settings: Settings, fetched: FetchReport, report: InboxReport) -> None:
    book = AlarmBook(settings, site.name, SOURCE)
    refused = {file: f"{file} was refused: {why}" for file, why in report.refused.items()}
    stale = {
        source: f"source {source} gives nothing newer than {newest:%Y-%m-%d %H:%M} UTC; see whether it still exports"
        for source, newest in fetched.stale.items()
        if fetched.end - newest > STALE_AFTER
    }
    for about, wrong in ((REFUSED, refused), (STALE, stale)):
        book.report(_warnings(about, wrong), about=about)
    wait_until_sent()


def _warnings(about: str, wrong: dict[str, str]) -> dict[str, tuple[Severity, str]]:
    return {f"{about}: {name}"[:MOST_CAUSE]: ("warning", text) for name, text in wrong.items()}


def _raise_failed(fetched: FetchReport) -> None:
    if fetched.failed:
        text = "; ".join(fetched.failed.values())
        raise SourceDownError(text) if fetched.transient else SourceError(text)
