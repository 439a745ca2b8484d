"""The ledger's tables and what a row of each is in Python."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from pipelines.operations.ledger.database import UtcDateTime, append_only, metadata

OrderKind = Literal[
    "mode", "limits", "override", "release", "accept", "reject", "trial", "adjustment", "withdraw"
]

orders_table = append_only(
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

# digest: makes a repeated recommendation one row; null for the decisions of the serving loop, which are all recorded.
decisions_table = append_only(
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
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Index("decisions_once", "site", "digest", unique=True),
    )
)

events_table = append_only(
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

# One row a site, replaced: what the controller needs to continue after a restart.
memory_table = sa.Table(
    "controller_memory",
    metadata,
    sa.Column("site", sa.String(200), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("decision", sa.Integer, nullable=True),
    sa.Column("body", sa.Text, nullable=False),
)


class Order(NamedTuple):
    """An order; `until` None: until it is changed.

    body: by kind, `{"to": mode}`, `{"low":, "high":}`, `{"value":}`, `{"what":}`, `{"decision":}`, a
    trial's plan, a non-routine event, `{"order":}` for one that is withdrawn; empty where the row is damaged.
    """

    id: int
    at: datetime
    kind: OrderKind
    tag: str
    body: dict[str, Any]
    until: datetime | None
    by: str
    why: str


class DecisionRecord(NamedTuple):
    """A decision with its number. at: the time it is for; made_at: when recorded; written: whether values were.

    body: `values`, `goal`, `present` and `written` by tag, `refused`, `clips`, `notices`, `trouble`, `expected`,
    `model`, and `recommendation` where it was explained (`pipelines.control.recommendation`); empty where the row is
    damaged.
    """

    id: int
    at: datetime
    made_at: datetime
    mode: str
    source: str
    reason: str
    written: bool
    body: dict[str, Any]


class Event(NamedTuple):
    """An event of the watchdog: heartbeats missed or back, a value refused."""

    id: int
    at: datetime
    source: str
    text: str
