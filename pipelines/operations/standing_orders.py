"""Orders in force at a time, from the ledger. How they are given: `pipelines.operations.order_entry`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.control.decision import Mode
from pipelines.control.orders import Orders, ignored_orders, limits_in_force
from pipelines.operations.ledger import Order
from pipelines.site.file import Site

MODES: tuple[Mode, ...] = ("shadow", "advise", "auto")
# Kinds that say nothing about setpoints: of `trial_orders`, `adjustments`, alarms, models and what-ifs.
APART = ("trial", "adjustment", "withdraw", "acknowledge", "promote", "what_if")
ACCEPTED_FOR = timedelta(hours=4)  # then conditions have moved on
REJECTED_FOR = timedelta(hours=4)  # for as long the same goal is not recommended again


@dataclass(frozen=True)
class Standing:
    """What is in force at a time, each with its order.

    overrides: of single setpoints, and of all of them while they are held. hold: the order that holds them. rejected:
    rejections of the last hours. notices: ledger entries that could not be read and are ignored.
    """

    mode: Mode = "shadow"
    mode_order: Order | None = None
    limits: dict[str, Order] = field(default_factory=dict)
    overrides: dict[str, Order] = field(default_factory=dict)
    accepted: Order | None = None
    hold: Order | None = None
    rejected: tuple[Order, ...] = ()
    notices: tuple[str, ...] = ()

    def orders(self, accepted: dict[str, float] | None = None) -> Orders:
        """The orders for a controller. accepted: values by tag of the recommendation that was accepted."""
        return Orders(
            mode=self.mode,
            limits={tag: (one.body["low"], one.body["high"]) for tag, one in self.limits.items()},
            overrides={tag: one.body["value"] for tag, one in self.overrides.items()},
            accepted=accepted or {},
        )

    def ignored(self, site: Site) -> tuple[str, ...]:
        """Notices about orders in the ledger that cannot be followed."""
        return (*self.notices, *ignored_orders(site, self.orders()))


def standing(orders: list[Order], now: datetime) -> Standing:
    """Orders in force now, from all orders, first to last; expired and unreadable ones are left out.

    An acceptance is valid for `ACCEPTED_FOR` in mode `advise`; its withdrawal, a later answer or any change of the mode
    ends it. A change of the mode also ends a hold.
    """
    fold = _Fold()
    for one in orders:
        if one.kind in APART:
            continue
        if _readable(one):
            fold.add(one)
        else:
            fold.notices.append(
                f"order {one.id} ({one.kind} by {one.by}) cannot be read and is ignored; order it again"
            )
    accepted, hold = fold.accepted, fold.hold
    if fold.mode != "advise" or (accepted and not timedelta(0) <= now - accepted.at <= ACCEPTED_FOR):
        accepted = None
    return Standing(
        mode=fold.mode,
        mode_order=fold.mode_order,
        limits=_lasting(fold.limits, now),
        overrides=_lasting(fold.overrides, now),
        accepted=accepted,
        hold=hold if hold and (hold.until is None or hold.until > now) else None,
        rejected=tuple(one for one in fold.rejected if timedelta(0) <= now - one.at <= REJECTED_FOR),
        notices=tuple(fold.notices),
    )


class _Fold:
    """Orders taken in one after another."""

    def __init__(self) -> None:
        self.mode: Mode = MODES[0]
        self.mode_order: Order | None = None
        self.accepted: Order | None = None
        self.hold: Order | None = None
        self.rejected: list[Order] = []
        self.limits: dict[str, Order] = {}
        self.overrides: dict[str, Order] = {}
        self.notices: list[str] = []

    def add(self, one: Order) -> None:
        """Take in an order that can be read."""
        if one.kind == "mode":
            self.mode, self.mode_order, self.accepted = one.body["to"], one, None
            self._end_hold()
        elif one.kind == "limits":
            self.limits[one.tag] = one
        elif one.kind == "override":
            self.overrides[one.tag] = one
        elif one.kind == "hold":
            self._end_hold()
            self.hold = one
            held = {
                tag: one._replace(tag=tag, body={"value": value}) for tag, value in one.body["values"].items()
            }
            self.overrides |= held
        elif one.kind == "release":
            self._release(one)
        else:
            self.accepted = one if one.kind == "accept" else None
            self.rejected += [one] if one.kind == "reject" else []

    def _release(self, one: Order) -> None:
        what = one.body.get("what")
        if what == "hold":
            self._end_hold()
            return
        for kept in (self.limits, self.overrides):
            if what in (None, "limits" if kept is self.limits else "override"):
                kept.pop(one.tag, None)

    def _end_hold(self) -> None:
        if self.hold is not None:
            self.overrides = {tag: one for tag, one in self.overrides.items() if one.id != self.hold.id}
        self.hold = None


def limits_by_tag(site: Site, orders: Orders) -> dict[str, tuple[float, float]]:
    """Limits in force of every setpoint."""
    return {setpoint.tag: limits_in_force(setpoint, orders) for setpoint in site.setpoints}


def _lasting(orders: dict[str, Order], now: datetime) -> dict[str, Order]:
    return {tag: one for tag, one in orders.items() if one.until is None or one.until > now}


def _readable(order: Order) -> bool:
    """Whether an order has the fields of its kind; its numbers are checked where they are used."""
    body = order.body
    if order.kind == "mode":
        return body.get("to") in MODES
    if order.kind == "hold":
        return isinstance(body.get("values"), dict)
    needed = {"limits": {"low", "high"}, "override": {"value"}, "accept": {"decision"}}.get(order.kind, set())
    known = ("limits", "override", "release", "accept", "reject", "withdraw_acceptance")
    return order.kind in known and needed <= body.keys()
