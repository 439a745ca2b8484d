"""Exports out of databases: SQLite here, PostgreSQL where one is installed."""

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from pipelines.connectors.sql import bounds
from pipelines.telemetry.inbox import ingest_inbox
from pipelines.telemetry.store import Store
from tests.pipelines.connectors.kit import DAY, at, brought, fetched, in_home, rows, site_with

pytestmark = pytest.mark.medium

QUERY = "SELECT time, tag, value FROM readings WHERE time >= :start AND time < :end ORDER BY time"


@pytest.fixture
def database(tmp_path) -> Path:
    path = tmp_path / "historian.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE readings (time TEXT, tag TEXT, value REAL)")
        connection.executemany("INSERT INTO readings VALUES (?, 'P', ?)", rows(DAY, at(72)))
    connection.close()
    return path


def sql(address, **more):
    described = {"kind": "sql", "layout": "long", "address": str(address), "query": QUERY} | more
    return site_with(**described)


def sqlite(path: Path, **more):
    return sql(more.pop("address", f"sqlite:///{path}"), **more)


def values(settings, site):
    return Store(settings.store, site).read()["it_power_kw"].tolist()


def test_each_window_is_queried_from_its_start_to_before_its_end(database, settings):
    site = sqlite(database)
    assert len(fetched(site, settings, 0, 48).files) == 2
    assert ingest_inbox(site, settings).readings == 288
    assert values(settings, site) == [value for _, value in rows(DAY, at(48))]


def test_the_same_rows_again_change_nothing_and_corrected_ones_replace(database, settings):
    site = sqlite(database)
    brought(site, settings)
    assert fetched(site, settings).sources[0].unchanged == 1
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE readings SET value = 310 WHERE time = '2025-03-01 00:00:00'")
    connection.close()
    brought(site, settings)
    assert values(settings, site)[0] == 310
    assert len(in_home(settings, "ingested")) == 1


def test_a_window_without_rows_is_empty(database, settings):
    only = fetched(sqlite(database), settings, 240, 264).sources[0]
    assert (only.empty, only.error, in_home(settings)) == (1, "", [])


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ({"query": QUERY.replace("readings", "absent")}, "no such table"),
        ({"query": "SELEC :start, :end"}, "syntax error"),
        ({"query": QUERY.replace("tag,", "'Q' AS tag,")}, "has no tag of source historian"),
        ({"address": "sqlite:////nowhere.db"}, "does not exist"),
        ({"address": "nonsense://host/db"}, "database driver nonsense"),
        ({"address": "mysql+pymysql://host/db"}, "database driver"),
        ({"address": "://"}, "cannot read"),
    ],
)
def test_what_is_wrong_for_good_says_so(database, settings, more, because):
    only = fetched(sqlite(database, **more), settings).sources[0]
    assert because in only.error
    assert not only.transient
    assert in_home(settings) == []


def test_a_query_is_given_up_after_the_total_time(database, settings):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT time, tag, value FROM readings, n WHERE time >= :start AND time < :end AND i < 0"
    )
    only = fetched(sqlite(database, query=endless, timeout_s=0.5), settings).sources[0]
    assert only.transient
    assert "within 0.5 s" in only.error


def test_nothing_is_ever_changed_in_the_database(database, settings):
    only = fetched(
        sqlite(database, query="DELETE FROM readings WHERE time >= :start AND time < :end"), settings
    )
    assert "returns no rows" in only.failed["historian"]
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM readings").fetchone() == (432,)
    connection.close()


def test_a_decimal_comma_is_the_sources_own(database, settings):
    site = sqlite(database, decimal=",")
    brought(site, settings)
    assert values(settings, site) == [value for _, value in rows(DAY, at(24))]


def source_of(**more):
    return sql("sqlite:///x", **more).sources[0]


def test_bounds_are_written_as_the_sources_clock_writes_times():
    window = (datetime(2025, 1, 10, tzinfo=UTC), datetime(2025, 1, 10, 1, tzinfo=UTC))
    assert bounds(source_of(time_zone="Asia/Singapore"), window)[0] == datetime(2025, 1, 10, 8)
    assert bounds(source_of(time_format="epoch_s"), window) == (1736467200, 1736470800)
    assert bounds(source_of(time_format="epoch_ns"), window)[0] == 1736467200 * 10**9
    assert bounds(source_of(time_format="excel"), window)[0] == pytest.approx(45667)
    assert bounds(source_of(time_format="%Y/%m/%dT%H:%M"), window)[1] == "2025/01/10T01:00"
    assert bounds(source_of(clock_offset_minutes=10), window)[0] == datetime(2025, 1, 10, 0, 10)


