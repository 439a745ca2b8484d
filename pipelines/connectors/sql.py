"""Exports out of a database: a query for each window, its rows streamed into CSV as the source's layout describes."""

import csv
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.pool import NullPool

from pipelines.connectors.deadline import Deadline
from pipelines.connectors.job import MOST_BYTES, Job, Piece
from pipelines.connectors.windows import EPOCH, Window, window_name, windows
from pipelines.errors import SourceDownError, SourceError
from pipelines.exports.stamps import COUNTED, EXCEL_EPOCH_US
from pipelines.site.file import Source

ROWS = 5_000  # at once
SECONDS = "%Y-%m-%d %H:%M:%S"
AROUND = timedelta(hours=3)  # no clock changes by more
# SQLSTATE classes after which the same query may succeed: connection, rollback, resources, operator, system.
PASSING = ("08", "40", "53", "55", "57", "58")
# What drivers say, without a code, where trying again is of no use.
LASTING = (
    "authentication failed", "does not exist", "no pg_hba.conf entry", "access denied", "unknown database",
    "no such table", "no such column", "unable to open", "not a database", "login failed", "syntax error",
    "permission denied", "near \"",
)  # fmt: skip


def pieces(job: Job) -> Iterator[Piece]:
    """A file for each window."""
    for window in windows(job):
        name = f"{window_name(job.source.name, window)}.csv"
        yield Piece(name, partial(_download, job, window))


def _download(job: Job, window: Window, target: Path, deadline: Deadline) -> bool:
    engine = _engine(job, deadline)
    try:
        return _queried(engine, job, window, target, deadline)
    except exc.SQLAlchemyError as error:
        raise _explained(error, job, deadline) from None
    finally:
        with suppress(Exception):
            engine.dispose()


def _engine(job: Job, deadline: Deadline) -> sa.Engine:
    try:
        url = sa.make_url(job.address)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise SourceError("names an SQLite file that does not exist; correct its address")
        options: dict[str, Any] = {}
        if url.get_backend_name() == "postgresql":
            options = {"connect_timeout": max(2, int(deadline.timeout_s))}
        return sa.create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    except (exc.NoSuchModuleError, ImportError) as error:
        driver = error.name if isinstance(error, ImportError) else job.address.split(":", 1)[0]
        raise SourceError(f"needs the database driver {driver}, which is not installed; install it") from None
    except (exc.ArgumentError, ValueError):
        raise SourceError("has an address that SQLAlchemy cannot read; correct it") from None


def _queried(engine: sa.Engine, job: Job, window: Window, target: Path, deadline: Deadline) -> bool:
    """Whether there was a row. Nothing is ever committed."""
    options: dict[str, Any] = {"stream_results": True, "max_row_buffer": ROWS}
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    with engine.connect().execution_options(**options) as connection:
        driver = connection.connection.driver_connection
        for name in ("cancel", "interrupt"):
            if hasattr(driver, name):
                deadline.on_expiry.append(getattr(driver, name))
        if (
            engine.dialect.name == "postgresql"
        ):  # ends of windows then mean the same in times with and without a zone
            zone = sa.text("SELECT set_config('timezone', :zone, true)")
            connection.execute(zone, {"zone": job.source.time_zone})
        start, end = bounds(job.source, window)
        if engine.dialect.name == "sqlite":  # it compares text, and a fraction would stand after none
            start, end = (
                f"{each:{SECONDS}}" if isinstance(each, datetime) else each for each in (start, end)
            )
        result = connection.execute(sa.text(job.source.query or ""), {"start": start, "end": end})
        return _written(result, job.source, target, deadline)


def _written(result: sa.CursorResult, source: Source, target: Path, deadline: Deadline) -> bool:
    if not result.returns_rows:
        raise SourceError("has a query that returns no rows; write a SELECT")
    count, cell = 0, partial(_cell, source)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";" if source.decimal == "," else ",", lineterminator="\n")
        writer.writerow(result.keys())
        for rows in result.partitions(ROWS):
            deadline.check()
            writer.writerows([[cell(value) for value in row] for row in rows])
            count += len(rows)
            if file.tell() > MOST_BYTES:
                raise SourceError(
                    f"sends more than {MOST_BYTES / 1e9:g} GB for one window; lower window_hours"
                )
    return count > 0


def _cell(source: Source, value: Any) -> str:
    """A value as an export would have it: times in the source's form, numbers with its decimal sign."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        form = source.time_format
        if form is None or form in COUNTED:
            return value.isoformat(sep=" ")
        return value.strftime(form)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        raise SourceError("has a column of bytes, which is no reading; leave it out of the query")
    text = str(value)
    number = not isinstance(value, str)
    return text.replace(".", ",") if number and source.decimal == "," else text


def bounds(source: Source, window: Window) -> tuple[Any, Any]:
    """Start and end of a window as the source's own clock and time format write them, for :start and :end.

    Near a change of that clock more is asked for: only with both passes of an hour can its rows be told apart.
    """
    zone, form = ZoneInfo(source.time_zone), source.time_format
    ahead = timedelta(minutes=source.clock_offset_minutes)
    start, end = (time.astimezone(UTC) + ahead for time in window)
    if (start - AROUND).astimezone(zone).utcoffset() != (end + AROUND).astimezone(zone).utcoffset():
        start, end = start - AROUND, end + AROUND
    clock = start.astimezone(zone).replace(tzinfo=None), end.astimezone(zone).replace(tzinfo=None)
    if form in COUNTED:
        return _count(clock[0], form), _count(clock[1], form)
    if form is not None:
        return clock[0].strftime(form), clock[1].strftime(form)
    return clock


def _count(clock: datetime, form: str) -> float | int:
    micros, of_one = (clock - EPOCH.replace(tzinfo=None)) // timedelta(microseconds=1), COUNTED[form][0]
    if form == "excel":
        return (micros - EXCEL_EPOCH_US) / of_one
    return micros // int(of_one) if of_one >= 1 else micros * round(1 / of_one)


def _explained(error: exc.SQLAlchemyError, job: Job, deadline: Deadline) -> SourceError:
    deadline.check()
    cause = getattr(error, "orig", None)
    text = job.secrets.redacted(" ".join(str(cause or error).split()))[:300]
    state = str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
    passing = isinstance(error, exc.OperationalError | exc.InterfaceError | exc.TimeoutError)
    if state:
        passing = state.startswith(PASSING)
    elif any(words in text.lower() for words in LASTING):
        passing = False
    if passing or getattr(error, "connection_invalidated", False):
        return SourceDownError(f"does not answer ({text}); it is tried again")
    return SourceError(f"cannot be queried ({text}); correct its address or query")
