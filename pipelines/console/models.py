"""Models for page Models, from MLflow: who is in charge since when and why, versions with errors, the backtest."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.errors import TrackingError
from pipelines.files import read_json
from pipelines.learning import charges
from pipelines.learning.charges import CHALLENGER, CHAMPION, Alias
from pipelines.learning.registry import KINDS, Kind, by_alias, model_name, never_trained
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site

VERSIONS_SHOWN = 10
PARAMETERS = ("learned_until", "rows", "held_out_rows", "start", "seed", "inputs")


def prepare_models(site: Site, settings: Settings) -> None:
    """Prepare what MLflow knows of a site's models; where it does not answer, the reason. Raises OSError."""
    Tables(settings, site.name).write("models", models_of(site, settings))


def models_of(site: Site, settings: Settings) -> dict[str, Any]:
    """Versions by kind with aliases, parameters, errors and who put them in charge, and the last backtest."""
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
            kinds = {kind: found for kind in KINDS if (found := _kind(client, site, kind, settings))}
            return shown | {"kinds": kinds, "backtest": _backtest(client, site)}
    except TrackingError as error:
        return shown | {"why_not": str(error)}


def _kind(client: MlflowClient, site: Site, kind: Kind, settings: Settings) -> dict[str, Any] | None:
    """The versions of a kind, newest first; None where it has none."""
    name = model_name(site, kind)
    versions = sorted(client.search_model_versions(f"name = '{name}'"), key=lambda one: -int(one.version))
    if not versions:
        return None
    aliases: tuple[Alias, ...] = (CHAMPION, CHALLENGER)
    present = {alias: _number(client, site, kind, settings, alias) for alias in aliases}
    shown = [
        each for k, each in enumerate(versions) if k < VERSIONS_SHOWN or int(each.version) in present.values()
    ]
    promoted = {
        charge.version: {
            "promoted_by": charge.who.name, "promoted_why": charge.who.why, "promoted_at": charge.at,
            "promoted_over": charge.replaced,
        }
        for charge in charges.history(settings, site.name, kind, CHAMPION)
    }  # fmt: skip
    return {
        "name": name,
        **{str(alias): number for alias, number in present.items()},
        "versions": [_version(client, each) | promoted.get(int(each.version), {}) for each in shown],
        "count": len(versions),
        "verdict": read_json(settings.models / site.name / kind / "verdict.json"),
    }


def _number(client: MlflowClient, site: Site, kind: Kind, settings: Settings, alias: Alias) -> int | None:
    """The version that serving reads, or would take from MLflow: of a home of an earlier program."""
    charge = charges.present(settings, site.name, kind, alias)
    if charge is not None:
        return charge.version
    if charges.history(settings, site.name, kind):
        return None
    registered = by_alias(client, model_name(site, kind), alias)
    return None if registered is None else int(registered.version)


def _version(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    made_at = datetime.fromtimestamp(version.creation_timestamp / 1000.0, UTC)
    row = {"version": int(version.version), "made_at": made_at, "run_id": version.run_id}
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
