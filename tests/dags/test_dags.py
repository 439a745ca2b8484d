"""Each DAG run by `dag.test()`: what it leaves, that it may be repeated, and what it does with bad input."""

import json
import logging
import shutil
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import pytest

from models.efficiency.training import FitConfig
from pipelines.errors import SiteError, SourceDownError
from pipelines.learning import charges
from pipelines.learning.efficiency.bundle import load_champion
from pipelines.learning.registry import model_name
from pipelines.learning.tracking import tracking
from pipelines.operations.alarms import alarms_of
from pipelines.operations.decision_body import recommendation_in
from pipelines.operations.ledger import Operations
from pipelines.operations.promotion import in_charge
from pipelines.telemetry.store import Store
from tests.dags.conftest import DAGS
from tests.dashboards.conftest import settings, site, write_export
from tests.pipelines.schedules.conftest import made

pytestmark = pytest.mark.medium

__all__ = ["made", "settings", "site"]

BROKEN = "name = broken\n"


@pytest.fixture
def dag_of(airflow, monkeypatch):
    """A DAG by its id, without retries."""
    monkeypatch.setenv("COLDAISLE_RETRIES", "0")
    from airflow.dag_processing.dagbag import DagBag

    return lambda name: DagBag(str(DAGS / f"{name}.py")).dags[name]


@pytest.fixture(autouse=True)
def quick_training(monkeypatch):
    """Networks too small to be good, quick to train: the DAG is tested here, not they."""
    small = partial(FitConfig, hidden=(4,), members=2, epochs=2)
    monkeypatch.setattr("pipelines.learning.efficiency.training.FitConfig", small)


def run(dag, **conf) -> dict[str, str]:
    """State of each task instance (`task` or `task[index]`), and of the run as `run`."""
    result = dag.test(run_conf=conf or None)
    states = {
        one.task_id if one.map_index < 0 else f"{one.task_id}[{one.map_index}]": str(one.state)
        for one in result.get_task_instances()
    }
    return states | {"run": str(result.state)}


def put_in_inbox(settings, name="historian.csv", site="plant", days=6):
    folder = settings.home / "inbox" / site
    folder.mkdir(parents=True, exist_ok=True)
    return write_export(folder / name, days=days)


def versions(settings, site) -> int:
    """How often the site's model was trained to the end."""
    with tracking(settings) as client:
        name = model_name(site, "efficiency")
        return len(client.search_model_versions(f"name = '{name}'"))


def causes(settings, name="plant") -> list[str]:
    """Causes of alarms that are there."""
    return [alarm.cause for alarm in alarms_of(Operations.of(settings, name)) if alarm.over_at is None]


def test_from_inbox_to_fleet_report(dag_of, settings, site):
    put_in_inbox(settings)
    assert run(dag_of("ingest_telemetry"))["ingest[0]"] == "success"
    assert len(Store(settings.store, site).read()) == 576
    assert run(dag_of("check_quality"))["check[0]"] == "success"
    assert run(dag_of("retrain_models"))["run"] == "success"
    assert load_champion(site, settings).version.endswith("/1")
    assert run(dag_of("recommend_setpoints"))["run"] == "success"
    operations = Operations.of(settings, "plant")
    assert recommendation_in(site, operations.latest_decision()).action == "hold"  # the site has no setpoints
    assert {one.kind for one in in_charge(operations, datetime.now(UTC))} == {"efficiency", "horizon"}
    assert run(dag_of("report_fleet"))["run"] == "success"
    (path,) = settings.reports.glob("fleet-*.json")
    (row,) = [one for one in json.loads(path.read_text())["sites"] if one["site"] == "plant"]
    assert row["models"].startswith("efficiency 1 (")
    assert "historian" not in row["fault"]


def test_run_again_everything_is_as_it_was(dag_of, settings, site):
    put_in_inbox(settings)
    for name in ("ingest_telemetry", "check_quality", "retrain_models"):
        assert run(dag_of(name))["run"] == "success"
    before = Store(settings.store, site).fingerprint()
    again = {name: run(dag_of(name)) for name in ("ingest_telemetry", "check_quality", "retrain_models")}
    assert {states["run"] for states in again.values()} == {"success"}
    skipped = (
        ("ingest_telemetry", "ingest[0]"),
        ("check_quality", "check[0]"),
        ("retrain_models", "retrain[0]"),
    )
    assert [again[name][task] for name, task in skipped] == ["skipped"] * 3
    assert Store(settings.store, site).fingerprint() == before
    assert versions(settings, site) == 1


def test_a_site_that_fails_leaves_the_others_and_is_told_once(dag_of, settings, site, caplog):
    put_in_inbox(settings)
    put_in_inbox(settings, site="broken")
    put_in_inbox(settings, site="nobody")
    (settings.sites / "broken.toml").write_text(BROKEN)
    with caplog.at_level(logging.WARNING):
        states = run(dag_of("ingest_telemetry"))
        run(dag_of("ingest_telemetry"))
    assert states["run"] == "failed"
    assert sorted(state for task, state in states.items() if task.startswith("ingest[")) == [
        "failed", "failed", "success",
    ]  # fmt: skip
    assert len(Store(settings.store, site).read()) == 576
    assert causes(settings, "broken") == causes(settings, "nobody") == ["ingest"]
    told = [line for line in caplog.messages if line.startswith("coldaisle broken:")]
    assert len(told) == 1
    assert "is not valid TOML" in told[0]
    (settings.sites / "broken.toml").unlink()
    (settings.home / "inbox" / "broken" / "historian.csv").unlink()


