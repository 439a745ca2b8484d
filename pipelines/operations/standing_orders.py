"""Orders in force, from the ledger, and orders as people give them: checked here, kept there."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pipelines.control.decision import Mode
from pipelines.control.orders import Orders, limits_in_force
from pipelines.errors import ColdaisleError
from pipelines.operations.ledger import Operations
from pipelines.operations.ledger.audit_log import Order
from pipelines.site.file import Setpoint, Site

MODES: tuple[Mode, ...] = ("shadow", "advise", "auto")
ACCEPTED_FOR = timedelta(hours=4)  # then conditions have moved on


class OrderError(ColdaisleError):
    """An order that must be refused."""


@dataclass(frozen=True)
class Standing:
    """What is in force at a time, each with the order that put it there."""

    mode: Mode = "shadow"
    mode_order: Order | None = None
    limits: dict[str, Order] = field(default_factory=dict)
    overrides: dict[str, Order] = field(default_factory=dict)
    accepted: Order | None = None

    def orders(self, accepted: dict[str, float] | None = None) -> Orders:
        """As a controller reads them. accepted: values by tag of the recommendation that was accepted."""
        return Orders(
            mode=self.mode,
            limits={tag: (one.body["low"], one.body["high"]) for tag, one in self.limits.items()},
            overrides={tag: one.body["value"] for tag, one in self.overrides.items()},
            accepted=accepted or {},
        )


def standing(orders: list[Order], now: datetime) -> Standing:
    """What orders, first to last, amount to now; what has run out is left out."""
    mode, mode_order, accepted = MODES[0], None, None
    limits: dict[str, Order] = {}
    overrides: dict[str, Order] = {}
    for one in orders:
        if one.kind == "mode":
            mode, mode_order = one.body["to"], one
        elif one.kind == "limits":
            limits[one.tag] = one
        elif one.kind == "override":
            overrides[one.tag] = one
        elif one.kind == "release":
            for kept in (limits, overrides):
                if one.body.get("what") in (None, "limits" if kept is limits else "override"):
                    kept.pop(one.tag, None)
        else:
            accepted = one if one.kind == "accept" else None
    if mode != "advise" or (accepted is not None and now - accepted.at > ACCEPTED_FOR):
        accepted = None
    return Standing(mode, mode_order, _lasting(limits, now), _lasting(overrides, now), accepted)


def _lasting(orders: dict[str, Order], now: datetime) -> dict[str, Order]:
    return {tag: one for tag, one in orders.items() if one.until is None or one.until > now}


def order_mode(operations: Operations, to: str, *, by: str, why: str) -> Standing:
    """Change the mode. One step up at a time, so that each was watched before the next; down to any at once."""
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
    """Narrow a setpoint's limits (canonical units); the site file's are the widest."""
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
    """Take over a setpoint (canonical unit) until it is released or `until` has come."""
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
    """Give a setpoint back: its override, its limits, or both (`what` empty)."""
    setpoint_of(site, tag)
    return operations.order("release", by=by, why=why, tag=tag, body={"what": what or None})


def order_answer(operations: Operations, decision: int, *, accept: bool, by: str, why: str) -> int:
    """Accept or reject what was recommended in mode `advise`."""
    now = standing(operations.orders(), datetime.now(UTC))
    known = {made.id: made for made in operations.decisions(limit=1000)}
    if decision not in known:
        raise OrderError(f"there is no decision {decision}; answer one that coldaisle operate show lists")
    if now.mode != "advise":
        raise OrderError(
            f"the mode is {now.mode}: recommendations are answered in advise; order that mode first"
        )
    kind = "accept" if accept else "reject"
    return operations.order(kind, by=by, why=why, body={"decision": decision})  # type: ignore[arg-type]


def accepted_values(operations: Operations, now: Standing) -> dict[str, float]:
    """Values by tag (canonical units) of the accepted recommendation; empty where none is."""
    if now.accepted is None:
        return {}
    number = now.accepted.body["decision"]
    made = next((one for one in operations.decisions(limit=1000) if one.id == number), None)
    return dict(made.body.get("goal", {})) if made else {}


def setpoint_of(site: Site, tag: str) -> Setpoint:
    """The setpoint of a tag. Raises OrderError where there is none."""
    for setpoint in site.setpoints:
        if setpoint.tag == tag:
            return setpoint
    known = ", ".join(setpoint.tag for setpoint in site.setpoints) or "none"
    raise OrderError(f"{tag} is no setpoint of {site.name}; its setpoints are {known}")


def limits_by_tag(site: Site, orders: Orders) -> dict[str, tuple[float, float]]:
    """Limits in force of every setpoint."""
    return {setpoint.tag: limits_in_force(setpoint, orders) for setpoint in site.setpoints}


def _later(until: datetime | None) -> datetime | None:
    if until is None:
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
    if until <= datetime.now(UTC):
        raise OrderError(f"until ({until:%Y-%m-%d %H:%M} UTC) must lie ahead; give a later time")
    return until
