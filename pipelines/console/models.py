"""Models for page Models, from MLflow: who is in charge since when and why, versions with errors, the backtest."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.errors import TrackingError
from pipelines.learning.registry import CHALLENGER, CHAMPION, Kind, by_alias, model_name, never_trained
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site

KINDS: tuple[Kind, ...] = get_args(Kind)
VERSIONS_SHOWN = 10
PARAMETERS = ("learned_until", "rows", "held_out_rows", "start", "seed", "inputs")
PROMOTION = ("promoted_by", "promoted_why", "promoted_at", "promoted_over")


def prepare_models(site: Site, settings: Settings) -> None:
    """Prepare what MLflow knows of a site's models; where it does not answer, the reason. Raises OSError."""
    Tables(settings, site.name).write("models", _models(site, settings))


def _models(site: Site, settings: Settings) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "tracking_uri": settings.mlflow_uri,
        "kinds": {},
        "backtest": None,
        "why_not": "",
    }
    if never_trained(settings):
        return shown
    try:
        with tracking(settings) as client:
            kinds = {kind: found for kind in KINDS if (found := _kind(client, site, kind))}
            return shown | {"kinds": kinds, "backtest": _backtest(client, site)}
    except TrackingError as error:
        return shown | {"why_not": str(error)}


def _kind(client: MlflowClient, site: Site, kind: Kind) -> dict[str, Any] | None:
    """The versions of a kind, newest first; None where it has none."""
    name = model_name(site, kind)
    versions = sorted(client.search_model_versions(f"name = '{name}'"), key=lambda one: -int(one.version))
    if not versions:
        return None
    aliases = {alias: _number(by_alias(client, name, alias)) for alias in (CHAMPION, CHALLENGER)}
    shown = [
        each for k, each in enumerate(versions) if k < VERSIONS_SHOWN or int(each.version) in aliases.values()
    ]
    return {
        "name": name,
        **aliases,
        "versions": [_version(client, each) for each in shown],
        "count": len(versions),
    }


def _number(version: ModelVersion | None) -> int | None:
    return None if version is None else int(version.version)


def _version(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    tags = {name: version.tags[name] for name in PROMOTION if name in version.tags}
    made_at = datetime.fromtimestamp(version.creation_timestamp / 1000.0, UTC)
    row = {"version": int(version.version), "made_at": made_at, "run_id": version.run_id, **tags}
    try:
        run = client.get_run(str(version.run_id))
    except MlflowException:  # deleted: the version is still there
        return row | {"parameters": {}, "metrics": {}, "experiment_id": None}
    parameters = {name: run.data.params[name] for name in PARAMETERS if name in run.data.params}
    return row | {
        "parameters": parameters, "metrics": dict(run.data.metrics), "experiment_id": run.info.experiment_id
    }  # fmt: skip


def _backtest(client: MlflowClient, site: Site) -> dict[str, Any] | None:
    """The report of the newest finished backtest; None where there is none."""
    experiment = client.get_experiment_by_name(site.name)
    if experiment is None:
        return None
    found = client.search_runs(
        [experiment.experiment_id],
        "tags.command = 'backtest' and attributes.status = 'FINISHED'",
        max_results=1,
        order_by=["attributes.start_time DESC"],
    )
    if not found:
        return None
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = client.download_artifacts(found[0].info.run_id, "backtest.json", folder)
            report = json.loads(Path(path).read_text(encoding="utf-8"))
    except (MlflowException, OSError, ValueError):
        return None
    ran_at = datetime.fromtimestamp(found[0].info.start_time / 1000.0, UTC)
    return {"ran_at": ran_at, "run_id": found[0].info.run_id, "report": report}
