"""The ledger's database: tables at a SQLAlchemy address, SQLite or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from pipelines.errors import ColdaisleError

BUSY_TIMEOUT_S = 30.0
# Two processes that open a new ledger at once would both create its tables; the second waits for the first.
_LOCK = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(4242601)"}


class LedgerError(ColdaisleError):
    """A ledger that cannot be reached, or an entry it must refuse."""


class LedgerDownError(LedgerError):
    """A ledger that does not answer now."""

    transient = True


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC datetimes; SQLite keeps no zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC on writing."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To an aware UTC time on reading."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData()


def append_only(table: sa.Table) -> sa.Table:
    """The table, with changes and removals refused by the database itself."""
    # Triggers, not application code: they also apply to other tools that open the database.
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
    return table


class Database:
    """Where the ledger is kept: `sqlite:///path` or `postgresql+psycopg://...`.

    Opening makes the tables where they are missing, and adds to a ledger of an earlier version the columns and indexes
    that it lacks. patience_s: how long to wait for another process that holds SQLite's lock. Raises LedgerError where
    the database does not answer.
    """

    def __init__(self, uri: str, *, patience_s: float = BUSY_TIMEOUT_S) -> None:
        try:
            url = make_url(uri)
            self._shown = url.render_as_string(hide_password=True)
            waiting = {"timeout": patience_s} if url.get_backend_name() == "sqlite" else {}
            self._engine = sa.create_engine(url, connect_args=waiting)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as cause:
            raise LedgerError(
                f"the ledger's address cannot be used: {cause}; "
                "set COLDAISLE_LEDGER_URI to sqlite:///PATH or to PostgreSQL with its driver installed"
            ) from cause
        with self.connect() as connection:
            lock = _LOCK.get(connection.dialect.name)
            if lock:
                connection.exec_driver_sql(lock)
            metadata.create_all(connection)
            _add_what_is_missing(connection)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction. Raises LedgerError where the database does not answer."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as cause:
            raise LedgerDownError(
                f"the ledger at {self._shown} does not answer: {cause.orig}; "
                "start the database, or set COLDAISLE_LEDGER_URI to one that runs"
            ) from cause


def added(connection: Connection, insert: sa.Insert) -> int:
    """Number of the row that was added."""
    key = connection.execute(insert).inserted_primary_key
    assert key is not None
    return int(key[0])


def signed(by: str, what: str) -> str:
    """The name of the person responsible for an entry. Raises LedgerError where it is empty."""
    if not by.strip():
        raise LedgerError(f"{what} needs a person's name, found {by!r}; give one")
    return by.strip()


def rows_of(connection: Connection, query: Any) -> list[dict[str, Any]]:
    """Rows as plain dicts. Raises LedgerError where a row holds what its column cannot."""
    try:
        return [dict(row) for row in connection.execute(query).mappings()]
    except (ValueError, TypeError) as cause:
        raise LedgerError(
            f"a row of the ledger cannot be read: {cause}; restore the ledger from a copy"
        ) from cause


def _add_what_is_missing(connection: Connection) -> None:
    """Columns and indexes that a ledger of an earlier version does not have; new columns are empty there."""
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        present = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in present:
                kind = column.type.compile(connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")
        for index in table.indexes:
            index.create(connection, checkfirst=True)
