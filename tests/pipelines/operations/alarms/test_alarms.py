from datetime import UTC, datetime

import pytest

from pipelines.config import Settings
from pipelines.operations.alarms import AlarmBook, acknowledge, alarms, alarms_of, unacknowledged
from pipelines.operations.alarms.alarms import AlarmError
from pipelines.operations.ledger import LedgerError, Operations, Person

HOT = {"hot": ("critical", "a rack inlet reads 31 °C")}


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, str, bool]]:
    messages = []
    monkeypatch.setattr(
        alarms, "notify", lambda _, title, text, urgent=False: messages.append((title, text, urgent))
    )
    return messages


@pytest.fixture
def book(settings, sent) -> AlarmBook:
    return AlarmBook(settings, "plant", "serve")


@pytest.fixture
def operations(settings) -> Operations:
    return Operations.of(settings, "plant")


def test_cause_is_raised_once_however_often_it_is_reported_and_notified_once(book, operations, sent):
    for _ in range(3):
        book.report(HOT)
    (alarm,) = alarms_of(operations)
    assert (alarm.cause, alarm.severity, alarm.over_at) == ("hot", "critical", None)
    assert sent == [("coldaisle plant: critical alarm 1 of serve", "a rack inlet reads 31 °C", True)]


def test_alarm_that_went_by_itself_stays_listed_until_somebody_has_seen_it(book, operations):
    book.report(HOT)
    book.report({})
    (alarm,) = alarms_of(operations)
    assert alarm.over_at is not None
    assert alarm.listed
    acknowledge(operations, alarm.id, by="Ana")
    (alarm,) = alarms_of(operations)
    assert (alarm.listed, alarm.acknowledged.by) == (False, "Ana")
    assert unacknowledged([alarm]) == []


def test_cause_that_comes_back_is_a_new_alarm(book, operations, sent):
    for present in (HOT, {}, HOT):
        book.report(present)
    assert [alarm.over_at is None for alarm in alarms_of(operations)] == [True, False]
    assert len(sent) == 2


def test_report_about_a_part_leaves_the_other_alarms(book, operations):
    book.report({"turn": ("critical", "failed")}, about="turn")
    book.report({"drift: CHWS": ("warning", "shifted")}, about="drift: ")
    book.report({}, about="turn")
    assert [(alarm.cause, alarm.over_at is None) for alarm in alarms_of(operations)] == [
        ("drift: CHWS", True), ("turn", False),
    ]  # fmt: skip


def test_alarms_of_other_sources_are_left_alone(book, operations, settings):
    book.report(HOT)
    AlarmBook(settings, "plant", "quality").report({})
    assert alarms_of(operations)[0].over_at is None


def test_book_without_a_ledger_only_logs(settings, monkeypatch, caplog):
    def away(*_):
        raise LedgerError("the ledger does not answer")

    monkeypatch.setattr(Operations, "of", away)
    AlarmBook(settings, "plant", "serve").report(HOT)
    assert "a rack inlet reads 31 °C" in caplog.text


def test_second_acknowledgement_and_an_unknown_alarm_are_refused(book, operations):
    book.report(HOT)
    acknowledge(operations, 1, by="Ana")
    with pytest.raises(AlarmError, match="acknowledged by Ana"):
        acknowledge(operations, 1, by="Bo")
    with pytest.raises(AlarmError, match="no alarm 9"):
        acknowledge(operations, 9, by="Bo")


def test_viewer_acknowledges_nothing(book, operations):
    book.report(HOT)
    with pytest.raises(LedgerError, match="needs the role operator"):
        acknowledge(operations, 1, by=Person("Vic", "viewer", "sign-in"))
    assert alarms_of(operations)[0].acknowledged is None


def test_alarm_knows_when_it_came(book, operations):
    book.report(HOT)
    assert abs((datetime.now(UTC) - alarms_of(operations)[0].at).total_seconds()) < 60
