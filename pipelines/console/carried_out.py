"""What became of accepted recommendations: written, read back, saved, beside what was promised. Loads JAX."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.errors import ColdaisleError
from pipelines.learning.cascade.bundle import load_cascade
from pipelines.operations.ledger import DecisionRecord, Operations, Order
from pipelines.operations.standing_orders import ACCEPTED_FOR
from pipelines.savings.accepted import BEFORE, Achieved, achieved
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store

WITHIN = timedelta(days=7)
MOST = 20  # acceptances
MOST_DECISIONS = 2_000


def prepare_carried_out(site: Site, settings: Settings, now: datetime) -> None:
    """Follow up the acceptances of the last days. Raises LedgerError, OSError."""
    operations = Operations.of(settings, site.name)
    orders = operations.orders()
    accepted = [one for one in orders if one.kind == "accept" and now - one.at <= WITHIN][-MOST:]
    records = operations.decisions(MOST_DECISIONS, since=now - WITHIN - ACCEPTED_FOR) if accepted else []
    rows = [_row(site, settings, one, orders, records, now) for one in reversed(accepted)]
    Tables(settings, site.name).write("carried_out", {"accepted": rows})


def ended_at(accepted: Order, orders: list[Order]) -> datetime:
    """When an acceptance ends or ended: by its time, its withdrawal, a later answer, or a change of the mode."""
    enders = ("withdraw_acceptance", "accept", "reject", "mode")
    later = [one.at for one in orders if one.id > accepted.id and one.kind in enders]
    return min([accepted.at + ACCEPTED_FOR, *later])


def _row(
    site: Site,
    settings: Settings,
    accepted: Order,
    orders: list[Order],
    records: list[DecisionRecord],
    now: datetime,
) -> dict[str, Any]:
    number = accepted.body["decision"]
    end = ended_at(accepted, orders)
    decision = next((one for one in records if one.id == number), None)
    written = [one for one in records if one.written and accepted.at <= one.at <= end]
    last = max(written, key=lambda one: one.at, default=None)
    promised = (decision.body.get("recommendation") or {}) if decision else {}
    done = _achieved(site, settings, decision, written, min(end, now)) if written else None
    return {
        "decision": number,
        "accepted_at": accepted.at,
        "by": accepted.by,
        "ends_at": end,
        "ended": end <= now,
        "goal": accepted.body.get("goal") or {},
        "writes": len(written),
        "first_written_at": min((one.at for one in written), default=None),
        "last_written": last.body.get("written") if last else {},
        "promised": {name: promised.get(name) for name in ("saving_kw", "saving_low_kw", "saving_high_kw")},
        "saved": None if done is None else vars(done) | {"shown": done.shown},
    }


def _achieved(
    site: Site,
    settings: Settings,
    decision: DecisionRecord | None,
    written: list[DecisionRecord],
    end: datetime,
) -> Achieved:
    """The saving since the first value was written; why it is not known where a model or the telemetry is missing."""
    if decision is None:
        return Achieved(why_not="the decision is too old to be compared")
    tags = {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    present = decision.body.get("present") or {}
    before = {tags[tag]: value for tag, value in present.items() if tag in tags}
    start, until = pd.Timestamp(min(one.at for one in written)), pd.Timestamp(end)
    try:
        cascade, _ = load_cascade(site, settings)
        plant = plant_table(site, Store(settings.store, site).read(start - BEFORE, until))
        return achieved(site, cascade, plant, start, until, before)
    except (ColdaisleError, KeyError) as error:
        return Achieved(why_not=str(error))
