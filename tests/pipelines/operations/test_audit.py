from datetime import UTC, datetime

import pytest

from pipelines.operations.alarms import AlarmBook
from pipelines.operations.audit import audit


@pytest.fixture
def filled(operations, home, site):
    operations.order("mode", by="Ana", why="commissioning", body={"from": "shadow", "to": "advise"})
    operations.order("override", by="Bo", why="pump 2 is out", tag="PLANT.CHWS_SP_C", body={"value": 9.0})
    operations.add_decision(
        at=datetime.now(UTC), mode="advise", source="model", reason="warmer", written=True,
        body={"written": {"PLANT.CHWS_SP_C": 9.0}},
    )  # fmt: skip
    operations.add_event("watchdog", "no heartbeat for 200 s")
    AlarmBook(home, site.name, "serve").report({"hot": ("critical", "a rack is hot")})
    return operations


def test_everything_is_in_one_list_newest_first(filled):
    rows = audit(filled)
    assert sorted(row.kind for row in rows) == ["alarm", "decision", "event", "mode", "override"]
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("pump OUT", ["override"]),
        ("chws_sp", ["decision", "override"]),
        ("bo 9.0", ["override"]),
        ("nothing like this", []),
    ],
)
def test_search_wants_every_word_wherever_it_stands(filled, text, kinds):
    assert sorted(row.kind for row in audit(filled, text)) == kinds


def test_kind_and_number_of_entries_are_limited(filled):
    assert [row.kind for row in audit(filled, kind="events")] == ["event"]
    assert len(audit(filled, limit=2)) == 2
