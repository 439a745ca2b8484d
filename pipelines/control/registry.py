"""Control models in MLflow: `coldaisle.<site>.control`, the newest of which is served."""

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from models.control.cascade import NO_SAY_KW, Cascade
from models.control.saving import from_bytes, to_bytes
from models.twin import Twin
from pipelines.config import Settings
from pipelines.control.training import learn_control, settled
from pipelines.control.twin_check import TwinCheck
from pipelines.control.virtual import untried, virtual_trials
from pipelines.errors import ModelError
from pipelines.registry import CHAMPION
from pipelines.site import Site
from pipelines.situation import quantities
from pipelines.tracking import tracking
from pipelines.twin.registry import champion

log = logging.getLogger(__name__)

KIND = "control"
_FILE = "cascade.msgpack"


def control_name(site: Site) -> str:
    """Name of a site's control model in the registry."""
    return f"coldaisle.{site.name}.{KIND}"


def train_control(
    site: Site,
    table: pd.DataFrame,
    plant: pd.DataFrame,
    settings: Settings,
    *,
    client: MlflowClient,
    experiment: str,
    fingerprint: str,
) -> dict[str, Any]:
    """Learn and register a site's control model; the report. Raises ModelError where there is too little.

    table: the store's interval table; plant: `plant_table` of it. Where the record never tried some setpoint and a
    twin of the site is registered, the twin's trials are learned from, too.
    """
    missing, twin = untried(site, plant), _twin(client, site, settings)
    virtual = virtual_trials(site, table, plant, twin) if twin and missing else None
    learned = learn_control(site, plant, virtual)
    if twin:
        check = TwinCheck(site, twin, tuple(quantities(site)), bound_kw=NO_SAY_KW)
        bound_kw = check.bound_from(plant, settled(site, plant))
        learned = replace(learned, cascade=replace(learned.cascade, twin_bound_kw=np.float32(bound_kw)))
    run = client.create_run(experiment, run_name=f"train {KIND}", tags={"command": "train", "kind": KIND})
    run_id = run.info.run_id
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        path.write_bytes(to_bytes(learned.cascade))
        client.log_artifact(run_id, str(path), KIND)
    params = [
        Param("fingerprint", fingerprint),
        *(Param(f"rows.{mode}", str(n)) for mode, n in learned.rows.items()),
    ]
    scatter = [Metric(f"scatter.{_plain(name)}", value, 0, 0) for name, value in learned.scatter.items()]
    client.log_batch(run_id, metrics=scatter, params=params)
    client.set_terminated(run_id)
    if not client.search_registered_models(f"name = '{control_name(site)}'"):
        client.create_registered_model(control_name(site), description=f"{site.title}: {KIND} model")
    version = client.create_model_version(
        control_name(site), f"{client.get_run(run_id).info.artifact_uri}/{KIND}", run_id
    )
    client.set_registered_model_alias(control_name(site), CHAMPION, version.version)
    return {
        "model": control_name(site),
        "version": str(version.version),
        "run_id": run_id,
        "rows": learned.rows,
        "untried": missing,
        "rehearsed_on": twin.version if twin and missing else None,
        "twin_bound_kw": float(learned.cascade.twin_bound_kw) if twin else None,
        "scatter": learned.scatter,
    }


def _twin(client: MlflowClient, site: Site, settings: Settings) -> Twin | None:
    """The registered twin; None where there is none or it is damaged, which is no reason to learn nothing."""
    try:
        found = champion(client, site, settings)
    except ModelError as error:
        log.warning("learning without a twin: %s", error)
        return None
    return found.twin if found else None


def learned_beyond_record(report: dict[str, Any]) -> str:
    """What a report of `train_control` says of setpoints that the record never tried, for people."""
    names = ", ".join(report["untried"])
    if not names:
        return ""
    if report["rehearsed_on"]:
        return f"; the record has no trials of {names}: rehearsed on {report['rehearsed_on']}"
    return (
        f"; the record has no trials of {names}, so they stay where they are known: fit a twin (coldaisle twin) "
        "or plan trials (coldaisle explore plan)"
    )


def load_control(site: Site, settings: Settings) -> tuple[Cascade, str]:
    """The control model to serve and its version. Raises ModelError where there is none or it cannot be read."""
    remedy = f"run: coldaisle train --site {site.name}"
    if settings.mlflow_uri is None and not (settings.home / "mlflow.db").exists():
        raise ModelError(f'site "{site.name}" has no control model yet; {remedy}')
    with tracking(settings) as client, tempfile.TemporaryDirectory() as folder:
        try:
            found = client.get_model_version_by_alias(control_name(site), CHAMPION)
        except MlflowException as cause:
            raise ModelError(f'site "{site.name}" has no control model yet; {remedy}') from cause
        version = f"{found.name}/{found.version}"
        try:
            local = download_artifacts(
                artifact_uri=f"{found.source}", dst_path=folder, tracking_uri=settings.tracking_uri
            )
            return from_bytes((Path(local) / _FILE).read_bytes()), version
        except (OSError, ValueError) as cause:
            raise ModelError(f"control model {version} cannot be read: {cause}; {remedy}") from cause


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
