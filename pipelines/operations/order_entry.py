"""Orders as operators give them: checked here, stored in the ledger. Which are in force: `standing_orders`."""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pipelines.control.orders import mode_limits, narrowed
from pipelines.errors import ColdaisleError
from pipelines.operations.decision_body import recommendation_in
from pipelines.operations.gateway import Gateway
from pipelines.operations.ledger import DecisionRecord, LedgerError, Operations, Order, Person
from pipelines.operations.standing_orders import MODES, Standing, standing
from pipelines.site.file import Setpoint, Site

ANSWERED_WITHIN = timedelta(hours=1)  # of the time a recommendation is for: it was chosen for that hour

# Why a recommendation is rejected, as the ledger keeps it, and in words.
REJECTIONS = {
    "equipment": "equipment is out of service or under maintenance",
    "risk": "too risky for the racks",
    "timing": "not now: load or weather is about to change",
    "figures": "the figures look wrong",
    "other": "another reason",
}


class OrderError(ColdaisleError):
    """An order that must be refused."""


def order_mode(operations: Operations, to: str, *, by: Person | str, why: str) -> Standing:
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
    by: Person | str,
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
    by: Person | str,
    why: str,
    until: datetime | None = None,
) -> int:
    """Override a setpoint (canonical unit) until it is released or `until` has passed.

    Raises OrderError where the setpoint cannot take the value.
    """
    _check_value(setpoint_of(site, tag), value, "override")
    return operations.order("override", by=by, why=why, tag=tag, body={"value": value}, until=_later(until))


def order_release(
    operations: Operations, site: Site, tag: str, *, by: Person | str, why: str, what: str = ""
) -> int:
    """Release a setpoint's override, its limits, or both (`what` empty).

    Raises OrderError where there is no such setpoint or `what` is neither.
    """
    setpoint_of(site, tag)
    if what not in ("", "override", "limits"):
        raise OrderError(
            f'what is released must be override or limits, found "{what}"; leave it out for both'
        )
    return operations.order("release", by=by, why=why, tag=tag, body={"what": what or None})


def order_hold(
    operations: Operations,
    site: Site,
    values: Mapping[str, float],
    *,
    by: Person | str,
    why: str,
    until: datetime,
) -> int:
    """Hold every setpoint at its value (tag -> canonical unit) until a time, or until the hold is released.

    In mode `advise` what an accepted recommendation has written so far is held. Raises OrderError where nothing is
    being written, or a setpoint is missing or cannot take its value.
    """
    now = standing(operations.orders(), datetime.now(UTC))
    if now.mode == "shadow" or (now.mode == "advise" and now.accepted is None and now.hold is None):
        raise OrderError(
            f"nothing is being written in mode {now.mode}, so nothing can be held; override a setpoint instead"
        )
    missing = [setpoint.tag for setpoint in site.setpoints if setpoint.tag not in values]
    if missing:
        raise OrderError(
            f"a hold needs a value of every setpoint, {', '.join(missing)} has none; wait for its reading"
        )
    for setpoint in site.setpoints:
        _check_value(setpoint, values[setpoint.tag], "hold")
    body = {"values": {setpoint.tag: float(values[setpoint.tag]) for setpoint in site.setpoints}}
    return operations.order("hold", by=by, why=why, body=body, until=_later(until))


def order_release_hold(operations: Operations, *, by: Person | str, why: str) -> int:
    """End a hold before its time. Raises OrderError where nothing is held."""
    if standing(operations.orders(), datetime.now(UTC)).hold is None:
        raise OrderError("nothing is held; nothing was changed")
    return operations.order("release", by=by, why=why, body={"what": "hold"})


def order_back_to_rule(operations: Operations, gateway: Gateway, *, by: Person | str, why: str) -> str:
    """Stop writing and hand the plant back to its own control at once; what was done, in words.

    The mode becomes shadow, and the gateway is released here as well: that needs no control loop. Raises LedgerError
    where the person may not, GatewayError where the gateway cannot be reached (the loop then releases it).
    """
    now = standing(operations.orders(), datetime.now(UTC))
    if now.mode != "shadow":
        operations.order("mode", by=by, why=why, body={"from": now.mode, "to": "shadow"})
    elif gateway.last() is None:
        raise OrderError("the plant is under its own control already; nothing was changed")
    else:
        operations.order("release", by=by, why=why, body={"what": "gateway"})
    name = by.name if isinstance(by, Person) else by
    gateway.release(at=datetime.now(UTC), reason=f"{name}: {why}")
    return "coldaisle writes nothing any more; the plant is under its own control"