def test_a_challenger_in_its_shadow_period_waits(dag_of, settings, site):
    put_in_inbox(settings)
    for name in ("ingest_telemetry", "retrain_models"):
        run(dag_of(name))
    put_in_inbox(settings, name="historian-more.csv", days=8)
    for name in ("ingest_telemetry", "retrain_models"):
        assert run(dag_of(name))["run"] == "success"
    assert charges.present(settings, "plant", "efficiency", "challenger").version == 2
    assert run(dag_of("promote_models"))["judge[0]"] == "skipped"
    assert charges.present(settings, "plant", "efficiency").version == 1
    verdict = json.loads((settings.models / "plant" / "efficiency" / "verdict.json").read_text())
    assert "shadow period is not over" in verdict["why"]


def test_a_study_is_planned_simulated_in_shares_and_put_together(dag_of, settings, made):
    home, simulated = made
    for part in ("sites", "store"):
        shutil.copytree(home.home / part, settings.home / part, dirs_exist_ok=True)
    parameters = {"site": simulated.name, "sweep": "chw_supply_c=8|10", "days": 1, "shards": 2}
    states = run(dag_of("simulate_what_if"), **parameters)
    assert (states["simulate[0]"], states["combine"], states["run"]) == ("success", "success", "success")
    (table,) = (settings.home / "studies").glob("*/table.parquet")
    assert len(pd.read_parquet(table)) == 2


def test_only_the_sites_that_were_asked_for(dag_of, settings, site):
    put_in_inbox(settings)
    put_in_inbox(settings, site="nobody")
    assert run(dag_of("ingest_telemetry"), sites=["plant"])["run"] == "success"


def test_a_refused_file_is_an_alarm_until_it_is_gone_and_the_others_are_ingested(dag_of, settings, site):
    put_in_inbox(settings)
    bad = settings.home / "inbox" / "plant" / "bad.csv"
    bad.write_text("no,site,of,ours\n1,2,3,4\n")
    assert run(dag_of("ingest_telemetry"))["run"] == "success"
    assert len(Store(settings.store, site).read()) == 576
    assert causes(settings) == ["refused file: bad.csv"]
    bad.unlink()
    run(dag_of("ingest_telemetry"))
    assert causes(settings) == []


@pytest.mark.slow
def test_training_that_failed_is_made_up_for_in_the_next_run(dag_of, settings, site, monkeypatch):
    put_in_inbox(settings)
    run(dag_of("ingest_telemetry"))
    with monkeypatch.context() as broken:
        broken.setenv("COLDAISLE_MLFLOW_URI", "http://127.0.0.1:1")
        assert run(dag_of("retrain_models"))["retrain[0]"] == "failed"
    assert causes(settings) == ["retrain"]
    assert run(dag_of("retrain_models"))["retrain[0]"] == "success"
    assert causes(settings) == []
    assert versions(settings, site) == 1


@pytest.mark.parametrize(
    ("error", "state"), [(SiteError("mend it"), "failed"), (SourceDownError("later"), "up_for_retry")]
)
def test_what_cannot_succeed_fails_at_once_and_what_can_is_tried_again(
    airflow, settings, site, monkeypatch, error, state
):
    put_in_inbox(settings)
    monkeypatch.setattr("dags.common.RETRIES", 2)
    from airflow.dag_processing.dagbag import DagBag

    def fails(*_):
        raise error

    monkeypatch.setattr("pipelines.schedules.ingest.ingest_inbox", fails)
    dag = DagBag(str(DAGS / "ingest_telemetry.py")).dags["ingest_telemetry"]
    dag.task_dict["ingest"].partial_kwargs["retries"] = 2
    dag.task_dict["ingest"].partial_kwargs["retry_delay"] = pd.Timedelta(0)
    tried = []
    monkeypatch.setattr("pipelines.schedules.report.tell", lambda *given, last_try: tried.append(last_try))
    result = dag.test()
    (ingest,) = [one for one in result.get_task_instances() if one.task_id == "ingest"]
    assert str(ingest.state) == "failed"
    assert tried == ([False] if state == "failed" else [False, False, True])


def test_home_without_sites_runs_to_success(dag_of, settings):
    for name in (
        "ingest_telemetry",
        "check_quality",
        "retrain_models",
        "promote_models",
        "recommend_setpoints",
    ):
        assert run(dag_of(name))["run"] == "success"


def test_what_if_parameters_are_checked(dag_of, settings):
    states = run(dag_of("simulate_what_if"), site="nobody")
    assert (states["plan"], states["run"]) == ("failed", "failed")
