"""Control models in MLflow: `coldaisle.<site>.control`, aliases champion and challenger."""

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.entities.model_registry import ModelVersion

from models.control.cascade import NO_SAY_KW, Cascade
from models.control.learn import LearnedCascade
from models.control.saving import from_bytes, to_bytes
from models.twin import Twin
from pipelines.config import Settings
from pipelines.control.training import cooling_error_kw, held_out_weeks, learn_control, settled
from pipelines.control.twin_check import TwinCheck
from pipelines.control.virtual import untried, virtual_trials
from pipelines.errors import ModelError
from pipelines.registry import CHALLENGER, CHAMPION, artifacts_of, give_alias, never_trained, new_version
from pipelines.scores import TIE
from pipelines.site import Site
from pipelines.situation import quantities
from pipelines.tracking import tracking
from pipelines.twin.registry import champion

log = logging.getLogger(__name__)

KIND = "control"
_FILE, _BLIND = "cascade.msgpack", "held_out.msgpack"  # the second never saw the weeks held out


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
    params: dict[str, str],
) -> dict[str, Any]:
    """Learn and register a site's control model; the report. Raises ModelError where there is too little.

    table: the store's interval table; plant: `plant_table` of it. Where the record never tried some setpoint and a
    twin of the site is registered, the twin's trials are learned from, too. params: logged with the run.
    The model becomes champion unless the present one, learned without every fourth week as it was, predicts these
    weeks' cooling power clearly better; a training that fails changes nothing.
    """
    missing, twin = untried(site, plant), _twin(client, site, settings)
    virtual = virtual_trials(site, table, plant, twin) if twin and missing else None
    learned, judged = learn_control(site, plant, virtual), held_out_weeks(plant)
    if twin:
        check = TwinCheck(site, twin, tuple(quantities(site)), bound_kw=NO_SAY_KW)
        bound_kw = check.bound_from(plant, settled(site, plant))
        learned = replace(learned, cascade=replace(learned.cascade, twin_bound_kw=np.float32(bound_kw)))
    blind = learn_control(site, plant[~judged], virtual).cascade if judged.any() else None
    alias, why = _compared(site, plant, judged, blind, client, settings)
    run = client.create_run(experiment, run_name=f"train {KIND}", tags={"command": "train", "kind": KIND})
    run_id = run.info.run_id
    try:
        version = _registered(site, client, run_id, learned, blind, params)
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id)
    give_alias(client, version, alias)
    return {
        "model": control_name(site),
        "version": str(version.version),
        "alias": alias,
        "why": why,
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


def _registered(
    site: Site,
    client: MlflowClient,
    run_id: str,
    learned: LearnedCascade,
    blind: Cascade | None,
    params: dict[str, str],
) -> ModelVersion:
    with tempfile.TemporaryDirectory() as folder:
        for name, cascade in ((_FILE, learned.cascade), (_BLIND, blind)):
            if cascade is not None:
                (Path(folder) / name).write_bytes(to_bytes(cascade))
        client.log_artifacts(run_id, folder, KIND)
    counts = {f"rows.{mode}": str(n) for mode, n in learned.rows.items()}
    scatter = [Metric(f"scatter.{_plain(name)}", value, 0, 0) for name, value in learned.scatter.items()]
    logged = [Param(name, value) for name, value in (params | counts).items()]
    client.log_batch(run_id, metrics=scatter, params=logged)
    return new_version(client, run_id, control_name(site), KIND, f"{site.title}: {KIND} model")


def _compared(
    site: Site,
    plant: pd.DataFrame,
    judged: np.ndarray,
    blind: Cascade | None,
    client: MlflowClient,
    settings: Settings,
) -> tuple[str, str]:
    """Alias of the new model, and why."""
    with artifacts_of(client, control_name(site), settings) as found:
        if found is None:
            return CHAMPION, "it is the first"
        if blind is None:
            return CHAMPION, "the record has no fourth week to judge by"
        try:
            present = from_bytes((found[0] / _BLIND).read_bytes())
            theirs = cooling_error_kw(site, present, plant, judged)
        except (OSError, ValueError, KeyError) as cause:
            return CHAMPION, f"the present champion cannot be judged ({cause})"
    ours = cooling_error_kw(site, blind, plant, judged)
    if not np.isfinite(ours) or not np.isfinite(theirs):
        return CHAMPION, "the weeks held out have no settled rows to judge by"
    said = f"cooling power of the weeks held out within {ours:.3g} kW, the present champion's {theirs:.3g} kW"
    return (CHAMPION if ours <= theirs * (1.0 + TIE) else CHALLENGER), said


def load_control(site: Site, settings: Settings) -> tuple[Cascade, str]:
    """The control model to serve and its version. Raises ModelError where there is none or it cannot be read."""
    remedy = f"run: coldaisle train --site {site.name}"
    if never_trained(settings):
        raise ModelError(f'site "{site.name}" has no control model yet; {remedy}')
    with tracking(settings) as client, artifacts_of(client, control_name(site), settings) as found:
        if found is None:
            raise ModelError(f'site "{site.name}" has no control model yet; {remedy}')
        folder, version = found
        try:
            return from_bytes((folder / _FILE).read_bytes()), version
        except (OSError, ValueError) as cause:
            raise ModelError(f"control model {version} cannot be read: {cause}; {remedy}") from cause


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
