import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_mock_engine

from pipelines.operations.ledger import Database, LedgerError, Operations, database

AT = datetime(2024, 3, 5, 12, tzinfo=UTC)
# The tables of version 0.3, before decisions had a digest and controllers a memory that is kept.
EARLIER = """
CREATE TABLE decisions (id INTEGER NOT NULL, site VARCHAR(200) NOT NULL, at DATETIME NOT NULL,
    made_at DATETIME NOT NULL, mode VARCHAR(20) NOT NULL, source VARCHAR(20) NOT NULL, reason TEXT NOT NULL,
    written BOOLEAN NOT NULL, body TEXT NOT NULL, PRIMARY KEY (id));
CREATE TRIGGER decisions_refuse_update BEFORE UPDATE ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions is append-only; add a row instead'); END;
CREATE TABLE recommendations (id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (id));
INSERT INTO decisions VALUES (1, 'plant', '2024-03-05 11:00:00', '2024-03-05 11:00:01', 'auto', 'model', 'warmer', 1,
    '{"values": {"CHWS_SP": 9.0}}');
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def operations(path):
    return Operations(f"sqlite:///{path}", "plant")


def decide(operations, **given) -> int:
    return operations.add_decision(
        at=AT, mode="advise", source="model", reason="warmer", written=False, body={}, **given
    )


def test_ledger_of_an_earlier_version_opens_and_goes_on(path):
    with sqlite3.connect(path) as other:
        other.executescript(EARLIER)
    operations = Operations(f"sqlite:///{path}", "plant")
    assert operations.decisions()[0].body == {"values": {"CHWS_SP": 9.0}}
    assert decide(operations, once=True) == decide(operations, once=True) == 2
    operations.save_memory(AT, "memory", decision=2)
    assert Operations(f"sqlite:///{path}", "plant").load_memory() == "memory"


def test_new_ledger_opened_by_many_at_once_is_made_once(path):
    with ThreadPoolExecutor(8) as many:
        opened = list(many.map(lambda uri: Operations(uri, "plant"), [f"sqlite:///{path}"] * 8))
    assert len({decide(each, once=True) for each in opened}) == 1


def test_many_that_record_the_same_at_once_make_one_row(operations):
    with ThreadPoolExecutor(8) as many:
        assert set(many.map(lambda _: decide(operations, once=True), range(16))) == {1}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET reason = 'none'",
        "DELETE FROM decisions",
        "UPDATE orders SET why = 'none'",
        "DELETE FROM orders",
        "DELETE FROM events",
    ],
)
def test_evidence_cannot_be_changed_even_with_another_tool(operations, path, statement):
    decide(operations)
    operations.order("mode", by="Ana", why="trial", body={"to": "advise"})
    operations.add_event("watchdog", "no heartbeat")
    with sqlite3.connect(path) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    assert (operations.decisions()[0].reason, operations.orders()[0].why) == ("warmer", "trial")


def test_postgresql_refuses_changes_too():
    statements = []
    engine = create_mock_engine(
        "postgresql+psycopg://",
        lambda ddl, *_, **__: statements.append(str(ddl.compile(dialect=engine.dialect))),
    )
    database.metadata.create_all(engine, checkfirst=False)
    refusals = [text for text in statements if "BEFORE UPDATE OR DELETE OR TRUNCATE" in text]
    assert {text.split(" ON ")[1].split()[0] for text in refusals} == {
        "orders", "decisions", "events", "alarms", "shadow_decisions",
    }  # fmt: skip


def test_ledger_that_cannot_be_opened_says_where_and_what_to_do(tmp_path):
    with pytest.raises(LedgerError, match=r"missing/ledger\.db.*COLDAISLE_LEDGER_URI"):
        Database(f"sqlite:///{tmp_path}/missing/ledger.db")


@pytest.mark.parametrize(
    "uri",
    [
        "nosuchdatabase://ana:hunter2@host/ledger",
        "postgresql+psycopg://ana:hunter2@127.0.0.1:1/ledger",
        "ana:hunter2@host",
    ],
)
def test_error_about_the_ledgers_address_keeps_the_password(uri):
    with pytest.raises(LedgerError, match="COLDAISLE_LEDGER_URI") as caught:
        Database(uri)
    assert "hunter2" not in str(caught.value)


def test_file_that_is_no_database_is_named(tmp_path):
    file = tmp_path / "notes.db"
    file.write_text("this is no database, it is a note longer than sixteen bytes")
    with pytest.raises(LedgerError, match=r"notes\.db.*not a database"):
        Database(f"sqlite:///{file}")