def test_the_hour_that_a_clock_shows_twice_is_never_cut():
    window = (datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC))
    start, end = bounds(source_of(time_zone="Europe/Berlin"), window)
    assert start <= datetime(2025, 10, 26, 1)
    assert end >= datetime(2025, 10, 26, 4)


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL server of our own; its address with the password as ${PG_PASSWORD}, and that password."""
    programs = {name: shutil.which(name) for name in ("initdb", "pg_ctl")}
    if not all(programs.values()):
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    user = None
    if os.geteuid() == 0:  # it does not run as root
        try:
            user = pwd.getpwnam("postgres").pw_uid
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    with tempfile.TemporaryDirectory(prefix="coldaisle-postgres-") as temporary:
        yield from _served(Path(temporary), programs, user)


def _served(folder: Path, programs: dict, user: int | None):
    password = folder / "password"
    password.write_text("s3cr/t pw@x")
    if user is not None:
        os.chown(folder, user, -1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    initdb = [programs["initdb"], "-D", folder / "data", "-U", "plant", "-A", "scram-sha-256"]
    made = subprocess.run(
        [*initdb, f"--pwfile={password}"], capture_output=True, text=True, user=user, cwd=folder
    )
    if made.returncode:
        pytest.skip(f"PostgreSQL cannot be set up here: {made.stderr[-200:]}")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [programs["pg_ctl"], "-D", folder / "data"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "user": user, "cwd": folder}
    if subprocess.run([*control, "-o", options, "-l", folder / "log", "-w", "start"], **silent).returncode:
        pytest.skip("PostgreSQL does not start here")
    try:
        yield _filled(port, password.read_text())
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **silent)


def _filled(port: int, password: str) -> SimpleNamespace:
    url = sa.URL.create("postgresql+psycopg", "plant", password, "127.0.0.1", port, "postgres")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE readings (time timestamptz, tag text, value numeric)"))
        connection.execute(
            sa.text("INSERT INTO readings VALUES (CAST(:t || '+00' AS timestamptz), 'P', :v)"),
            [{"t": time, "v": value} for time, value in rows(DAY, at(72))],
        )
        connection.execute(
            sa.text(
                "CREATE TABLE local AS SELECT time AT TIME ZONE 'Asia/Singapore' AS time, tag, value FROM readings"
            )
        )
    return SimpleNamespace(
        address=f"postgresql+psycopg://plant:${{PG_PASSWORD}}@127.0.0.1:{port}/postgres", password=password
    )


@pytest.mark.parametrize("table", ["readings", "local"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Singapore"])
def test_postgres_gives_a_window_whatever_the_kind_of_its_times(postgres, settings, monkeypatch, table, zone):
    if (table, zone) == ("local", "UTC"):
        pytest.skip("a site file that names the wrong zone of a clock gives other readings")
    monkeypatch.setenv("PG_PASSWORD", postgres.password)
    site = sql(postgres.address, query=QUERY.replace("readings", table), time_zone=zone)
    brought(site, settings, 24, 48)
    assert values(settings, site) == [value for _, value in rows(at(24), at(48))]


@pytest.mark.parametrize(
    ("change", "because", "transient"),
    [
        ({"query": QUERY.replace("readings", "absent")}, "does not exist", False),
        ({"query": QUERY.replace("value", "pg_sleep(3) AS value", 1), "timeout_s": 0.7}, "within 0.7 s", True),
        ({"query": "DELETE FROM readings WHERE time >= :start AND time < :end RETURNING time, tag, value"},
         "cannot be queried", False),
    ],
)  # fmt: skip
def test_postgres_says_what_is_wrong(postgres, settings, monkeypatch, change, because, transient):
    monkeypatch.setenv("PG_PASSWORD", postgres.password)
    only = fetched(sql(postgres.address, **change), settings).sources[0]
    assert because in only.error
    assert only.transient == transient


def test_a_wrong_password_is_permanent_and_not_shown(postgres, settings, monkeypatch):
    monkeypatch.setenv("PG_PASSWORD", "wr0ng")
    only = fetched(sql(postgres.address), settings).sources[0]
    assert "authentication failed" in only.error
    assert "wr0ng" not in only.error
    assert not only.transient


def test_a_database_that_is_down_may_come_back(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    only = fetched(sql(f"postgresql+psycopg://plant@127.0.0.1:{port}/db", timeout_s=5), settings).sources[0]
    assert only.transient
    assert "does not answer" in only.error
