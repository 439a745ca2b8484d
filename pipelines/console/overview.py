"""The row of a site on page Fleet, and the evidence for its next mode: from the ledger and the prepared tables."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.operations.ledger import DecisionRecord, Operations
from pipelines.operations.standing_orders import standing
from pipelines.site.file import Site
from pipelines.site.tariff import prices_per_kwh
from pipelines.telemetry.latest import allowed_age

WEEK = timedelta(days=7)
LONGEST = timedelta(hours=1)  # that one decision stands for, where none follows
MOST_DECISIONS = 10_000
# What is usually asked for before the next step of trust. Guidance for people: nothing is refused by it.
SHADOW_DAYS, ADVISE_DAYS = 7.0, 14.0
BY_MODEL, FEWEST_ACCEPTED = 0.9, 10


def prepare_overview(site: Site, settings: Settings, now: datetime) -> None:
    """Prepare a site's row and its evidence. Raises LedgerError, OSError."""
    operations, tables = Operations.of(settings, site.name), Tables(settings, site.name)
    records = operations.decisions(MOST_DECISIONS, since=now - 4 * WEEK)
    telemetry, latest = tables.read("telemetry") or {}, tables.read("now") or {}
    plant = latest.get("plant", {})
    tables.write(
        "overview",
        {
            "site": site.name,
            "title": site.title,
            "zone": site.local_zone,
            "stale_after_minutes": allowed_age(site).total_seconds() / 60.0,
            "figure_name": latest.get("figure_name"),
            "ends_at": telemetry.get("end"),
            **{name: _value(plant, name) for name in ("figure", "facility_kw", "cooling_kw", "rack_inlet_c")},
            "inlet_max_c": site.envelope.rack_inlet_max_c,
            "missed": missed(site, records, now),
            "evidence": evidence(operations, records, now),
        },
    )


def missed(site: Site, records: list[DecisionRecord], now: datetime) -> dict[str, Any]:
    """What recommendations that were not written would have saved in the last week, as they expected it.

    A decision stands until the next one, for an hour at most; savings whose interval covers zero do not count.
    """
    week = sorted((one for one in records if now - WEEK <= one.at <= now), key=lambda one: one.at)
    kwh = cost = 0.0
    for k, one in enumerate(week):
        follows = week[k + 1].at if k + 1 < len(week) else one.at + LONGEST
        hours = min(follows - one.at, LONGEST) / timedelta(hours=1)
        made = one.body.get("recommendation") or {}
        kw, low_kw = made.get("saving_kw"), made.get("saving_low_kw")
        if (
            one.written
            or not isinstance(kw, int | float)
            or not isinstance(low_kw, int | float)
            or low_kw <= 0.0
        ):
            continue
        kwh += kw * hours
        price = float(prices_per_kwh(site.tariff, pd.DatetimeIndex([one.at]))[0])
        cost += kw * hours * price
    known = site.tariff is not None and cost == cost
    return {
        "kwh": kwh,
        "cost": cost if known else None,
        "currency": site.tariff.currency if site.tariff else None,
    }


def evidence(operations: Operations, records: list[DecisionRecord], now: datetime) -> list[dict[str, Any]]:
    """What speaks for the next mode: rows of criterion, value, what is usually asked for, and whether it is met."""
    orders = operations.orders()
    mode = standing(orders, now)
    since = mode.mode_order.at if mode.mode_order else min((one.at for one in records), default=now)
    inside = [one for one in records if one.at >= since]
    days = (now - since) / timedelta(days=1)
    by_model = _share([one.source in ("model", "accepted") for one in inside])
    refused = sum(bool(one.body.get("refused")) for one in inside)
    stale = _share([any("old" in str(each) for each in one.body.get("trouble", [])) for one in inside])
    rows = [
        _criterion(
            f"days in mode {mode.mode}", days, SHADOW_DAYS if mode.mode == "shadow" else ADVISE_DAYS, "{:.1f}"
        ),
        _criterion("decisions by the model", by_model, BY_MODEL, "{:.0%}"),
        _criterion("decisions on stale telemetry", stale, 0.05, "{:.0%}", at_most=True),
        _criterion("values refused at the gateway", float(refused), 0.0, "{:.0f}", at_most=True),
    ]
    answers = [one for one in orders if one.kind in ("accept", "reject") and one.at >= since]
    if mode.mode != "shadow":
        accepted = sum(one.kind == "accept" for one in answers)
        rows.append(_criterion("recommendations accepted", float(accepted), FEWEST_ACCEPTED, "{:.0f}"))
        rows.append(_criterion("recommendations rejected", float(len(answers) - accepted), None, "{:.0f}"))
    return rows


def _criterion(
    name: str, value: float | None, asked: float | None, form: str, *, at_most: bool = False
) -> dict[str, Any]:
    if value is None:
        return {"criterion": name, "value": "nothing yet", "asked": "", "met": None}
    met = None if asked is None else value <= asked if at_most else value >= asked
    wanted = "" if asked is None else f"{'at most' if at_most else 'at least'} {form.format(asked)}"
    return {"criterion": name, "value": form.format(value), "asked": wanted, "met": met}


def _share(values: list[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _value(plant: dict[str, Any], name: str) -> float | None:
    return plant.get(name, {}).get("value")
