"""The audit log: orders, decisions, events and alarms of a site in one list, searched by words."""

from datetime import datetime
from typing import Literal, NamedTuple

from pipelines.operations.ledger import DecisionRecord, Operations, Order
from pipelines.operations.ledger.tables import AlarmRow

Kind = Literal["orders", "decisions", "events", "alarms"]
LOOKED_AT = 5_000  # newest decisions, events and alarm rows that are searched


class AuditRow(NamedTuple):
    """An entry. kind: in one word; by: a person, or a part of coldaisle."""

    at: datetime
    kind: str
    number: int
    by: str
    what: str
    why: str

    def has(self, words: list[str]) -> bool:
        """Whether every word occurs somewhere in it; case does not count."""
        text = " ".join(map(str, self)).casefold()
        return all(word in text for word in words)


def audit(
    operations: Operations, text: str = "", *, kind: Kind | None = None, limit: int = 100
) -> list[AuditRow]:
    """The newest entries that have every word of a text, newest first. Raises LedgerError."""
    rows: list[AuditRow] = []
    if kind in (None, "orders"):
        rows += [_order(one) for one in operations.orders()]
    if kind in (None, "decisions"):
        rows += [_decision(one) for one in operations.decisions(LOOKED_AT)]
    if kind in (None, "events"):
        rows += [
            AuditRow(one.at, "event", one.id, one.source, one.text, "")
            for one in operations.events(LOOKED_AT)
        ]
    if kind in (None, "alarms"):
        rows += [_alarm(one) for one in operations.alarm_rows(LOOKED_AT)]
    words = text.casefold().split()
    found = sorted(
        (row for row in rows if row.has(words)), key=lambda row: (row.at, row.number), reverse=True
    )
    return found[:limit]


def _order(one: Order) -> AuditRow:
    return AuditRow(one.at, one.kind.replace("_", " "), one.id, _person(one), _told(one), one.why)


def _person(one: Order) -> str:
    how = ", ".join(filter(None, (one.role, one.via)))
    return f"{one.by} ({how})" if how else one.by


def _told(one: Order) -> str:
    body = one.body
    shown = {
        "mode": lambda: f"{body.get('from', '?')} to {body.get('to')}",
        "limits": lambda: f"{one.tag} {body.get('low')}..{body.get('high')}",
        "override": lambda: f"{one.tag} {body.get('value')}",
        "release": lambda: f"{one.tag or body.get('what')}",
        "accept": lambda: f"decision {body.get('decision')}",
        "reject": lambda: f"decision {body.get('decision')}, {body.get('reason', '')}".rstrip(", "),
        "withdraw_acceptance": lambda: f"decision {body.get('decision')}",
        "hold": lambda: ", ".join(f"{tag} {value:.4g}" for tag, value in (body.get("values") or {}).items()),
        "acknowledge": lambda: f"alarm {body.get('alarm')}",
        "promote": lambda: f"{body.get('kind')} version {body.get('version')} over {body.get('replaced')}",
        "refuse": lambda: f"{body.get('kind')} version {body.get('version')}, {body.get('champion')} stays",
        "withdraw": lambda: f"order {body.get('order')}",
    }.get(one.kind)
    text = shown() if shown else ""
    return f"{text} until {one.until:%Y-%m-%d %H:%M} UTC" if one.until and text else text


def _decision(one: DecisionRecord) -> AuditRow:
    values = one.body.get("written") or one.body.get("values") or {}
    told = ", ".join(f"{tag} {value:.4g}" for tag, value in values.items() if isinstance(value, int | float))
    return AuditRow(
        one.at,
        "decision",
        one.id,
        one.source,
        f"{'written' if one.written else 'not written'}: {told}",
        one.reason,
    )


def _alarm(one: AlarmRow) -> AuditRow:
    what = one.text if one.clears is None else f"alarm {one.clears} is over ({one.cause})"
    return AuditRow(one.at, "alarm", one.id, one.source, what, "")
