"""What people order and what controllers did: modes, limits in force, overrides, decisions, events."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from pipelines.operations.ledger.database import (
    Database,
    LedgerError,
    UtcDateTime,
    added,
    append_only,
    metadata,
    rows_of,
    signed,
)

OrderKind = Literal["mode", "limits", "override", "release", "accept", "reject"]

_orders = append_only(
    sa.Table(
        "orders",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String(200), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("tag", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("until", UtcDateTime, nullable=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
)

_decisions = append_only(
    sa.Table(
        "decisions",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String(200), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("written", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
)

_events = append_only(
    sa.Table(
        "events",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String(200), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
)


class Order(NamedTuple):
    """What somebody ordered. body: by kind, `{"to": mode}`, `{"low":, "high":}`, `{"value":}`, `{"decision":}`."""

    id: int
    at: datetime
    kind: OrderKind
    tag: str
    body: dict[str, Any]
    until: datetime | None
    by: str
    why: str


class Made(NamedTuple):
    """A decision with its number; body: values by tag, clips, notices, what verification refused."""

    id: int
    at: datetime
    made_at: datetime
    mode: str
    source: str
    reason: str
    written: bool
    body: dict[str, Any]


class Event(NamedTuple):
    """Something that happened to the serving loop or the watchdog."""

    id: int
    at: datetime
    source: str
    text: str


class Operations:
    """Orders, decisions and events of a site in the ledger at an address (see `Database`)."""

    def __init__(self, uri: str, site: str) -> None:
        self._database, self.site = Database(uri), site

    def order(
        self,
        kind: OrderKind,
        *,
        by: str,
        why: str,
        tag: str = "",
        body: dict[str, Any] | None = None,
        until: datetime | None = None,
        at: datetime | None = None,
    ) -> int:
        """Add an order and return its number. Raises LedgerError where nobody signs or no reason is given."""
        if not why.strip():
            raise LedgerError(f"a {kind} needs a reason; say why")
        row = {
            "site": self.site,
            "at": at or datetime.now(UTC),
            "kind": kind,
            "tag": tag,
            "body": json.dumps(body or {}, allow_nan=False),
            "until": until,
            "by": signed(by, f"a {kind}"),
            "why": why.strip(),
        }
        with self._database.connect() as connection:
            return added(connection, sa.insert(_orders).values(row))

    def orders(self, since: datetime | None = None) -> list[Order]:
        """Every order, first to last."""
        query = sa.select(_orders).where(_orders.c.site == self.site).order_by(_orders.c.id)
        if since is not None:
            query = query.where(_orders.c.at >= since)
        with self._database.connect() as connection:
            rows = rows_of(connection, query)
        return [Order(**(_without_site(row) | {"body": json.loads(row["body"])})) for row in rows]

    def decided(
        self, *, at: datetime, mode: str, source: str, reason: str, written: bool, body: dict[str, Any]
    ) -> int:
        """Add a decision and return its number."""
        row = {
            "site": self.site,
            "at": at,
            "made_at": datetime.now(UTC),
            "mode": mode,
            "source": source,
            "reason": reason,
            "written": written,
            "body": json.dumps(body, allow_nan=False),
        }
        with self._database.connect() as connection:
            return added(connection, sa.insert(_decisions).values(row))

    def decisions(self, limit: int = 100, since: datetime | None = None) -> list[Made]:
        """Decisions, latest first."""
        query = sa.select(_decisions).where(_decisions.c.site == self.site)
        if since is not None:
            query = query.where(_decisions.c.at >= since)
        with self._database.connect() as connection:
            rows = rows_of(connection, query.order_by(_decisions.c.id.desc()).limit(limit))
        return [Made(**(_without_site(row) | {"body": json.loads(row["body"])})) for row in rows]

    def happened(self, source: str, text: str) -> int:
        """Add an event and return its number."""
        row = {"site": self.site, "at": datetime.now(UTC), "source": source, "text": text}
        with self._database.connect() as connection:
            return added(connection, sa.insert(_events).values(row))

    def events(self, limit: int = 100, within: timedelta | None = None) -> list[Event]:
        """Events, latest first."""
        query = sa.select(_events).where(_events.c.site == self.site)
        if within is not None:
            query = query.where(_events.c.at >= datetime.now(UTC) - within)
        with self._database.connect() as connection:
            rows = rows_of(connection, query.order_by(_events.c.id.desc()).limit(limit))
        return [Event(**_without_site(row)) for row in rows]


def _without_site(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "site"}