def order_answer(
    operations: Operations,
    site: Site,
    decision: int,
    *,
    accept: bool,
    by: Person | str,
    why: str,
    shown: str | None = None,
    reason: str = "other",
) -> int:
    """Accept or reject what was recommended in mode `advise`: once, and for good.

    What is accepted is the decision's goal. shown: `digest_of` what the person was shown, where that was recorded.
    reason: of a rejection, one of `REJECTIONS`; the same goal is then not recommended for hours. Raises OrderError
    where the decision cannot be answered (`why_not_answerable`), or is not what was shown.
    """
    now = datetime.now(UTC)
    record = operations.decision(decision)
    if record is None:
        raise OrderError(f"there is no decision {decision}; answer one that coldaisle operate show lists")
    if reason not in REJECTIONS:
        raise OrderError(f'there is no reason "{reason}"; choose {", ".join(REJECTIONS)}')
    orders = operations.orders()
    why_not = why_not_answerable(operations, site, record, standing(orders, now), now, orders=orders)
    if why_not:
        raise OrderError(why_not)
    digest = digest_of(record)
    if shown not in (None, digest):
        raise OrderError(f"decision {decision} is not what was shown; look at it again before you answer")
    body = {"decision": decision, "shown": digest, "goal": record.body.get("goal") or {}}
    try:
        return operations.order(
            "accept" if accept else "reject",
            by=by,
            why=why,
            body=body if accept else body | {"reason": reason},
            answers=decision,
        )
    except LedgerError:
        given = answer_to(operations.orders(), decision)  # another person was quicker
        if given is None:
            raise
        raise OrderError(_answered(given)) from None


def order_withdraw_acceptance(operations: Operations, decision: int, *, by: Person | str, why: str) -> int:
    """End an acceptance that is in force; what was written is handed back. Raises OrderError where it is not."""
    accepted = standing(operations.orders(), datetime.now(UTC)).accepted
    if accepted is None or accepted.body.get("decision") != decision:
        raise OrderError(f"decision {decision} is not the accepted one; nothing was changed")
    return operations.order("withdraw_acceptance", by=by, why=why, body={"decision": decision})


def digest_of(record: DecisionRecord) -> str:
    """Short hash of what a person is shown of a decision and answers: setpoints, steps, goal, expectation, saving."""
    shown = {name: record.body.get(name) for name in ("values", "goal", "present", "expected")}
    text = json.dumps([record.id, record.at.isoformat(), shown], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def answer_to(orders: list[Order], decision: int) -> Order | None:
    """The acceptance or rejection of a decision; None while it has none."""
    return next(
        (one for one in orders if one.kind in ("accept", "reject") and one.body.get("decision") == decision),
        None,
    )


def expires_at(record: DecisionRecord) -> datetime:
    """When a recommendation can no longer be answered."""
    return record.at + ANSWERED_WITHIN


def why_not_answerable(
    operations: Operations,
    site: Site,
    record: DecisionRecord,
    now: Standing,
    at: datetime,
    *,
    orders: list[Order] | None = None,
) -> str:
    """Why a decision cannot be accepted or rejected at a time; empty where it can. orders: all, if they were read."""
    given = answer_to(operations.orders() if orders is None else orders, record.id)
    if given is not None:
        return _answered(given)
    if now.mode != "advise":
        return f"the mode is {now.mode}: recommendations are answered in advise; order that mode first"
    latest = operations.latest_decision(at)
    if latest is None or record.at > at:
        return (
            f"decision {record.id} is for {record.at:%Y-%m-%d %H:%M} UTC, which lies ahead; wait until then"
        )
    if latest.id != record.id:
        return f"decision {record.id} is not the latest; answer decision {latest.id}"
    if at > expires_at(record):
        hours = (at - record.at) / timedelta(hours=1)
        return (
            f"decision {record.id} is {hours:.1f} h old, more than {ANSWERED_WITHIN / timedelta(hours=1):g} h; "
            "run coldaisle recommend or wait for the next decision"
        )
    if recommendation_in(site, record).action == "hold":
        return f"decision {record.id} recommends to hold; there is nothing to answer"
    return ""


def _answered(given: Order) -> str:
    how = "accepted" if given.kind == "accept" else "rejected"
    return (
        f"decision {given.body.get('decision')} was {how} by {given.by} at {given.at:%Y-%m-%d %H:%M} UTC; "
        "it takes one answer"
    )


def setpoint_of(site: Site, tag: str) -> Setpoint:
    """The setpoint of a tag. Raises OrderError where there is none."""
    for setpoint in site.setpoints:
        if setpoint.tag == tag:
            return setpoint
    declared = ", ".join(setpoint.tag for setpoint in site.setpoints) or "none"
    raise OrderError(f"{tag} is no setpoint of {site.name}; its setpoints are {declared}")


def _check_value(setpoint: Setpoint, value: float, what: str) -> None:
    if not math.isfinite(value) or not setpoint.min <= value <= setpoint.max:
        raise OrderError(
            f"{what} of {setpoint.tag}: {value:g} must lie in the site file's {setpoint.min:g}..{setpoint.max:g}; "
            "choose a value inside"
        )
    if setpoint.kind == "binary" and value not in (setpoint.min, setpoint.max):
        raise OrderError(
            f"{what} of {setpoint.tag}: on/off takes {setpoint.min:g} or {setpoint.max:g}, found {value:g}"
        )


def _later(until: datetime | None) -> datetime | None:
    if until is None:
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
    if until <= datetime.now(UTC):
        raise OrderError(f"until ({until:%Y-%m-%d %H:%M} UTC) must lie ahead; give a later time")
    return until
