import math
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipelines.operations.ledger import LedgerError, Operations

AT = datetime(2024, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def operations(path):
    return Operations(f"sqlite:///{path}", "plant")


def decide(operations, at=AT, **given) -> int:
    usual = {
        "mode": "advise", "source": "model", "reason": "warmer", "written": False,
        "body": {"goal": {"CHWS_SP": 9.0}, "notices": []},
    }  # fmt: skip
    return operations.add_decision(at=at, **(usual | given))


def test_decision_is_read_back_as_it_was_recorded(operations):
    local = AT.astimezone(timezone(timedelta(hours=8)))
    number = decide(operations, at=local)
    record = operations.decision(number)
    assert record == operations.decisions()[0]
    assert (record.id, record.at, record.at.tzinfo, record.source) == (number, AT, UTC, "model")
    assert record.body == {"goal": {"CHWS_SP": 9.0}, "notices": []}


def test_numbers_that_are_not_finite_are_kept_as_unknown(operations):
    number = decide(operations, body={"values": {"CHWS_SP": math.nan}, "spread": [1.0, math.inf]})
    assert operations.decision(number).body == {"values": {"CHWS_SP": None}, "spread": [1.0, None]}


def test_same_recommendation_twice_is_one_row_and_another_is_another(operations, path):
    first = decide(operations, once=True)
    assert decide(operations, once=True) == first
    assert decide(Operations(f"sqlite:///{path}", "plant"), once=True) == first
    assert decide(Operations(f"sqlite:///{path}", "other"), once=True) != first
    assert decide(operations, at=AT + HOUR, once=True) != first
    assert len(operations.decisions()) == 2


def test_each_turn_of_the_loop_is_a_row_of_its_own(operations):
    assert decide(operations) != decide(operations)


def test_latest_decision_is_of_the_latest_time_not_the_last_recorded(operations):
    newest = decide(operations)
    decide(operations, at=AT - HOUR)
    ahead = decide(operations, at=AT + HOUR)
    assert operations.latest_decision().id == ahead
    assert operations.latest_decision(AT).id == newest
    assert operations.latest_decision(AT - 2 * HOUR) is None


def test_sites_do_not_see_each_others_entries(operations, path):
    other = Operations(f"sqlite:///{path}", "other")
    number = decide(operations)
    operations.save_memory(AT, "memory")
    assert other.decision(number) is None
    assert other.latest_decision() is None
    assert other.load_memory() is None


@pytest.mark.parametrize("number", [None, "1", 7, {}])
def test_decision_that_is_not_there_is_none(operations, number):
    assert operations.decision(number) is None


def test_controller_memory_is_replaced(operations):
    assert operations.load_memory() is None
    operations.save_memory(AT, "first", decision=1)
    operations.save_memory(AT + HOUR, "second", decision=2)
    assert operations.load_memory() == "second"


def test_damaged_row_is_read_as_empty(operations, path):
    number = decide(operations)
    with sqlite3.connect(path) as other:
        other.execute("DROP TRIGGER decisions_refuse_update")
        other.execute("UPDATE decisions SET body = '{'")
    assert operations.decision(number).body == {}


def test_time_that_is_none_is_said_and_does_not_end_the_caller(operations, path):
    decide(operations)
    with sqlite3.connect(path) as other:
        other.execute("DROP TRIGGER decisions_refuse_update")
        other.execute("UPDATE decisions SET at = 'yesterday'")
    with pytest.raises(LedgerError, match="cannot be read"):
        operations.decisions()


@pytest.mark.parametrize(("by", "why", "match"), [(" ", "because", "name"), ("Ana", "", "reason")])
def test_unsigned_or_unreasoned_order_is_refused(operations, by, why, match):
    with pytest.raises(LedgerError, match=match):
        operations.order("mode", by=by, why=why)
    assert operations.orders() == []
