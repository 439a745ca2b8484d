from datetime import UTC, datetime, timedelta

import pytest

from pipelines.console.status import status_of
from pipelines.console.tables import Tables
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alive import Sign
from pipelines.operations.ledger import LedgerError, Operations

NOW = datetime.now(UTC)


def brought(settings, ago: timedelta) -> None:
    Tables(settings, "plant").write("telemetry", {"end": datetime.now(UTC) - ago, "store": 0})


def test_healthy_site_lets_an_operator_accept(settings, site, operations):
    brought(settings, timedelta(minutes=10))
    Sign(settings, "plant", "loop").show("well")
    status = status_of(site, settings, operations, datetime.now(UTC))
    assert (status.fresh, status.loop.condition, status.why_no_accept()) == (True, "well", [])


@pytest.mark.parametrize(
    ("ago", "condition", "said"),
    [
        (timedelta(hours=12), "well", "too old to decide by"),
        (timedelta(days=400), "well", "too old to decide by"),
        (timedelta(minutes=10), "failing", "does not run"),
        (timedelta(minutes=10), "stopped", "does not run"),
    ],
)
def test_stale_data_or_a_loop_that_does_not_run_forbid_it(settings, site, operations, ago, condition, said):
    brought(settings, ago)
    Sign(settings, "plant", "loop").show(condition)
    assert said in status_of(site, settings, operations, datetime.now(UTC)).why_no_accept()[0]


def test_site_without_telemetry_and_loop_says_both(settings, site, operations):
    reasons = status_of(site, settings, operations, datetime.now(UTC)).why_no_accept()
    assert ["no telemetry" in reasons[0], "never" in reasons[1]] == [True, True]


def test_ledger_that_does_not_answer_is_said_and_raises_nothing(settings, site, operations, monkeypatch):
    def away(*_):
        raise LedgerError("the ledger does not answer")

    monkeypatch.setattr(Operations, "orders", away)
    status = status_of(site, settings, operations, datetime.now(UTC))
    assert "does not answer" in status.why_no_ledger
    assert "the ledger does not answer" in status.why_no_accept()[0]
    assert status_of(site, settings, None, datetime.now(UTC), "gone").why_no_ledger == "gone"


def test_alarms_that_wait_for_a_person_are_counted(settings, site, operations):
    AlarmBook(settings, "plant", "serve").report({"hot": ("critical", "a rack is hot")})
    assert [one.cause for one in status_of(site, settings, operations, datetime.now(UTC)).unacknowledged] == [
        "hot"
    ]
