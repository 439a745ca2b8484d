"""Trials in the ledger: started and stopped by people, followed by `serve`, read by the analysis."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from pydantic import ValidationError

from pipelines.operations.ledger import Operations, Order, Person
from pipelines.operations.order_entry import OrderError
from pipelines.savings.trials.obeyed import Told
from pipelines.savings.trials.plan import PlannedBlock, TrialPlan
from pipelines.site.file import Site

MANY = 1_000_000  # decisions: more than a trial has


@dataclass(frozen=True)
class StartedTrial:
    """A trial of the ledger that was not withdrawn."""

    order: Order
    plan: TrialPlan

    def overlaps(self, other: TrialPlan) -> bool:
        """Whether another plan shares a moment with it."""
        return self.plan.start < other.end and other.start < self.plan.end


def order_trial(operations: Operations, site: Site, plan: TrialPlan, *, by: Person | str, why: str) -> int:
    """Start a trial; `serve` follows it in mode auto. Returns its number.

    Raises OrderError where the plan is another site's, has begun already, or overlaps a trial that is under way.
    """
    if plan.site != site.name:
        raise OrderError(f'the trial is of site "{plan.site}", not of "{site.name}"; start it there')
    now = datetime.now(UTC)
    if plan.start < now:
        raise OrderError(
            f"the trial begins {plan.start:%Y-%m-%d %H:%M} UTC, which has passed; plan one that lies ahead, "
            "for what was drawn must be run from its first block"
        )
    for started in trials_in(operations.orders()):
        if started.overlaps(plan):
            raise OrderError(
                f"the trial overlaps trial {started.order.id} ({started.plan.name}, {started.plan.start:%Y-%m-%d} to "
                f"{started.plan.end:%Y-%m-%d}); withdraw that one, or plan yours after it"
            )
    body = plan.model_dump(mode="json") | {"digest": plan.digest()}
    return operations.order("trial", by=by, why=why, body=body, until=plan.end.to_pydatetime())


def withdraw(operations: Operations, number: int, *, by: Person | str, why: str) -> int:
    """Withdraw a trial or an adjustment by its number; it stays on record. Raises OrderError where there is none."""
    known = {one.id: one for one in operations.orders() if one.kind in ("trial", "adjustment")}
    if number not in known:
        listed = ", ".join(map(str, known)) or "none"
        raise OrderError(f"order {number} is no trial and no adjustment; they are {listed}")
    if number in withdrawn(list(operations.orders())):
        raise OrderError(f"order {number} is withdrawn already; nothing was changed")
    return operations.order("withdraw", by=by, why=why, body={"order": number})


def withdrawn(orders: list[Order]) -> set[int]:
    """Numbers of orders that were withdrawn."""
    return {
        int(one.body["order"])
        for one in orders
        if one.kind == "withdraw" and isinstance(one.body.get("order"), int)
    }


def trials_in(orders: list[Order]) -> list[StartedTrial]:
    """Trials that were started and not withdrawn; a damaged plan, or one changed since, is left out."""
    gone = withdrawn(orders)
    found = []
    for one in orders:
        if one.kind != "trial" or one.id in gone:
            continue
        body = dict(one.body)
        digest = body.pop("digest", None)
        try:
            plan = TrialPlan.model_validate(body)
        except ValidationError:
            continue
        if plan.digest() == digest:
            found.append(StartedTrial(one, plan))
    return found


def block_in_force(orders: list[Order], at: datetime) -> tuple[StartedTrial, PlannedBlock] | None:
    """The trial and the block of it that a time lies in; None outside of trials."""
    for started in trials_in(orders):
        block = started.plan.block_at(at)
        if block is not None:
            return started, block
    return None


def told_of(operations: Operations, plan: TrialPlan) -> list[Told]:
    """The ledger's decisions during a trial, in order of time."""
    records = operations.decisions(limit=MANY, since=plan.start.to_pydatetime())
    told = [
        Told(pd.Timestamp(one.at), one.mode, one.source, one.written, _numbers(one.body.get("written")))
        for one in records
        if one.at < plan.end
    ]
    return sorted(told, key=lambda each: each.at)


def _numbers(written: object) -> dict[str, float]:
    if not isinstance(written, dict):
        return {}
    return {str(tag): float(value) for tag, value in written.items() if isinstance(value, int | float)}
