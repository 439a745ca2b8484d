"""Data quality of a site, when its telemetry has changed; and whether anything in it is no longer what it was."""

from typing import Any

from pipelines.config import Settings
from pipelines.console.quality import prepare_quality
from pipelines.console.tables import Tables
from pipelines.console.telemetry import store_stamp
from pipelines.errors import StoreError
from pipelines.operations.alarms.notifier import wait_until_sent
from pipelines.schedules.report import told
from pipelines.site.file import find_site
from pipelines.telemetry.store import Store

STEP = "check quality"


def check_site(name: str, settings: Settings, *, last_try: bool) -> dict[str, Any] | None:
    """Report on a site's telemetry and raise its alarms; None where that was done for this very telemetry.

    The result: `findings` and `changes` (how many), and `drifted`: changes that were not there at the last check.
    """
    with told(settings, name, STEP, last_try=last_try):
        site = find_site(name, settings)
        tables, store = Tables(settings, name), Store(settings.store, site)
        if not store.exists:
            raise StoreError(f'site "{name}" has no telemetry; run: coldaisle ingest --site {name} FILE...')
        before = tables.read("quality") or {}
        if before.get("store") == store_stamp(store):
            return None
        prepare_quality(site, settings)
        wait_until_sent()
    after = tables.read("quality") or {}
    drifted = sorted(_changed(after) - _changed(before))
    return {
        "site": name,
        "findings": len(after.get("findings", [])),
        "changes": len(after.get("changes", [])),
        "drifted": drifted,
    }


def _changed(report: dict[str, Any]) -> set[str]:
    return {str(row["reading"]) for row in report.get("changes", [])}
