import subprocess
import sys
from functools import partial

import pytest

from models.efficiency.training import FitConfig
from pipelines.learning.efficiency.bundle import load_champion
from pipelines.learning.registry import model_name
from pipelines.learning.tracking import tracking
from pipelines.operations.decision_body import recommendation_in
from pipelines.operations.ledger import Operations
from pipelines.telemetry.store import Store
from tests.dags.conftest import DAGS
from tests.dashboards.conftest import settings, site, write_export

pytestmark = pytest.mark.medium

__all__ = ["settings", "site"]

PARSE = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
print(sorted(bag.dags))
heavy = {"jax", "flax", "mlflow", "pandas", "duckdb", "sklearn", "streamlit"} & set(sys.modules)
assert not heavy, heavy
"""


def test_dag_parses_without_loading_anything_heavy(airflow):
    parsed = subprocess.run([sys.executable, "-c", PARSE, str(DAGS)], capture_output=True, text=True)
    assert parsed.returncode == 0, parsed.stderr
    assert parsed.stdout.splitlines()[-1] == "['ingest_and_retrain']"


@pytest.fixture
def dag(airflow, monkeypatch):
    monkeypatch.setenv("COLDAISLE_RETRIES", "0")
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAGS)).dags["ingest_and_retrain"]


@pytest.fixture(autouse=True)
def quick_training(monkeypatch):
    """Networks too small to be good, quick to train: the DAG is tested here, not they."""
    small = partial(FitConfig, hidden=(4,), members=2, epochs=2)
    monkeypatch.setattr("pipelines.learning.efficiency.training.FitConfig", small)


def run(dag) -> dict[str, str]:
    """State of each task, and of the run as `run`."""
    result = dag.test()
    return {task.task_id: task.state for task in result.get_task_instances()} | {"run": result.state}


def put_in_inbox(settings, name: str = "historian.csv", days: int = 6):
    folder = settings.home / "inbox" / "plant"
    folder.mkdir(parents=True, exist_ok=True)
    return write_export(folder / name, days=days)


def versions(settings, site) -> int:
    """How often the site's model was trained to the end."""
    with tracking(settings) as client:
        name = model_name(site, "efficiency")
        return len(client.search_model_versions(f"name = '{name}'"))


def test_new_export_is_ingested_learned_and_recommended_on(dag, settings, site):
    put_in_inbox(settings)
    states = run(dag)
    assert states["run"] == "success"
    assert load_champion(site, settings).version.endswith("/1")
    assert len(Store(settings.store, site).read()) == 576
    record = Operations(settings.ledger, "plant").latest_decision()
    assert recommendation_in(site, record).action == "hold"  # the site has no setpoints


def test_without_anything_new_nothing_is_learned_again(dag, settings, site):
    put_in_inbox(settings)
    run(dag)
    states = run(dag)
    assert states["run"] == "success"
    assert (states["one_site.retrain"], states["one_site.recommend"]) == ("skipped", "skipped")
    assert versions(settings, site) == 1


@pytest.mark.slow
def test_training_that_failed_is_made_up_for_in_the_next_run(dag, settings, site, monkeypatch):
    put_in_inbox(settings)
    with monkeypatch.context() as broken:
        broken.setenv("COLDAISLE_MLFLOW_URI", "http://127.0.0.1:1")
        states = run(dag)
        assert (states["one_site.ingest"], states["one_site.recommend"]) == ("success", "upstream_failed")
    assert run(dag)["one_site.retrain"] == "success"
    assert versions(settings, site) == 1


def test_unreadable_export_fails_the_run_after_the_others_were_learned(dag, settings, site):
    put_in_inbox(settings)
    (settings.home / "inbox" / "plant" / "bad.csv").write_text("no,site,of,ours\n1,2,3,4\n")
    states = run(dag)
    assert (states["run"], states["one_site.report_refused"]) == ("failed", "failed")
    assert len(Store(settings.store, site).read()) == 576
    assert versions(settings, site) == 1


def test_home_without_an_inbox_runs_to_success(dag, settings):
    assert run(dag)["run"] == "success"
