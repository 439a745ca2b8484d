"""One cause, one message; what passes is not told."""

import logging

import pytest

from pipelines.config import Settings
from pipelines.errors import SiteError, SourceDownError
from pipelines.operations.alarms import alarms_of
from pipelines.operations.ledger import Operations
from pipelines.schedules.report import Outcome, StepError, each, may_be_repeated, told


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def fails(error):
    def work(_):
        raise error

    return work


def open_alarms(settings, site="hall"):
    return [one for one in alarms_of(Operations.of(settings, site)) if one.over_at is None]


def test_a_cause_is_told_once_and_over_with_the_next_success(settings, caplog):
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            each(settings, ["hall"], "ingest", fails(SiteError("mend the file")), last_try=True)
    assert len([line for line in caplog.messages if line.startswith("coldaisle hall:")]) == 1
    (alarm,) = open_alarms(settings)
    assert (alarm.source, alarm.cause, alarm.text) == ("schedule", "ingest", "ingest: mend the file")
    each(settings, ["hall"], "ingest", lambda _: {}, last_try=True)
    assert open_alarms(settings) == []


def test_what_is_tried_again_is_told_at_the_last_try_only(settings):
    outcome = each(settings, ["hall"], "ingest", fails(SourceDownError("later")), last_try=False)
    assert open_alarms(settings) == []
    with pytest.raises(StepError) as raised:
        outcome.raise_failed("ingest")
    assert raised.value.transient
    each(settings, ["hall"], "ingest", fails(SourceDownError("later")), last_try=True)
    assert len(open_alarms(settings)) == 1


def test_a_site_that_fails_leaves_the_others(settings):
    def work(name):
        if name == "b":
            raise SiteError("mend it")
        return None if name == "c" else {"done": name}

    outcome = each(settings, ["a", "b", "c"], "retrain", work, last_try=True)
    assert (list(outcome.done), outcome.nothing_new, list(outcome.failed)) == (["a"], ["c"], ["b"])
    with pytest.raises(StepError, match="retrain failed at 1 sites: b: mend it") as raised:
        outcome.raise_failed("retrain")
    assert not raised.value.transient
    Outcome().raise_failed("retrain")


def test_an_error_that_nobody_foresaw_is_an_alarm_with_its_kind(settings):
    def steps():
        with told(settings, "hall", "ingest", last_try=True):
            raise ZeroDivisionError("by zero")

    with pytest.raises(ZeroDivisionError):
        steps()
    assert open_alarms(settings)[0].text == "ingest: ZeroDivisionError: by zero"


def test_what_may_be_repeated():
    assert may_be_repeated(SourceDownError("x"))
    assert may_be_repeated(OSError("disk"))
    assert not may_be_repeated(SiteError("x"))


def test_without_a_ledger_the_step_still_ends_as_it_did(tmp_path):
    settings = Settings(home=tmp_path, ledger_uri="sqlite:////nowhere/ledger.db")
    outcome = each(settings, ["a", "b"], "ingest", fails(SiteError("mend it")), last_try=True)
    assert list(outcome.failed) == ["a", "b"]
