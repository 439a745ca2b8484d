"""MLflow without its global state: one client, short time-outs, no log lines."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

from pipelines.code_version import code_version
from pipelines.config import Settings
from pipelines.errors import TrackingError
from pipelines.learning.relocation import relocate

Score = dict[str, Any]
PARENT = "mlflow.parentRunId"
CODE = "coldaisle.code"  # tag of a run: the code that made it


# MLflow's own defaults retry for minutes; here an error is raised at once.
_QUICK = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
_TALKATIVE = ("mlflow", "alembic")


@contextmanager
def tracking(settings: Settings) -> Iterator[MlflowClient]:
    """A client of the configured MLflow. Raises TrackingError where it does not answer within seconds."""
    settings.home.mkdir(parents=True, exist_ok=True)
    relocate(settings)
    uri = settings.tracking_uri
    with _quick_requests(), _quiet():
        try:
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            client.search_experiments(max_results=1)
        except Exception as cause:  # stores raise errors of requests, SQLAlchemy or MLflow
            raise TrackingError(
                f"MLflow at {uri} does not answer ({_first_line(cause)}); start it, or set COLDAISLE_MLFLOW_URI"
            ) from cause
        try:
            yield client
        except MlflowException as cause:
            raise TrackingError(f"MLflow at {uri} refused: {_first_line(cause)}") from cause


def experiment_id(client: MlflowClient, name: str, settings: Settings) -> str:
    """The experiment called `name`, created where missing; artifacts lie in the home where MLflow does."""
    existing = client.get_experiment_by_name(name)
    if existing:
        return existing.experiment_id
    local = settings.mlflow_uri is None
    try:
        return client.create_experiment(name, settings.artifacts.resolve().as_uri() if local else None)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise
        return experiment_id(client, name, settings)


@contextmanager
def _quick_requests() -> Iterator[None]:
    ours = {name: value for name, value in _QUICK.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


@contextmanager
def _quiet() -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in _TALKATIVE}
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def run_of(client: MlflowClient, experiment: str, command: str, kind: str) -> Iterator[str]:
    """The id of a new run, finished at the end, failed where something raises."""
    tags = {"command": command, "kind": kind, CODE: code_version()}
    run_id = client.create_run(experiment, run_name=f"{command} {kind}", tags=tags).info.run_id
    try:
        yield run_id
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id)


def log_child(
    client: MlflowClient, experiment: str, parent: str, name: str, *, command: str, metrics: dict[str, float],
    params: dict[str, str],
) -> None:  # fmt: skip
    """A finished run nested under another: a fold, a configuration."""
    tags = {PARENT: parent, "command": command}
    run_id = client.create_run(experiment, run_name=name, tags=tags).info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric(metric, value, 0, 0) for metric, value in metrics.items()],
        params=[Param(param, value) for param, value in params.items()],
    )
    client.set_terminated(run_id)


def log_scores(client: MlflowClient, run_id: str, scores: list[Score], *, prefix: str = "") -> None:
    """Every model's errors as metrics `<prefix><error>.<model>`."""
    now = int(time.time() * 1000)
    metrics = [
        Metric(f"{prefix}{_metric_name(error)}.{_metric_name(row['model'])}", value, now, 0)
        for row in scores
        for error, value in row.items()
        if error != "model" and value is not None
    ]
    client.log_batch(run_id, metrics=metrics)


def _metric_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name).strip("_")
