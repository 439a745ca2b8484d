"""Twenty simulated sites through the cluster: what it leaves is what one process leaves, whatever fails on the way."""

import shutil
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.config import Settings
from pipelines.learning.registry import model_name
from pipelines.learning.tracking import tracking
from pipelines.operations.ledger import Operations
from pipelines.schedules.ingest import ingest_site
from pipelines.simulation.demo_fleet import make_site
from pipelines.site.file import Site, find_site
from pipelines.telemetry.store import Store
from tests.services.stack import Stack

pytestmark = [pytest.mark.services, pytest.mark.timeout(2400)]

SITES = 20
LEARNED = 2  # of them; learning takes minutes of processor time
ENDS = pd.Timestamp("2025-06-01T00:00Z")
SECONDS = 900.0
ONCE = {  # in these tables two rows of the same content are a thing done twice
    "orders": ("site", "kind", "tag", "body", "answers"),
    "decisions": ("site", "at", "digest"),
    "events": ("site", "source", "text"),
    "alarms": ("site", "source", "cause", "clears"),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("fleet"), workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def names(stack) -> list[str]:
    """Names of the sites, each with its file and its exports in the shared home."""
    plain = Settings(home=stack.home)
    return [make_site(plain, number, days=14, ends=ENDS).name for number in range(SITES)]


@pytest.fixture(scope="module")
def alone(stack, names, tmp_path_factory) -> Settings:
    """The same sites, ingested by this process one after the other into a home of its own, on SQLite."""
    home = tmp_path_factory.mktemp("alone") / "home"
    for part in ("sites", "inbox"):
        shutil.copytree(stack.home / part, home / part)
    settings, now, began = Settings(home=home), datetime.now(UTC), time.monotonic()
    for name in names:
        ingest_site(name, settings, start=now, end=now, last_try=True)
    print(f"\none process: {time.monotonic() - began:.1f} s for {SITES} sites")
    return settings


def run(stack: Stack, dag_id: str, **conf: object) -> Counter[str]:
    """Run a DAG to its end; how many tasks ended in each state."""
    run_id = stack.trigger(dag_id, conf)
    return ended(stack, dag_id, run_id)


def ended(stack: Stack, dag_id: str, run_id: str) -> Counter[str]:
    began = time.monotonic()
    state = stack.wait(dag_id, run_id, seconds=SECONDS)
    tasks = stack.airflow.tasks(dag_id, run_id)
    assert state == "success", [(task["task_id"], task["map_index"], task["state"]) for task in tasks]
    print(f"\n{dag_id}: {time.monotonic() - began:.1f} s")
    return Counter(task["state"] for task in tasks)


def differing(one: Settings, other: Settings, names: list[str]) -> list[str]:
    """Sites whose stores differ in any row."""

    def rows(settings: Settings, name: str) -> pd.DataFrame:
        site: Site = find_site(name, settings)
        return Store(settings.store, site).read()

    return [name for name in names if not rows(one, name).equals(rows(other, name))]


def twice(uri: str) -> dict[str, list[tuple]]:
    """Rows of the ledger that say the same thing more than once."""
    engine = sa.create_engine(uri)
    with engine.connect() as connection:
        found = {
            table: connection.execute(
                sa.text(
                    f"select {', '.join(columns)} from {table} group by {', '.join(columns)} having count(*) > 1"
                )
            ).all()
            for table, columns in ONCE.items()
        }
    engine.dispose()
    return {table: [tuple(row) for row in rows] for table, rows in found.items() if rows}


def forget_telemetry(home: Path) -> None:
    shutil.rmtree(home / "store", ignore_errors=True)


def test_wall_time_of_one_and_of_two_workers(stack, names, alone):
    for count in (1, 2):
        stack.at_least(count)
        forget_telemetry(stack.home)
        began = time.monotonic()
        states = run(stack, "ingest_telemetry")
        print(f"\n{count} workers: {time.monotonic() - began:.1f} s for {SITES} sites")
        assert states == Counter(success=SITES + 1)
        assert differing(stack.settings(), alone, names) == []


def test_killed_worker_and_restarted_database_leave_what_one_process_leaves(stack, names, alone):
    forget_telemetry(stack.home)
    stack.at_least(2)
    run_id = stack.trigger("ingest_telemetry")
    stack.wait_for_running("ingest_telemetry", run_id, tasks=3)  # of four hands: each worker has one at least
    stack.kill_worker(stack.alive_workers()[0])
    stack.restart_database()
    states = ended(stack, "ingest_telemetry", run_id)
    assert max(task["try_number"] for task in stack.airflow.tasks("ingest_telemetry", run_id)) > 1
    # A task that had ingested before it was cut off finds nothing new when it is repeated.
    assert states["success"] + states["skipped"] == SITES + 1
    assert differing(stack.settings(), alone, names) == []


def test_models_are_learned_once_and_recommended_on_once(stack, names):
    learned = names[:LEARNED]
    for _ in range(2):
        run(stack, "retrain_models", sites=learned)
        run(stack, "promote_models", sites=learned)
        run(stack, "recommend_setpoints", sites=learned)
    with tracking(stack.settings()) as client:
        for name in learned:
            model = model_name(find_site(name, stack.settings()), "efficiency")
            found = client.search_model_versions(f"name = '{model}'")
            assert len(found) == 1


def test_learning_goes_on_after_mlflow_was_away(stack, names):
    run_id = stack.trigger("retrain_models", {"sites": names[LEARNED : LEARNED + 1]})
    stack.wait_for_running("retrain_models", run_id)
    stack.mlflow.kill()
    time.sleep(10.0)
    stack.mlflow.start()
    assert ended(stack, "retrain_models", run_id)["success"] >= 2


def test_ledger_says_nothing_twice(stack):
    Operations.of(stack.settings(), "demo-0")  # its tables, where no other test has made them
    assert twice(stack.settings().ledger) == {}


def test_no_log_of_the_fleet_holds_a_secret(stack):
    found = [
        f"{name} in {path.relative_to(stack.folder)}"
        for path in stack.logs()
        for name, word in stack.secret_words().items()
        if word in path.read_text(errors="replace")
    ]
    assert found == []


@pytest.mark.parametrize("database", ["airflow", "mlflow", "ledger"])
def test_no_database_holds_a_secret(stack, database):
    """Neither what tasks hand on (XCom), nor parameters of runs, nor orders and alarms."""
    held = stack.postgres.dump(database)
    assert [name for name, word in stack.secret_words().items() if word in held] == []
