"""Files of the DAG folder are parsed every minute: quickly, and without what only tasks need."""

import json
import subprocess
import sys

import pytest

from tests.dags.conftest import DAGS

pytestmark = pytest.mark.medium

IDS = [
    "check_quality", "ingest_telemetry", "promote_models", "recommend_setpoints", "report_fleet", "retrain_models",
    "simulate_what_if",
]  # fmt: skip
MOST_S = 0.5  # of processor time for one file, after Airflow's own import
PARSE = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
import airflow.sdk
from airflow.sdk import Asset, AssetOrTimeSchedule, CronDataIntervalTimetable, Param, dag, task
begun = time.process_time()
bag = DagBag(sys.argv[1])
seconds = time.process_time() - begun
assert not bag.import_errors, bag.import_errors
heavy = sorted({"jax", "flax", "mlflow", "pandas", "duckdb", "sklearn", "streamlit", "pyarrow"} & set(sys.modules))
print(json.dumps({"dags": sorted(bag.dags), "seconds": seconds, "heavy": heavy}))
"""


def parsed(path) -> dict:
    done = subprocess.run([sys.executable, "-c", PARSE, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", IDS)
def test_a_dag_parses_quickly_and_loads_nothing_heavy(airflow, name):
    found = parsed(DAGS / f"{name}.py")
    assert found["dags"] == [name]
    assert found["heavy"] == []
    assert found["seconds"] < MOST_S


def test_the_folder_holds_these_dags(airflow):
    assert parsed(DAGS)["dags"] == IDS
