"""The ledger: what was recommended and what operators answered. Rows are added, never changed or removed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, NoSuchModuleError

from pipelines.errors import ColdaisleError
from pipelines.recommendation import Recommendation

BUSY_TIMEOUT_S = 30.0
# Two processes that open a new ledger at once would both make its tables; the second waits for the first.
_LOCK = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(4242601)"}


class LedgerError(ColdaisleError):
    """A ledger that cannot be reached, or an entry it must refuse."""


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


class _UtcDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC datetimes; SQLite keeps no zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_metadata = sa.MetaData()

_recommendations = sa.Table(
    "recommendations",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("site", sa.String(200), nullable=False),
    sa.Column("at", _UtcDateTime, nullable=False),
    sa.Column("made_at", _UtcDateTime, nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.UniqueConstraint("site", "at", "digest"),
)

_answers = sa.Table(
    "answers",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("recommendation_id", sa.ForeignKey("recommendations.id"), nullable=False, index=True),
    sa.Column("at", _UtcDateTime, nullable=False),
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)


def _refuse_changes(table: sa.Table) -> None:
    # Triggers, not application code: whoever opens the database with another tool is refused too.
    message = f"{table.name} is append-only; add a row instead"
    for verb in ("UPDATE", "DELETE"):
        name = f"{table.name}_refuse_{verb.lower()}"
        sqlite = (
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table.name} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        sa.event.listen(table, "after_create", sa.DDL(sqlite).execute_if(dialect="sqlite"))
    name = f"{table.name}_refuse"
    for statement in (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$",
        f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ):
        sa.event.listen(table, "after_create", sa.DDL(statement).execute_if(dialect="postgresql"))


for _table in (_recommendations, _answers):
    _refuse_changes(_table)


class Ledger:
    """The ledger at a SQLAlchemy address: `sqlite:///path` or `postgresql+psycopg://...`.

    Opening makes the tables where they are missing. Raises LedgerError where the database does not answer.
    """

    def __init__(self, uri: str) -> None:
        try:
            url = make_url(uri)
            self._shown = url.render_as_string(hide_password=True)
            waiting = {"timeout": BUSY_TIMEOUT_S} if url.get_backend_name() == "sqlite" else {}
            self._engine = sa.create_engine(url, connect_args=waiting)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as cause:
            raise LedgerError(
                f"the ledger's address cannot be used: {cause}; "
                "set COLDAISLE_LEDGER_URI to sqlite:///PATH or to PostgreSQL with its driver installed"
            ) from cause
        with self._connect() as connection:
            lock = _LOCK.get(connection.dialect.name)
            if lock:
                connection.exec_driver_sql(lock)
            _metadata.create_all(connection)

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
        with self._connect() as connection:
            known = self._number(connection, row)
            if known is not None:
                return known
            try:
                with connection.begin_nested():
                    return _added(connection, insert)
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
        with self._connect() as connection:
            rows = connection.execute(query).all()
        return [Recorded(number, Recommendation.model_validate_json(body)) for number, body in rows]

    def answer(self, recommendation_id: int, accepted: bool, by: str, note: str = "") -> int:
        """Add an operator's answer and return its number; a change of mind is a further answer.

        Raises LedgerError where nobody signs or the recommendation does not exist.
        """
        if not by.strip():
            raise LedgerError(f"an answer needs the operator's name, found {by!r}; say who answers")
        row = {
            "recommendation_id": recommendation_id,
            "at": datetime.now(UTC),
            "accepted": accepted,
            "by": by.strip(),
            "note": note.strip(),
        }
        with self._connect() as connection:
            if self._number(connection, {"id": recommendation_id}) is None:
                raise LedgerError(
                    f"there is no recommendation {recommendation_id} in the ledger; answer one that is listed"
                )
            return _added(connection, sa.insert(_answers).values(row))

    def answers(self, recommendation_id: int) -> list[Answer]:
        """Answers to a recommendation, first to last."""
        query = (
            sa.select(_answers)
            .where(_answers.c.recommendation_id == recommendation_id)
            .order_by(_answers.c.id)
        )
        with self._connect() as connection:
            return [Answer(**row) for row in connection.execute(query).mappings()]

    @staticmethod
    def _number(connection: Connection, row: dict[str, Any]) -> int | None:
        conditions = [_recommendations.c[name] == value for name, value in row.items()]
        return connection.scalar(sa.select(_recommendations.c.id).where(*conditions))

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as cause:
            raise LedgerError(
                f"the ledger at {self._shown} does not answer: {cause.orig}; "
                "start the database, or set COLDAISLE_LEDGER_URI to one that runs"
            ) from cause


def _added(connection: Connection, insert: sa.Insert) -> int:
    key = connection.execute(insert).inserted_primary_key
    assert key is not None
    return int(key[0])
