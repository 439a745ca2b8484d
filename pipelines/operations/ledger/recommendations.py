"""What was recommended and what operators answered."""

import hashlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from pipelines.control.recommendation import Recommendation
from pipelines.operations.ledger.database import (
    Database,
    LedgerError,
    UtcDateTime,
    added,
    append_only,
    metadata,
    signed,
)


class Recorded(NamedTuple):
    """A recommendation with its number in the ledger."""

    id: int
    recommendation: Recommendation


class Answer(NamedTuple):
    """What an operator said to recommendation `recommendation_id`; `at` is UTC."""

    id: int
    recommendation_id: int
    at: datetime
    accepted: bool
    by: str
    note: str


_recommendations = append_only(
    sa.Table(
        "recommendations",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.UniqueConstraint("site", "at", "digest"),
    )
)

_answers = append_only(
    sa.Table(
        "answers",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recommendation_id", sa.ForeignKey("recommendations.id"), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
)


class Ledger:
    """Recommendations and answers in the ledger at an address (see `Database`)."""

    def __init__(self, uri: str) -> None:
        self._database = Database(uri)

    def record(self, recommendation: Recommendation) -> int:
        """Add a recommendation and return its number; the same one again is the row already there."""
        body = recommendation.model_dump_json()
        row: dict[str, Any] = {
            "site": recommendation.site,
            "at": recommendation.at,
            "digest": hashlib.sha256(body.encode()).hexdigest(),
        }
        insert = sa.insert(_recommendations).values(
            **row,
            made_at=datetime.now(UTC),
            action=recommendation.action,
            reason=recommendation.reason,
            body=body,
        )
        with self._database.connect() as connection:
            known = self._number(connection, row)
            if known is not None:
                return known
            try:
                with connection.begin_nested():
                    return added(connection, insert)
            except IntegrityError:  # another process recorded it in between
                known = self._number(connection, row)
                if known is None:
                    raise
                return known

    def latest(self, site: str) -> Recorded | None:
        """The recommendation for the latest time, or None where there is none yet."""
        return next(iter(self.recommendations(site, limit=1)), None)

    def recommendations(self, site: str, limit: int = 100) -> list[Recorded]:
        """Recommendations for `site`, latest first."""
        table = _recommendations
        query = (
            sa.select(table.c.id, table.c.body)
            .where(table.c.site == site)
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(limit)
        )
        with self._database.connect() as connection:
            rows = connection.execute(query).all()
        return [Recorded(number, Recommendation.model_validate_json(body)) for number, body in rows]

    def answer(self, recommendation_id: int, accepted: bool, by: str, note: str = "") -> int:
        """Add an operator's answer and return its number; a change of mind is a further answer.

        Raises LedgerError where nobody signs or the recommendation does not exist.
        """
        row = {
            "recommendation_id": recommendation_id,
            "at": datetime.now(UTC),
            "accepted": accepted,
            "by": signed(by, "an answer"),
            "note": note.strip(),
        }
        with self._database.connect() as connection:
            if self._number(connection, {"id": recommendation_id}) is None:
                raise LedgerError(
                    f"there is no recommendation {recommendation_id} in the ledger; answer one that is listed"
                )
            return added(connection, sa.insert(_answers).values(row))

    def answers(self, recommendation_id: int) -> list[Answer]:
        """Answers to a recommendation, first to last."""
        query = (
            sa.select(_answers)
            .where(_answers.c.recommendation_id == recommendation_id)
            .order_by(_answers.c.id)
        )
        with self._database.connect() as connection:
            return [Answer(**row) for row in connection.execute(query).mappings()]

    @staticmethod
    def _number(connection: Connection, row: dict[str, Any]) -> int | None:
        conditions = [_recommendations.c[name] == value for name, value in row.items()]
        return connection.scalar(sa.select(_recommendations.c.id).where(*conditions))
