"""The daily report on all sites: a page, a CSV and JSON of the same rows.

It says what the pages' tables, the charges and the ledger hold; no telemetry is read, so that a thousand sites take
seconds.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.config import Settings
from pipelines.console.fleet import fleet
from pipelines.console.tables import Tables
from pipelines.errors import ColdaisleError
from pipelines.files import write_atomic, write_csv, write_json
from pipelines.learning import charges
from pipelines.learning.charges import CHALLENGER, CHAMPION
from pipelines.learning.registry import KINDS
from pipelines.operations.alarms import alarms_of
from pipelines.operations.ledger import Operations
from pipelines.schedules.sites import scheduled_sites
from pipelines.site.file import find_site

NAME = "fleet-{day}"
KEPT_DAYS = 400
DAY = timedelta(days=1)


def report_fleet(settings: Settings, at: datetime) -> dict[str, Any]:
    """Write the report of the day before `at` (UTC); where its files lie, and its totals.

    A site whose file has faults is a row with the reason. Raises LedgerError where the ledger does not answer, OSError.
    """
    known = {row["site"]: row for row in fleet(settings)}
    rows = [_row(name, known.get(name, {}), settings, at) for name in scheduled_sites(settings)]
    day = f"{at.astimezone(UTC) - timedelta(microseconds=1):%Y-%m-%d}"
    stem = settings.reports / NAME.format(day=day)
    totals = {
        "sites": len(rows),
        "not_reported": sum(bool(row["fault"]) for row in rows),
        "late": sum(bool(row["late"]) for row in rows),
        "alarms": sum(row["alarms"] for row in rows),
        "decisions": sum(row["decisions"] for row in rows),
        "challengers": sum(bool(row["challengers"]) for row in rows),
        "missed_kwh": round(sum(row["missed_kwh"] or 0.0 for row in rows), 1),
    }
    content = {"day": day, "at": at, "totals": totals, "sites": rows}
    write_json(stem.with_suffix(".json"), content)
    write_csv(pd.DataFrame(rows), stem.with_suffix(".csv"), index=False)
    write_atomic(stem.with_suffix(".html"), _page(content))
    _forget(settings)
    return {"day": day, "page": str(stem.with_suffix(".html")), **totals}


def _row(name: str, known: dict[str, Any], settings: Settings, at: datetime) -> dict[str, Any]:
    fault, title = "", known.get("title") or name
    try:
        title = find_site(name, settings).title
    except ColdaisleError as error:
        fault = str(error).splitlines()[0]
    tables, operations = Tables(settings, name), Operations.of(settings, name)
    telemetry, quality = tables.read("telemetry") or {}, tables.read("quality") or {}
    ends_at, decided = telemetry.get("end"), operations.decisions(since=at - DAY)
    decided = [one for one in decided if one.at <= at]
    open_alarms = [alarm for alarm in alarms_of(operations) if alarm.listed]
    return {
        "site": name,
        "title": title,
        "fault": fault,
        "telemetry_until": ends_at,
        "late": _late(ends_at, known.get("stale_after_minutes"), at),
        "findings": len(quality.get("findings", [])) if quality else None,
        "changes": len(quality.get("changes", [])) if quality else None,
        "mode": known.get("mode", "shadow"),
        "alarms": len(open_alarms),
        "newest_alarm": open_alarms[0].text.splitlines()[0] if open_alarms else "",
        **_models(name, settings),
        "decisions": len(decided),
        "by_model": sum(one.source == "model" for one in decided),
        "last_decision": decided[0].reason if decided else "",
        "missed_kwh": known.get("missed_kwh"),
        "saving": _saving(tables),
    }


def _late(ends_at: str | None, allowed_minutes: float | None, at: datetime) -> bool | None:
    """Whether telemetry ends longer ago than the loop allows; None where that is not known."""
    if ends_at is None or allowed_minutes is None:
        return None
    return at - datetime.fromisoformat(ends_at) > timedelta(minutes=allowed_minutes) + DAY / 24


def _models(name: str, settings: Settings) -> dict[str, str]:
    champions = {kind: charges.present(settings, name, kind, CHAMPION) for kind in KINDS}
    waiting = {kind: charges.present(settings, name, kind, CHALLENGER) for kind in KINDS}
    return {
        "models": ", ".join(
            f"{kind} {one.version} ({one.at:%Y-%m-%d})" for kind, one in champions.items() if one
        ),
        "challengers": ", ".join(f"{kind} {one.version}" for kind, one in waiting.items() if one),
    }


def _saving(tables: Tables) -> str:
    """What the last savings report claims, with its interval; empty without one."""
    report = (tables.read("savings") or {}).get("report") or {}
    return str(report.get("claim", ""))


def _page(content: dict[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("pipelines.schedules", "templates"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("fleet.html").render(**content)


def _forget(settings: Settings) -> None:
    """Remove the oldest reports beyond those of `KEPT_DAYS` days."""
    for suffix in ("json", "csv", "html"):
        for path in sorted(settings.reports.glob(f"fleet-*.{suffix}"))[:-KEPT_DAYS]:
            path.unlink(missing_ok=True)
