"""The ledger's tables and what a row of each is in Python."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from pipelines.operations.ledger.database import UtcDateTime, append_only, metadata

OrderKind = Literal["mode", "limits", "override", "release", "accept", "reject"]

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

# digest: of a decision that is recorded once however often it is made; null where each counts (the serving loop's).
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

# Not evidence, so it is replaced: what the controller needs to go on after a restart.
memory_table = sa.Table(
    "controller_memory",
    metadata,
    sa.Column("site", sa.String(200), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("decision", sa.Integer, nullable=True),
    sa.Column("body", sa.Text, nullable=False),
)


class Order(NamedTuple):
    """What somebody ordered; `until` None: until it is changed.

    body: by kind, `{"to": mode}`, `{"low":, "high":}`, `{"value":}`, `{"what":}`, `{"decision":}`; empty where the row
    is damaged.
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
    """A decision with its number. at: the time it is for; made_at: when it was recorded; written: it left.

    body: `values` and `goal` by tag, `clips`, `notices`, `refused`, `model`, and `recommendation` (see
    `pipelines.control.recommendation`); empty where the row is damaged.
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
    """Something that happened to the serving loop or the watchdog."""

    id: int
    at: datetime
    source: str
    text: str
