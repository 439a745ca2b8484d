import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.config import Settings
from pipelines.operations.alive import Sign, alive


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path)


def condition(settings, later=timedelta(0)) -> str:
    return alive(settings, "plant", "loop", datetime.now(UTC) + later).condition


def changed(settings, **given) -> None:
    path = settings.alive / "plant" / "loop.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | given))


def test_process_that_never_ran_and_one_that_runs(settings):
    assert condition(settings) == "never"
    Sign(settings, "plant", "loop", every_s=900.0).show("well")
    found = alive(settings, "plant", "loop", datetime.now(UTC))
    assert (found.condition, found.every_s, found.runs) == ("well", 900.0, True)


def test_killed_process_is_dead_at_once(settings):
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    Sign(settings, "plant", "loop").show("well")
    changed(settings, pid=ended.pid)
    ended.poll()
    import time

    time.sleep(1.0)  # it has ended, but nobody collected it
    assert condition(settings) == "dead"
    ended.wait()
    assert condition(settings) == "dead"


def test_process_that_says_nothing_is_dead_and_a_long_turn_is_not(settings):
    sign = Sign(settings, "plant", "loop")
    sign.show("well")
    assert condition(settings, timedelta(minutes=2)) == "dead"
    sign.show("busy")
    assert condition(settings, timedelta(minutes=2)) == "busy"
    assert condition(settings, timedelta(hours=1)) == "dead"


def test_process_of_another_machine_is_judged_by_its_silence(settings):
    Sign(settings, "plant", "loop").show("failing", "the turn failed")
    changed(settings, host="elsewhere", pid=1)
    assert condition(settings) == "failing"
    assert condition(settings, timedelta(seconds=10)) == "dead"


def test_orderly_end_stays_known(settings):
    Sign(settings, "plant", "loop").show("stopped", "ended in order")
    assert condition(settings, timedelta(days=30)) == "stopped"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at": 3}', '{"at": "yesterday", "condition": "well"}'])
def test_damaged_sign_counts_as_dead_and_says_why(settings, content):
    path = settings.alive / "plant" / "loop.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    found = alive(settings, "plant", "loop", datetime.now(UTC))
    assert found.condition == "dead"
    assert "cannot be read" in found.text


def test_disk_that_is_full_stops_nothing(settings):
    settings.alive.parent.mkdir(exist_ok=True)
    settings.alive.write_text("a file where the folder should be")
    Sign(settings, "plant", "loop").show("well")
    assert condition(settings) in ("dead", "never")
