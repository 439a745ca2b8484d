"""Orders as operators give them: checked here, stored in the ledger. Which are in force: `standing_orders`."""

import math
from datetime import UTC, datetime, timedelta

from pipelines.control.orders import mode_limits, narrowed
from pipelines.errors import ColdaisleError
from pipelines.operations.decision_body import recommendation_in
from pipelines.operations.ledger import DecisionRecord, Operations
from pipelines.operations.standing_orders import MODES, Standing, standing
from pipelines.site.file import Setpoint, Site

ANSWERED_WITHIN = timedelta(hours=1)  # of the time a recommendation is for: it was chosen for that hour


class OrderError(ColdaisleError):
    """An order that must be refused."""


def order_mode(operations: Operations, to: str, *, by: str, why: str) -> Standing:
    """Change the mode. Upwards one step at a time, so that each is observed before the next; downwards to any.

    Raises OrderError where the step is not allowed, LedgerError without a name or a reason.
    """
    if to not in MODES:
        raise OrderError(f'there is no mode "{to}"; choose {", ".join(MODES)}')
    now = standing(operations.orders(), datetime.now(UTC))
    if MODES.index(to) > MODES.index(now.mode) + 1:
        step = MODES[MODES.index(now.mode) + 1]
        raise OrderError(
            f"the mode goes up one step at a time, from {now.mode} to {step}; order {step} first"
        )
    if to == now.mode:
        raise OrderError(f"the mode is {to} already; nothing was changed")
    operations.order("mode", by=by, why=why, body={"from": now.mode, "to": to})
    return standing(operations.orders(), datetime.now(UTC))


def order_limits(
    operations: Operations,
    site: Site,
    tag: str,
    low: float,
    high: float,
    *,
    by: str,
    why: str,
    until: datetime | None = None,
) -> int:
    """Narrow a setpoint's limits (canonical units); the site file's are the widest.

    Raises OrderError where they are no range inside the site file's, or leave nothing of the limits of mode `auto`;
    the present limits then stay.
    """
    setpoint = setpoint_of(site, tag)
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        raise OrderError(
            f"limits of {tag}: low ({low:g}) must not exceed high ({high:g}); give both in order"
        )
    if low < setpoint.min or high > setpoint.max:
        raise OrderError(
            f"limits of {tag}: {low:g}..{high:g} must lie in the site file's {setpoint.min:g}..{setpoint.max:g}; "
            "wider ones need the site file changed"
        )
    auto = mode_limits(setpoint, "auto")
    if narrowed(setpoint, auto, (low, high)) is None:
        raise OrderError(
            f"limits of {tag}: {low:g}..{high:g} must leave a value inside the limits of mode auto, "
            f"{auto[0]:g}..{auto[1]:g}; choose others, or change auto_min and auto_max in the site file"
        )
    body = {"low": low, "high": high}
    return operations.order("limits", by=by, why=why, tag=tag, body=body, until=_later(until))


def order_override(
    operations: Operations,
    site: Site,
    tag: str,
    value: float,
    *,
    by: str,
    why: str,
    until: datetime | None = None,
) -> int:
    """Override a setpoint (canonical unit) until it is released or `until` has passed.

    Raises OrderError where the setpoint cannot take the value.
    """
    setpoint = setpoint_of(site, tag)
    if not math.isfinite(value) or not setpoint.min <= value <= setpoint.max:
        raise OrderError(
            f"override of {tag}: {value:g} must lie in the site file's {setpoint.min:g}..{setpoint.max:g}; "
            "choose a value inside"
        )
    if setpoint.kind == "binary" and value not in (setpoint.min, setpoint.max):
        raise OrderError(
            f"override of {tag}: on/off takes {setpoint.min:g} or {setpoint.max:g}, found {value:g}"
        )
    return operations.order("override", by=by, why=why, tag=tag, body={"value": value}, until=_later(until))


def order_release(operations: Operations, site: Site, tag: str, *, by: str, why: str, what: str = "") -> int:
    """Release a setpoint's override, its limits, or both (`what` empty).

    Raises OrderError where there is no such setpoint or `what` is neither.
    """
    setpoint_of(site, tag)
    if what not in ("", "override", "limits"):
        raise OrderError(
            f'what is released must be override or limits, found "{what}"; leave it out for both'
        )
    return operations.order("release", by=by, why=why, tag=tag, body={"what": what or None})


def order_answer(
    operations: Operations, site: Site, decision: int, *, accept: bool, by: str, why: str
) -> int:
    """Accept or reject what was recommended in mode `advise`.

    What is accepted is the decision's goal. Raises OrderError where the decision cannot be answered
    (`why_not_answerable`).
    """
    now = datetime.now(UTC)
    record = operations.decision(decision)
    if record is None:
        raise OrderError(f"there is no decision {decision}; answer one that coldaisle operate show lists")
    why_not = why_not_answerable(operations, site, record, standing(operations.orders(), now), now)
    if why_not and (accept or not _accepted(operations, now, decision)):
        raise OrderError(why_not)
    kind = "accept" if accept else "reject"
    return operations.order(kind, by=by, why=why, body={"decision": decision})  # type: ignore[arg-type]


def why_not_answerable(
    operations: Operations, site: Site, record: DecisionRecord, now: Standing, at: datetime
) -> str:
    """Why a decision cannot be accepted or rejected at a time; empty where it can."""
    if now.mode != "advise":
        return f"the mode is {now.mode}: recommendations are answered in advise; order that mode first"
    latest = operations.latest_decision(at)
    if latest is None or record.at > at:
        return (
            f"decision {record.id} is for {record.at:%Y-%m-%d %H:%M} UTC, which lies ahead; wait until then"
        )
    if latest.id != record.id:
        return f"decision {record.id} is not the latest; answer decision {latest.id}"
    age = at - record.at
    if age > ANSWERED_WITHIN:
        hours = age / timedelta(hours=1)
        return (
            f"decision {record.id} is {hours:.1f} h old, more than {ANSWERED_WITHIN / timedelta(hours=1):g} h; "
            "run coldaisle recommend or wait for the next decision"
        )
    if recommendation_in(site, record).action == "hold":
        return f"decision {record.id} recommends to hold; there is nothing to answer"
    return ""


def setpoint_of(site: Site, tag: str) -> Setpoint:
    """The setpoint of a tag. Raises OrderError where there is none."""
    for setpoint in site.setpoints:
        if setpoint.tag == tag:
            return setpoint
    declared = ", ".join(setpoint.tag for setpoint in site.setpoints) or "none"
    raise OrderError(f"{tag} is no setpoint of {site.name}; its setpoints are {declared}")


def _accepted(operations: Operations, now: datetime, decision: int) -> bool:
    """Whether this decision is the accepted one: it may be withdrawn at any time."""
    accepted = standing(operations.orders(), now).accepted
    return accepted is not None and accepted.body.get("decision") == decision


def _later(until: datetime | None) -> datetime | None:
    if until is None:
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
    if until <= datetime.now(UTC):
        raise OrderError(f"until ({until:%Y-%m-%d %H:%M} UTC) must lie ahead; give a later time")
    return until
