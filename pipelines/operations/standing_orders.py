"""Orders in force at a time, from the ledger. How they are given: `pipelines.operations.order_entry`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.control.decision import Mode
from pipelines.control.orders import Orders, ignored_orders, limits_in_force
from pipelines.operations.ledger import Order
from pipelines.site.file import Site

MODES: tuple[Mode, ...] = ("shadow", "advise", "auto")
OF_SAVINGS = ("trial", "adjustment", "withdraw")
ACCEPTED_FOR = timedelta(hours=4)  # then conditions have moved on


@dataclass(frozen=True)
class Standing:
    """What is in force at a time, each with its order.

    notices: ledger entries that could not be read and are ignored.
    """

    mode: Mode = "shadow"
    mode_order: Order | None = None
    limits: dict[str, Order] = field(default_factory=dict)
    overrides: dict[str, Order] = field(default_factory=dict)
    accepted: Order | None = None
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

    An acceptance is valid for `ACCEPTED_FOR` in mode `advise`; a later answer or any change of the mode ends it.
    """
    mode, mode_order, accepted = MODES[0], None, None
    limits: dict[str, Order] = {}
    overrides: dict[str, Order] = {}
    notices: list[str] = []
    for one in orders:
        if one.kind in OF_SAVINGS:
            continue  # of `trial_orders` and `adjustments`
        if not _readable(one):
            notices.append(
                f"order {one.id} ({one.kind} by {one.by}) cannot be read and is ignored; order it again"
            )
        elif one.kind == "mode":
            mode, mode_order, accepted = one.body["to"], one, None
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
    if mode != "advise" or (accepted and not timedelta(0) <= now - accepted.at <= ACCEPTED_FOR):
        accepted = None
    return Standing(
        mode, mode_order, _lasting(limits, now), _lasting(overrides, now), accepted, tuple(notices)
    )


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
    needed = {"limits": {"low", "high"}, "override": {"value"}, "accept": {"decision"}}.get(order.kind, set())
    return order.kind in ("limits", "override", "release", "accept", "reject") and needed <= body.keys()
