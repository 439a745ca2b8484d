"""One decision as a person is asked about it: what it moves, whether and by whom it was answered, what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.console.status import Status
from pipelines.console.tables import Tables
from pipelines.control.recommendation import Recommendation
from pipelines.errors import ColdaisleError
from pipelines.operations.decision_body import recommendation_in
from pipelines.operations.ledger import DecisionRecord, Operations, Order
from pipelines.operations.order_entry import answer_to, digest_of, expires_at, why_not_answerable
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES


@dataclass(frozen=True)
class SetpointRow:
    """A setpoint of a decision, canonical unit; None where it is not known. read_at: of the reading."""

    tag: str
    quantity: str
    unit: str
    present: float | None
    step: float | None
    goal: float | None
    written: float | None
    reading: float | None
    read_at: datetime | None


@dataclass(frozen=True)
class Advice:
    """A decision and what is known of its answer.

    why_not: why it cannot be answered now, empty where it can. digest: of what is shown; an answer names it. newer: the
    number of a later decision. written_at: when values of it were first written. carried_out: see
    `pipelines.console.carried_out`.
    """

    record: DecisionRecord
    recommendation: Recommendation
    rows: list[SetpointRow]
    digest: str
    expires_at: datetime
    answer: Order | None
    in_force: bool
    why_not: tuple[str, ...]
    newer: int | None
    written_at: datetime | None
    carried_out: dict[str, Any] | None


def advice(
    site: Site, operations: Operations, tables: Tables, status: Status, number: int | None = None
) -> Advice | None:
    """A decision of that number, or the latest; None where there is none. Raises LedgerError."""
    latest = status.latest
    record = latest if number is None or (latest and latest.id == number) else operations.decision(number)
    if record is None:
        return None
    orders = list(status.orders)
    answer = answer_to(orders, record.id)
    written = _written_since(operations, answer) if answer and answer.kind == "accept" else []
    follow_up = (tables.read("carried_out") or {}).get("accepted", [])
    return Advice(
        record=record,
        recommendation=recommendation_in(site, record),
        rows=_rows(site, record, written, (tables.read("now") or {}).get("points", {})),
        digest=digest_of(record),
        expires_at=expires_at(record),
        answer=answer,
        in_force=answer is not None and status.standing.accepted == answer,
        why_not=tuple(_why_not(site, operations, status, record, orders)),
        newer=latest.id if latest and latest.id != record.id and latest.at >= record.at else None,
        written_at=written[0].at if written else None,
        carried_out=next((row for row in follow_up if row.get("decision") == record.id), None),
    )


def _why_not(
    site: Site, operations: Operations, status: Status, record: DecisionRecord, orders: list[Order]
) -> list[str]:
    """Why the decision cannot be answered: what is wrong with it comes first, then what is wrong with the site."""
    try:
        why = why_not_answerable(operations, site, record, status.standing, status.at, orders=orders)
    except ColdaisleError as error:
        return [str(error)]
    return [why] if why else status.why_no_accept()


def _written_since(operations: Operations, answer: Order) -> list[DecisionRecord]:
    """Decisions since an acceptance of which values were written, first to last."""
    records = operations.decisions(limit=50, since=answer.at)
    return sorted((one for one in records if one.written), key=lambda one: one.at)


def _rows(
    site: Site, record: DecisionRecord, written: list[DecisionRecord], points: dict[str, Any]
) -> list[SetpointRow]:
    body = record.body
    last = written[-1].body.get("written") if written else body.get("written")
    rows = []
    for setpoint in site.setpoints:
        quantity, read = site.quantity_of(setpoint), points.get(site.by_tag[setpoint.tag].column)
        rows.append(
            SetpointRow(
                tag=setpoint.tag,
                quantity=quantity,
                unit=QUANTITIES[quantity].unit,
                **{name: _number(body.get(part), setpoint.tag) for name, part in PARTS.items()},
                written=_number(last, setpoint.tag),
                reading=read["value"] if read else None,
                read_at=datetime.fromisoformat(read["at"]) if read else None,
            )
        )
    return rows


PARTS = {"present": "present", "step": "values", "goal": "goal"}  # of a decision's body


def _number(values: Any, tag: str) -> float | None:
    value = values.get(tag) if isinstance(values, dict) else None
    return float(value) if isinstance(value, int | float) else None
