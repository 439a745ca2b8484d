"""The ledger's tables and what a row of each is in Python."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from pipelines.operations.ledger.database import UtcDateTime, append_only, metadata

OrderKind = Literal[
    "mode", "limits", "override", "release", "accept", "reject", "withdraw_acceptance", "hold", "trial", "adjustment",
    "withdraw", "acknowledge", "promote", "refuse", "what_if",
]  # fmt: skip

# answers: number of the decision that an acceptance or rejection answers. The database allows one answer a decision.
# role, via: of the person, and how the name is known.
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
        sa.Column("answers", sa.Integer, nullable=True),
        sa.Column("role", sa.String(20), nullable=True),
        sa.Column("via", sa.String(200), nullable=True),
        sa.Index("orders_one_answer", "site", "answers", unique=True),
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

# What the challenger would have decided beside a decision; one row for each and each model.
shadow_table = append_only(
    sa.Table(
        "shadow_decisions",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String(200), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("decision", sa.Integer, nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Index("shadow_once", "site", "decision", "model", unique=True),
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

# A row is an alarm that was raised, or that an alarm of this cause is over (`clears`: the number of the one raised).
alarms_table = append_only(
    sa.Table(
        "alarms",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String(200), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("clears", sa.Integer, nullable=True),
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

    body: by kind, `{"to": mode}`, `{"low":, "high":}`, `{"value":}`, `{"what":}`, `{"decision":, "shown":}` (of a
    rejection also `{"reason":}`), `{"values":}` of a hold, a trial's plan, a non-routine event, `{"order":}` for one
    that is withdrawn, `{"alarm":}`, `{"kind":, "version":, "charge":}` of a promotion; empty where the row is damaged.
    role, via: of the person, None in rows of earlier versions.
    """

    id: int
    at: datetime
    kind: OrderKind
    tag: str
    body: dict[str, Any]
    until: datetime | None
    by: str
    why: str
    answers: int | None = None
    role: str | None = None
    via: str | None = None


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


class ShadowRecord(NamedTuple):
    """What a challenger would have decided beside `decision`.

    body: `values` and `goal` by tag, `source`, `reason`, `expected`, `notices`, `seconds` that it took.
    """

    id: int
    at: datetime
    decision: int
    model: str
    body: dict[str, Any]


class Event(NamedTuple):
    """An event of the watchdog: heartbeats missed or back, a value refused."""

    id: int
    at: datetime
    source: str
    text: str


class AlarmRow(NamedTuple):
    """A row of the alarms: raised, or (`clears`: the number of the one raised) over."""

    id: int
    at: datetime
    source: str
    cause: str
    severity: str
    text: str
    clears: int | None
