from datetime import UTC, datetime, timedelta

import pytest

from pipelines.console import prepare as prepared
from pipelines.console.prepare import Preparer, behind, prepare
from pipelines.console.tables import Tables
from pipelines.errors import StoreError

pytestmark = pytest.mark.medium


def test_everything_is_behind_at_first_and_nothing_afterwards(settings, site, telemetry):
    assert set(behind(site, settings, datetime.now(UTC))) == {
        "telemetry",
        "quality",
        "carried_out",
        "overview",
    }
    assert prepare(site, settings, behind(site, settings, datetime.now(UTC))) == {}
    assert behind(site, settings, datetime.now(UTC)) == ()


def test_quality_waits_for_hours_since_it_reads_everything(settings, site, telemetry):
    prepare(site, settings, ("telemetry", "quality", "carried_out", "overview"))
    telemetry.manifest_path.touch()
    assert "quality" not in behind(site, settings, datetime.now(UTC))
    assert "quality" in behind(site, settings, datetime.now(UTC) + timedelta(hours=7))


def test_part_that_fails_is_told_and_the_others_are_prepared(settings, site, telemetry, monkeypatch):
    def damaged(*_):
        raise StoreError("the store is damaged")

    def bug(*_):
        raise ZeroDivisionError

    monkeypatch.setitem(prepared._WORK, "quality", damaged)
    monkeypatch.setitem(prepared._WORK, "models", bug)
    failed = prepare(site, settings, ("quality", "models", "telemetry"))
    assert set(failed) == {"quality", "models"}
    assert Tables(settings, "plant").read("telemetry") is not None


def test_preparing_aside_never_raises_and_is_not_started_twice(settings, site, telemetry, monkeypatch):
    calls = []
    monkeypatch.setattr(
        prepared, "prepare", lambda *given: calls.append(given) or {"overview": "the disk is full"}
    )
    preparer = Preparer(site, settings)
    preparer.start()
    preparer.wait(30.0)
    preparer.start()
    preparer.wait(30.0)
    assert len(calls) == 2
