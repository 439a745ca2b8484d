"""New telemetry of a site: fetched from its sources, ingested from its inbox, prepared for the pages."""

from datetime import datetime
from typing import Any

from pipelines.config import Settings
from pipelines.console.prepare import prepare
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alarms.alarms import Severity
from pipelines.operations.alarms.notifier import wait_until_sent
from pipelines.schedules.report import SOURCE, told
from pipelines.site.file import find_site
from pipelines.telemetry.inbox import ingest_inbox

STEP = "ingest"
REFUSED = "refused file"


def ingest_site(
    name: str, settings: Settings, *, start: datetime, end: datetime, last_try: bool
) -> dict[str, Any]:
    """Bring in what a site's sources have of [start, end) and what lies in its inbox; a report of plain values.

    Refused files are alarms, each once, until they are mended or gone; the others are ingested.
    """
    with told(settings, name, STEP, last_try=last_try):
        site = find_site(name, settings)
        report = ingest_inbox(site, settings)
        if report.changed:
            prepare(site, settings, ("telemetry", "overview"))
    wrong: dict[str, tuple[Severity, str]] = {
        f"{REFUSED}: {file}"[:200]: ("warning", f"{file} was refused: {why}")
        for file, why in report.refused.items()
    }
    AlarmBook(settings, name, SOURCE).report(wrong, about=REFUSED)
    wait_until_sent()
    return report.as_dict()
