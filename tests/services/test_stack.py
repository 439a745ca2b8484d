"""The stack by itself: tasks reach their end through every fault, on loopback, without a secret in any log."""

import re
import subprocess

import pytest

from tests.services.dags_of_tests import write_steps
from tests.services.stack import Stack

pytestmark = [pytest.mark.services, pytest.mark.timeout(1200)]

SECONDS = 300.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, dags=write_steps(folder / "dags")) as running:
        yield running


def begin(stack: Stack, *, tasks: int = 8, seconds: float = 1.0) -> str:
    (stack.home / "done.txt").unlink(missing_ok=True)
    return stack.trigger("steps", {"tasks": tasks, "seconds": seconds})


def ended_well(stack: Stack, run_id: str, *, tasks: int = 8) -> None:
    assert stack.wait("steps", run_id, seconds=SECONDS) == "success"
    states = [task["state"] for task in stack.airflow.tasks("steps", run_id)]
    assert states == ["success"] * (tasks + 2)
    done = (stack.home / "done.txt").read_text().split()
    assert sorted(map(int, done)) == list(
        range(tasks)
    )  # each once: a task that was cut off had not written yet


def listeners(stack: Stack) -> dict[str, set[str]]:
    """Addresses that the stack's processes listen at, by the address's host."""
    pids = {each.pid for part in stack.processes() for each in part.family()}
    shown = subprocess.run(["ss", "-ltunpH"], capture_output=True, text=True, check=True).stdout
    found: dict[str, set[str]] = {}
    for line in shown.splitlines():
        if pids & set(map(int, re.findall(r"pid=(\d+)", line))):
            host, _, port = line.split()[4].rpartition(":")
            found.setdefault(host, set()).add(port)
    return found


def test_tasks_run_on_the_workers(stack):
    ended_well(stack, begin(stack))


def test_nothing_listens_beyond_this_machine(stack):
    found = listeners(stack)
    assert set(found) <= {"127.0.0.1", "[::1]"}, found
    assert len(found["127.0.0.1"]) >= 5  # PostgreSQL, Redis, MLflow, the API server, the scheduler's health


def test_tasks_of_a_killed_worker_run_on_the_other(stack):
    run_id = begin(stack, seconds=6.0)
    stack.wait_for_running("steps", run_id, tasks=4)  # two on each
    stack.kill_worker(next(iter(stack.workers)))
    ended_well(stack, run_id)
    assert max(task["try_number"] for task in stack.airflow.tasks("steps", run_id)) > 1
    stack.start_worker()


def test_restart_of_the_database_ends_no_run(stack):
    run_id = begin(stack, seconds=4.0)
    stack.wait_for_running("steps", run_id)
    stack.restart_database()
    ended_well(stack, run_id)


def test_restart_of_the_queue_ends_no_run(stack):
    run_id = begin(stack, seconds=4.0)
    stack.wait_for_running("steps", run_id)
    stack.redis.restart()
    ended_well(stack, run_id)


def test_killed_scheduler_goes_on_where_it_was(stack):
    run_id = begin(stack, seconds=4.0)
    stack.wait_for_running("steps", run_id)
    stack.scheduler.kill()
    stack.scheduler.start()
    ended_well(stack, run_id)


def test_no_log_holds_a_secret(stack):
    assert len(stack.logs()) > 10
    found = [
        f"{name} in {path.relative_to(stack.folder)}"
        for path in stack.logs()
        for name, word in stack.secret_words().items()
        if word in path.read_text(errors="replace")
    ]
    assert found == []


def test_secrets_are_not_among_the_words_of_a_command(stack):
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [name for name, word in stack.secret_words().items() if word in shown] == []
