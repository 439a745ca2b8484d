import json
import subprocess
import time
from datetime import UTC, datetime

import pytest

from pipelines.console import jobs
from pipelines.console.jobs import JobError, cancel, jobs_of, read, start
from pipelines.files import write_json
from pipelines.operations.ledger import LedgerError, Person

pytestmark = pytest.mark.medium

ENGINEER, VIEWER = Person("Ben", "engineer", "test"), Person("Vic", "viewer", "test")


@pytest.fixture
def idle(monkeypatch):
    """Jobs that only wait."""
    real = subprocess.Popen
    monkeypatch.setattr(
        jobs.subprocess, "Popen", lambda _, **given: real(["sleep", "60"], start_new_session=True)
    )


def ended(job, seconds=90.0):
    until = time.monotonic() + seconds
    while not (now := read(job.folder)).ended:
        assert time.monotonic() < until, "the job did not end"
        time.sleep(0.2)
    return now


def test_tables_are_prepared_by_a_process_of_their_own(settings, telemetry):
    job = ended(start(settings, "plant", "prepare", {"parts": ["telemetry"]}, by=ENGINEER))
    assert (job.state, job.result) == ("done", {"failed": {}}), (job.folder / "log.txt").read_text()
    assert (settings.console / "plant" / "now.json").exists()


def test_fault_is_told_to_whoever_started_it(settings, telemetry):
    arguments = {"baseline": "2024-03-01..2024-03-02", "reporting": "2024-03-03..2024-03-04"}
    job = ended(start(settings, "plant", "savings", arguments, by=ENGINEER))
    assert job.state == "failed"
    assert job.text
    assert [each.name for each in jobs_of(settings, "plant")] == [job.name]


@pytest.mark.parametrize("kind", ["what_if", "promote", "savings", "prepare"])
def test_viewer_starts_nothing(settings, kind):
    with pytest.raises(LedgerError, match="Vic is viewer"):
        start(settings, "plant", kind, {}, by=VIEWER)
    assert jobs_of(settings, "plant") == []


def test_third_job_has_to_wait(settings, idle):
    made = [start(settings, "plant", "what_if", {}, by=ENGINEER) for _ in range(2)]
    with pytest.raises(JobError, match="2 jobs of plant are under way"):
        start(settings, "plant", "what_if", {}, by=ENGINEER)
    with pytest.raises(LedgerError, match="Vic is viewer"):
        cancel(settings, "plant", made[0], by=VIEWER)
    for job in made:
        cancel(settings, "plant", job, by=ENGINEER)
    assert {job.state for job in jobs_of(settings, "plant")} == {"cancelled"}


def test_process_that_has_gone_without_a_result_is_lost(settings, idle):
    job = start(settings, "plant", "what_if", {}, by=ENGINEER)
    gone = subprocess.Popen(["true"])
    gone.wait()
    (job.folder / "pid").write_text(str(gone.pid))
    assert read(job.folder).state == "lost"
    assert "start it again" in read(job.folder).text


def test_damaged_folder_is_no_reason_to_fail(settings):
    folder = settings.console / "plant" / "jobs" / "20250101-000000-aaaaaa"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("{")
    (folder / "state.json").write_text(json.dumps([]))
    assert [job.state for job in jobs_of(settings, "plant")] in (["waiting"], ["lost"])


def test_old_jobs_are_forgotten(settings, idle):
    old = settings.console / "plant" / "jobs" / "20240101-000000-aaaaaa"
    write_json(old / "job.json", {"kind": "what_if", "started_at": datetime(2024, 1, 1, tzinfo=UTC)})
    write_json(old / "state.json", {"state": "done"})
    cancel(settings, "plant", start(settings, "plant", "what_if", {}, by=ENGINEER), by=ENGINEER)
    assert not old.exists()
