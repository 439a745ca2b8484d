"""Orders of operators (modes, limits, overrides, answers), decisions, events and the controller's memory."""

import hashlib
import json
import logging
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from pipelines.config import Settings
from pipelines.operations.ledger.database import BUSY_TIMEOUT_S, Database, LedgerError, added, rows_of
from pipelines.operations.ledger.permissions import Person, permitted
from pipelines.operations.ledger.tables import (
    AlarmRow,
    DecisionRecord,
    Event,
    Order,
    OrderKind,
    ShadowRecord,
    alarms_table,
    decisions_table,
    events_table,
    memory_table,
    orders_table,
    shadow_table,
)

log = logging.getLogger(__name__)


class Operations:
    """Orders, decisions, events, alarms and the controller's memory of a site in the ledger at an address (`Database`).

    sign_in: whether people sign in; then a bare name may order nothing. patience_s: see `Database`. Every method raises
    LedgerError where the database does not answer.
    """

    def __init__(
        self, uri: str, site: str, *, sign_in: bool = False, patience_s: float = BUSY_TIMEOUT_S
    ) -> None:
        self._database = Database(uri, patience_s=patience_s)
        self.site, self.sign_in = site, sign_in

    @classmethod
    def of(cls, settings: Settings, site: str) -> "Operations":
        """The ledger of a site as the settings have it."""
        return cls(settings.ledger, site, sign_in=settings.sign_in != "none")

    def order(
        self,
        kind: OrderKind,
        *,
        by: Person | str,
        why: str,
        tag: str = "",
        body: dict[str, Any] | None = None,
        until: datetime | None = None,
        at: datetime | None = None,
        answers: int | None = None,
    ) -> int:
        """Add an order and return its number.

        answers: the decision that it answers; a decision is answered once. Raises LedgerError without a name or a
        reason, where the person may not give it (`permitted`), and for a second answer.
        """
        person = permitted(by, kind, body, sign_in=self.sign_in)
        if not why.strip():
            raise LedgerError(f"a {kind} needs a reason; give one")
        row = {
            "site": self.site,
            "at": at or datetime.now(UTC),
            "kind": kind,
            "tag": tag,
            "body": json.dumps(body or {}, allow_nan=False),
            "until": until,
            "by": person.name,
            "why": why.strip(),
            "answers": answers,
            "role": person.role,
            "via": person.via or None,
        }
        with self._database.connect() as connection:
            try:
                with connection.begin_nested():
                    return added(connection, sa.insert(orders_table).values(row))
            except IntegrityError as cause:
                raise LedgerError(
                    f"decision {answers} was answered already; it takes one answer, see the latest decision"
                ) from cause

    def permit(self, kind: OrderKind, by: Person | str, body: dict[str, Any] | None = None) -> Person:
        """The person, where they may give such an order; nothing is recorded. Raises LedgerError where they may not."""
        return permitted(by, kind, body, sign_in=self.sign_in)

    def orders(self, since: datetime | None = None) -> list[Order]:
        """Every order, first to last."""
        query = sa.select(orders_table).where(orders_table.c.site == self.site).order_by(orders_table.c.id)
        if since is not None:
            query = query.where(orders_table.c.at >= since)
        with self._database.connect() as connection:
            rows = rows_of(connection, query)
        return [Order(**_entry(row)) for row in rows]

    def add_decision(
        self,
        *,
        at: datetime,
        mode: str,
        source: str,
        reason: str,
        written: bool,
        body: dict[str, Any],
        once: bool = False,
    ) -> int:
        """Add a decision and return its number. once: the same decision again is the row already there.

        Numbers in `body` that are not finite are kept as null.
        """
        body = _finite(body)
        content = {"mode": mode, "source": source, "reason": reason, "written": written}
        row = content | {
            "site": self.site,
            "at": at,
            "made_at": datetime.now(UTC),
            "body": json.dumps(body, allow_nan=False),
            "digest": None,
        }
        if once:
            text = json.dumps([at.isoformat(), content, body], sort_keys=True, allow_nan=False)
            row["digest"] = hashlib.sha256(text.encode()).hexdigest()
        with self._database.connect() as connection:
            try:
                with connection.begin_nested():
                    return added(connection, sa.insert(decisions_table).values(row))
            except IntegrityError:  # recorded already, by this process or another
                same = sa.select(decisions_table.c.id).where(
                    decisions_table.c.site == self.site, decisions_table.c.digest == row["digest"]
                )
                return int(connection.execute(same).scalar_one())

    def decisions(self, limit: int = 100, since: datetime | None = None) -> list[DecisionRecord]:
        """Decisions, recorded last first."""
        query = sa.select(decisions_table).where(decisions_table.c.site == self.site)
        if since is not None:
            query = query.where(decisions_table.c.at >= since)
        return self._records(query.order_by(decisions_table.c.id.desc()).limit(limit))

    def decision(self, number: Any) -> DecisionRecord | None:
        """The decision of that number, None where the site has none."""
        if not isinstance(number, int):
            return None
        table = decisions_table
        records = self._records(sa.select(table).where(table.c.site == self.site, table.c.id == number))
        return records[0] if records else None

    def latest_decision(self, until: datetime | None = None) -> DecisionRecord | None:
        """The decision for the latest time, at most `until`; of several for one time the one recorded last."""
        table = decisions_table
        query = sa.select(table).where(table.c.site == self.site)
        if until is not None:
            query = query.where(table.c.at <= until)
        records = self._records(query.order_by(table.c.at.desc(), table.c.id.desc()).limit(1))
        return records[0] if records else None

    def add_shadow(self, *, decision: int, at: datetime, model: str, body: dict[str, Any]) -> int:
        """Add what a challenger would have decided beside a decision; recorded once, its number is returned."""
        row = {
            "site": self.site, "at": at, "decision": decision, "model": model,
            "body": json.dumps(_finite(body), allow_nan=False),
        }  # fmt: skip
        table = shadow_table
        with self._database.connect() as connection:
            try:
                with connection.begin_nested():
                    return added(connection, sa.insert(table).values(row))
            except IntegrityError:
                there = sa.select(table.c.id).where(
                    table.c.site == self.site, table.c.decision == decision, table.c.model == model
                )
                return int(connection.execute(there).scalar_one())

    def shadow(
        self, *, model: str | None = None, since: datetime | None = None, limit: int = 10_000
    ) -> list[ShadowRecord]:
        """What challengers, or one of them, would have decided; recorded last first."""
        query = sa.select(shadow_table).where(shadow_table.c.site == self.site)
        if model is not None:
            query = query.where(shadow_table.c.model == model)
        if since is not None:
            query = query.where(shadow_table.c.at >= since)
        with self._database.connect() as connection:
            rows = rows_of(connection, query.order_by(shadow_table.c.id.desc()).limit(limit))
        return [ShadowRecord(**_entry(row)) for row in rows]

    def add_event(self, source: str, text: str) -> int:
        """Add an event and return its number."""
        row = {"site": self.site, "at": datetime.now(UTC), "source": source, "text": text}
        with self._database.connect() as connection:
            return added(connection, sa.insert(events_table).values(row))

    def events(self, limit: int = 100, within: timedelta | None = None) -> list[Event]:
        """Events, latest first."""
        query = sa.select(events_table).where(events_table.c.site == self.site)
        if within is not None:
            query = query.where(events_table.c.at >= datetime.now(UTC) - within)
        with self._database.connect() as connection:
            rows = rows_of(connection, query.order_by(events_table.c.id.desc()).limit(limit))
        return [Event(**_without_site(row)) for row in rows]

    def add_alarm(
        self, *, source: str, cause: str, severity: str, text: str, clears: int | None = None
    ) -> int:
        """Add a row of the alarms and return its number; see `pipelines.operations.alarms`."""
        row = {
            "site": self.site, "at": datetime.now(UTC), "source": source, "cause": cause, "severity": severity,
            "text": text, "clears": clears,
        }  # fmt: skip
        with self._database.connect() as connection:
            return added(connection, sa.insert(alarms_table).values(row))

    def alarm_rows(self, limit: int = 1000) -> list[AlarmRow]:
        """The latest rows of the alarms, first to last."""
        query = sa.select(alarms_table).where(alarms_table.c.site == self.site)
        with self._database.connect() as connection:
            rows = rows_of(connection, query.order_by(alarms_table.c.id.desc()).limit(limit))
        return [AlarmRow(**_without_site(row)) for row in reversed(rows)]

    def newest_order(self, but: Sequence[OrderKind] = ()) -> int:
        """Number of the newest order of other kinds than these, 0 before the first: tells whether anything is new."""
        query = sa.select(sa.func.max(orders_table.c.id)).where(
            orders_table.c.site == self.site, orders_table.c.kind.not_in(but)
        )
        with self._database.connect() as connection:
            return int(connection.execute(query).scalar() or 0)

    def save_memory(self, at: datetime, body: str, decision: int | None = None) -> None:
        """Replace the site's controller memory by that of `at`, after a decision, as text."""
        row = {"at": at, "decision": decision, "body": body}
        replace = sa.update(memory_table).where(memory_table.c.site == self.site).values(row)
        with self._database.connect() as connection:
            if connection.execute(replace).rowcount:
                return
            try:
                with connection.begin_nested():
                    connection.execute(sa.insert(memory_table).values(site=self.site, **row))
            except IntegrityError:  # another process saved the first one in between
                connection.execute(replace)

    def load_memory(self) -> str | None:
        """The controller memory saved last, as text; None where there is none."""
        query = sa.select(memory_table.c.body).where(memory_table.c.site == self.site)
        with self._database.connect() as connection:
            rows = rows_of(connection, query)
        return str(rows[0]["body"]) if rows else None

    def _records(self, query: Any) -> list[DecisionRecord]:
        with self._database.connect() as connection:
            rows = rows_of(connection, query)
        return [
            DecisionRecord(**_entry({name: value for name, value in row.items() if name != "digest"}))
            for row in rows
        ]


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its site, its body as a mapping; empty where the text is no JSON object."""
    try:
        body = json.loads(row["body"])
    except (ValueError, TypeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        log.warning("the body of ledger entry %s cannot be read", row["id"])
        body = {}
    return _without_site(row) | {"body": body}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _without_site(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "site"}
