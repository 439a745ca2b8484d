from datetime import UTC, datetime, timedelta

import pytest

from pipelines.console.advice import advice
from pipelines.console.status import status_of
from pipelines.console.tables import Tables
from pipelines.operations.alive import Sign
from pipelines.operations.order_entry import order_answer
from pipelines.site.file import load_site
from tests.dashboards.conftest import decide

pytestmark = pytest.mark.medium


@pytest.fixture
def advised(settings, operations):
    """The site in mode advise, alive, with fresh telemetry."""
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    Tables(settings, "plant").write(
        "telemetry", {"end": datetime.now(UTC) - timedelta(minutes=5), "store": 0}
    )
    Sign(settings, "plant", "loop").show("well")
    return load_site(settings.sites / "plant.toml")


def asked(site, settings, operations, number=None):
    status = status_of(site, settings, operations, datetime.now(UTC))
    return advice(site, operations, Tables(settings, "plant"), status, number)


def test_values_are_shown_and_an_answer_is_possible_until_it_expires(advised, settings, operations):
    at = datetime.now(UTC)
    decide(operations, advised, at)
    shown = asked(advised, settings, operations)
    (row,) = shown.rows
    assert (row.present, row.step, row.goal, row.unit) == (7.0, 7.5, 9.5, "degC")
    assert (shown.why_not, shown.newer) == ((), None)
    assert shown.expires_at == at + timedelta(hours=1)


def test_decision_of_before_tells_that_a_newer_one_is_there(advised, settings, operations):
    first = decide(operations, advised, datetime.now(UTC) - timedelta(minutes=15))
    second = decide(operations, advised, datetime.now(UTC))
    shown = asked(advised, settings, operations, first)
    assert shown.newer == second
    assert "not the latest" in shown.why_not[0]


def test_loop_that_died_leaves_nothing_to_answer(advised, settings, operations):
    decide(operations, advised, datetime.now(UTC))
    Sign(settings, "plant", "loop").show("stopped")
    assert "control loop does not run" in asked(advised, settings, operations).why_not[0]


def test_answer_shows_what_was_written_for_it(advised, settings, operations):
    number = decide(operations, advised, datetime.now(UTC) - timedelta(minutes=1))
    order_answer(operations, advised, number, accept=True, by="Ana", why="fine")
    at = datetime.now(UTC) + timedelta(seconds=1)
    operations.add_decision(
        at=at, mode="advise", source="accepted", reason="an accepted recommendation", written=True,
        body={"values": {"CHWS_SP_C": 7.5}, "written": {"CHWS_SP_C": 7.5}},
    )  # fmt: skip
    shown = asked(advised, settings, operations, number)
    assert (shown.answer.by, shown.in_force, shown.written_at) == ("Ana", True, at)
    assert shown.rows[0].written == 7.5


def test_nothing_decided_is_nothing(advised, settings, operations):
    assert asked(advised, settings, operations) is None
