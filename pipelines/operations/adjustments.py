"""Non-routine events in the ledger: who says that what changed beside control, and when."""

import math
from datetime import datetime

import pandas as pd

from pipelines.operations.ledger import Operations, Order, Person
from pipelines.operations.order_entry import OrderError
from pipelines.operations.trial_orders import withdrawn
from pipelines.savings.adjustments import KINDS, TREATMENTS, Adjustment


def order_adjustment(
    operations: Operations,
    *,
    kind: str,
    treatment: str,
    kw: float,
    start: datetime,
    end: datetime | None,
    by: Person | str,
    why: str,
) -> int:
    """Record an event and what is made of it; its number. Raises OrderError where it contradicts itself."""
    if kind not in KINDS:
        raise OrderError(f'there is no kind of event "{kind}"; choose {", ".join(KINDS)}')
    if treatment not in TREATMENTS:
        raise OrderError(f'there is no treatment "{treatment}"; choose {", ".join(TREATMENTS)}')
    if treatment == "add" and (not math.isfinite(kw) or kw == 0.0):
        raise OrderError(
            f"treatment add needs the kW that the event added to what is metered, found {kw:g}; give --kw"
        )
    if end is not None and end <= start:
        raise OrderError(
            f"the event ends ({end:%Y-%m-%d %H:%M}) before it begins ({start:%Y-%m-%d %H:%M}); swap them"
        )
    body = {"kind": kind, "treatment": treatment, "kw": kw, "start": start.isoformat()}
    return operations.order(
        "adjustment", by=by, why=why, body=body | {"end": end.isoformat() if end else None}
    )


def adjustments_in(orders: list[Order]) -> list[Adjustment]:
    """Events that were not withdrawn, first to last; a damaged one is left out."""
    gone = withdrawn(orders)
    return [
        made
        for one in orders
        if one.kind == "adjustment" and one.id not in gone
        if (made := _adjustment(one))
    ]


def _adjustment(one: Order) -> Adjustment | None:
    body = one.body
    try:
        if body["kind"] not in KINDS or body["treatment"] not in TREATMENTS:
            return None
        return Adjustment(
            start=pd.Timestamp(body["start"]).tz_convert("UTC"),
            end=pd.Timestamp(body["end"]).tz_convert("UTC") if body["end"] else None,
            kind=body["kind"],
            treatment=body["treatment"],
            kw=float(body["kw"]),
            by=one.by,
            why=one.why,
            number=one.id,
        )
    except (KeyError, TypeError, ValueError):
        return None
