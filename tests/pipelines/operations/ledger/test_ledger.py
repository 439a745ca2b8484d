import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError
from sqlalchemy import create_mock_engine

from pipelines.control.recommendation import Estimate, Move, Recommendation, SecondOpinion
from pipelines.operations.ledger import Ledger, LedgerError, database

AT = datetime(2024, 3, 5, 12, tzinfo=UTC)
PRESENT = Estimate(figure=1.25, cooling_kw=250.0, facility_kw=1250.0, it_power_kw=1000.0, rack_inlet_c=23.0)
PROPOSED = Estimate(figure=1.22, cooling_kw=220.0, facility_kw=1221.0, it_power_kw=1001.0, rack_inlet_c=24.0)


def change(**given) -> Recommendation:
    values = {
        "site": "plant",
        "at": AT,
        "action": "change",
        "reason": "the tower can reach 18 °C",
        "figure_name": "PUE",
        "moves": [Move(tag="CHWS_SP", quantity="chw_supply_sp_c", unit="degC", present=7.0, proposed=9.0)],
        "present": PRESENT,
        "proposed": PROPOSED,
        "saving_kw": 29.0,
        "twin": SecondOpinion(
            agrees=True, present=PRESENT, proposed=PROPOSED, note="saves 27 kW in the simulator"
        ),
        "model_version": "3",
    }
    return Recommendation(**(values | given))


def hold(**given) -> Recommendation:
    values = {"site": "plant", "at": AT, "action": "hold", "reason": "data is stale", "figure_name": "PUE"}
    return Recommendation(**(values | given))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path):
    return Ledger(f"sqlite:///{path}")


@pytest.mark.parametrize("recommendation", [change(), hold()])
def test_recommendation_survives_being_written_as_json(recommendation):
    assert Recommendation.model_validate_json(recommendation.model_dump_json()) == recommendation


def test_local_time_of_a_recommendation_is_kept_as_utc():
    singapore = timezone(timedelta(hours=8))
    assert hold(at=datetime(2024, 3, 5, 20, tzinfo=singapore)).at.isoformat() == "2024-03-05T12:00:00+00:00"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"at": datetime(2024, 3, 5)}, "timezone"),
        ({"moves": []}, "at least one move"),
        ({"action": "hold"}, "no moves"),
        ({"proposed": None}, "before and after"),
        ({"saving_kw": float("nan")}, "finite"),
    ],
)
def test_recommendation_that_contradicts_itself_is_refused(wrong, said):
    with pytest.raises(ValidationError, match=said):
        change(**wrong)


def test_recorded_recommendation_is_read_back_as_it_was(ledger):
    number = ledger.record(change())
    assert ledger.latest("plant") == (number, change())


def test_latest_is_of_the_latest_time_not_the_last_written(ledger):
    ledger.record(change())
    ledger.record(hold(at=AT - timedelta(hours=1)))
    assert ledger.latest("plant").recommendation == change()
    assert [entry.recommendation.action for entry in ledger.recommendations("plant", limit=5)] == [
        "change",
        "hold",
    ]


def test_sites_do_not_see_each_others_recommendations(ledger):
    ledger.record(change())
    assert ledger.latest("other") is None


def test_same_recommendation_twice_is_one_row(ledger, path):
    first = ledger.record(change())
    assert ledger.record(change()) == first
    assert Ledger(f"sqlite:///{path}").record(change()) == first
    assert len(ledger.recommendations("plant")) == 1


def test_two_controllers_recording_at_once_make_one_row(ledger, monkeypatch):
    first = ledger.record(change())
    look_up, looks = Ledger._number, []

    def late(connection, row):
        looks.append(row)
        return None if len(looks) == 1 else look_up(connection, row)

    monkeypatch.setattr(Ledger, "_number", staticmethod(late))
    assert ledger.record(change()) == first
    assert len(looks) == 2


def test_new_ledger_opened_by_many_at_once_is_made_once(path):
    with ThreadPoolExecutor(8) as many:
        ledgers = list(many.map(Ledger, [f"sqlite:///{path}"] * 8))
    assert len({ledger.record(change()) for ledger in ledgers}) == 1


def test_operators_change_of_mind_keeps_both_answers(ledger):
    number = ledger.record(change())
    ledger.answer(number, accepted=True, by="Ana ", note="")
    ledger.answer(number, accepted=False, by="Ben", note="pump 2 is out")
    answers = ledger.answers(number)
    assert [(a.accepted, a.by, a.note) for a in answers] == [
        (True, "Ana", ""),
        (False, "Ben", "pump 2 is out"),
    ]
    assert answers[0].at.tzinfo is not None


def test_unsigned_answer_is_refused(ledger):
    with pytest.raises(LedgerError, match="name"):
        ledger.answer(ledger.record(change()), accepted=True, by="  ")


def test_answer_to_an_unknown_recommendation_is_refused(ledger):
    with pytest.raises(LedgerError, match="no recommendation 7"):
        ledger.answer(7, accepted=True, by="Ana")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE recommendations SET reason = 'none'",
        "DELETE FROM recommendations",
        "UPDATE answers SET accepted = 0",
        "DELETE FROM answers",
    ],
)
def test_evidence_cannot_be_changed_even_with_another_tool(ledger, path, statement):
    number = ledger.record(change())
    ledger.answer(number, accepted=True, by="Ana")
    with sqlite3.connect(path) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    assert ledger.latest("plant").recommendation == change()
    assert [a.accepted for a in ledger.answers(number)] == [True]


def test_postgresql_refuses_changes_too():
    statements = []
    engine = create_mock_engine(
        "postgresql+psycopg://",
        lambda ddl, *_, **__: statements.append(str(ddl.compile(dialect=engine.dialect))),
    )
    database.metadata.create_all(engine, checkfirst=False)
    refusals = [text for text in statements if "BEFORE UPDATE OR DELETE OR TRUNCATE" in text]
    refused = {text.split(" ON ")[1].split()[0] for text in refusals}
    assert refused == {"recommendations", "answers", "orders", "decisions", "events"}


def test_ledger_that_cannot_be_opened_says_where_and_what_to_do(tmp_path):
    with pytest.raises(LedgerError, match=r"missing/ledger\.db.*COLDAISLE_LEDGER_URI"):
        Ledger(f"sqlite:///{tmp_path}/missing/ledger.db")


@pytest.mark.parametrize(
    "uri",
    [
        "nosuchdatabase://ana:hunter2@host/ledger",
        "postgresql+psycopg://ana:hunter2@127.0.0.1:1/ledger",
        "ana:hunter2@host",
    ],
)
def test_error_about_the_ledgers_address_keeps_the_password(uri):
    with pytest.raises(LedgerError, match="COLDAISLE_LEDGER_URI") as found:
        Ledger(uri)
    assert "hunter2" not in str(found.value)


def test_file_that_is_no_database_is_named(tmp_path):
    file = tmp_path / "notes.db"
    file.write_text("this is no database, it is a note longer than sixteen bytes")
    with pytest.raises(LedgerError, match=r"notes\.db.*not a database"):
        Ledger(f"sqlite:///{file}")


def test_body_in_the_ledger_is_plain_json_others_can_read(ledger, path):
    ledger.record(change())
    with sqlite3.connect(path) as other:
        body = other.execute("SELECT body FROM recommendations").fetchone()[0]
    assert json.loads(body)["moves"][0]["proposed"] == 9.0
