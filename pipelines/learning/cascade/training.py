"""Training of the cascade: learn, judge on weeks held out, register."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from models.cascade.cascade import NO_SAY_KW, Cascade, outcome
from models.cascade.learn import LearnedCascade, learn_cascade
from models.errors import TooFewRowsError
from models.twin import Twin
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.cascade.bundle import FOLDER, KIND, log_cascade, read_held_out
from pipelines.learning.cascade.dataset import (
    _regular,
    held_out_weeks,
    settled,
)
from pipelines.learning.registry import Errors, Files, Judge, publish
from pipelines.learning.tracking import run_of
from pipelines.learning.trials.rehearsal import untried, virtual_trials
from pipelines.learning.twin.bundle import champion
from pipelines.learning.twin.second_opinion import TwinCheck
from pipelines.site.file import Site, cooling_quantities
from pipelines.site.setpoints import aliased, setpoint_names

log = logging.getLogger(__name__)


def train_cascade(
    site: Site,
    table: pd.DataFrame,
    plant: pd.DataFrame,
    settings: Settings,
    *,
    client: MlflowClient,
    experiment: str,
    params: dict[str, str],
) -> dict[str, Any]:
    """Learn and register a site's cascade; the report. Raises ModelError where there is too little.

    table: the store's interval table; plant: `plant_table` of it. Where the record never tried some setpoint and a
    twin of the site is registered, the twin's trials are learned from, too. params: logged with the run.
    The model becomes champion unless the present one, learned without every fourth week as it was, predicts these
    weeks' cooling power clearly better; a training that fails changes nothing.
    """
    missing, twin = untried(site, plant), _twin(client, site, settings)
    virtual = virtual_trials(site, table, plant, twin) if twin and missing else None
    learned, judged = learn_site(site, plant, virtual), held_out_weeks(plant)
    if twin:
        check = TwinCheck(site, twin, tuple(setpoint_names(site)), bound_kw=NO_SAY_KW)
        bound_kw = check.bound_from(plant, settled(site, plant))
        learned = replace(learned, cascade=replace(learned.cascade, twin_bound_kw=np.float32(bound_kw)))
    blind = learn_site(site, plant[~judged], virtual).cascade if judged.any() else None
    with run_of(client, experiment, "train", KIND) as run_id:
        log_cascade(client, run_id, learned.cascade, blind)
        _log(client, run_id, learned, params)
        judge = _judge(site, plant, judged, blind)
        published = publish(client, run_id, site, KIND, settings, folder=FOLDER, judge=judge)
    return published | {
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
    """What a report of `train_cascade` says of setpoints that the record never tried, for people."""
    names = ", ".join(report["untried"])
    if not names:
        return ""
    if report["rehearsed_on"]:
        return f"; the record has no trials of {names}: rehearsed on {report['rehearsed_on']}"
    return (
        f"; the record has no trials of {names}, so they stay where they are known: fit a twin (coldaisle twin) "
        "or plan trials (coldaisle explore plan)"
    )


def _log(client: MlflowClient, run_id: str, learned: LearnedCascade, params: dict[str, str]) -> None:
    counts = {f"rows.{mode}": str(n) for mode, n in learned.rows.items()}
    scatter = [Metric(f"scatter.{_plain(name)}", value, 0, 0) for name, value in learned.scatter.items()]
    logged = [Param(name, value) for name, value in (params | counts).items()]
    client.log_batch(run_id, metrics=scatter, params=logged)


def _judge(site: Site, plant: pd.DataFrame, judged: np.ndarray, blind: Cascade | None) -> Judge:
    """Errors of cooling power in the weeks held out, of this cascade and of the champion, both blind to them."""

    def judge(files: Files) -> Errors:
        if blind is None:
            raise ModelError("the record has no fourth week to judge by")
        try:
            theirs = cooling_error_kw(site, read_held_out(files), plant, judged)
        except KeyError as cause:
            raise ModelError(f"the present champion cannot be judged ({cause} is not recorded)") from cause
        ours = cooling_error_kw(site, blind, plant, judged)
        text = f"cooling power of the weeks held out within {ours:.3g} kW, the present champion's {theirs:.3g} kW"
        return Errors(ours, theirs, text)

    return judge


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def learn_site(site: Site, plant: pd.DataFrame, virtual: pd.DataFrame | None = None) -> LearnedCascade:
    """Cascade of a site's plant table (as `plant_table` gives it). Raises ModelError where there is too little.

    virtual: a table of the same kind from trials of the site's twin, believed only where the record says nothing.
    """
    parts = [_regular(site, part) for part in (plant, virtual) if part is not None]
    columns = aliased({str(name): np.concatenate([part[name] for part in parts]) for name in parts[0]})
    try:
        return learn_cascade(
            columns,
            settled=np.concatenate([settled(site, part) for part in parts]),
            meters=tuple(cooling_quantities(site)) if site.control.meters == "each" else ("cooling_kw",),
            step_hours=site.interval / pd.Timedelta(hours=1),
            counts_it=bool(site.meters.it),
            virtual=np.repeat([False, True][: len(parts)], [len(part) for part in parts]),
        )
    except TooFewRowsError as error:
        raise ModelError(f'site "{site.name}" has too little to learn control from: {error}') from error


def cooling_error_kw(site: Site, cascade: Cascade, plant: pd.DataFrame, judged: np.ndarray) -> float:
    """Mean absolute error of cooling power, from load, weather and setpoints, over the settled rows judged (n,).

    NaN where no row has all of these. Raises KeyError where the cascade asks for what the site does not record.
    """
    columns = aliased({str(name): plant[name].to_numpy(dtype=float) for name in plant})
    asked = {site.setpoint_name(setpoint) for setpoint in site.setpoints}
    names = [name for name in columns if name in asked or name == "load_kw" or name.startswith("outdoor_")]
    known = {name: columns[name] for name in names} | {
        "rack_inlet_now_c": columns.get("rack_inlet_c", np.zeros(len(plant)))
    }
    there = np.isfinite(np.stack([*known.values(), columns["cooling_kw"]])).all(axis=0)
    rows = judged & there & settled(site, plant)
    if not rows.any():
        return float("nan")
    zero = np.zeros(int(rows.sum()))
    in_hand = dict.fromkeys(
        ("wetbulb_rise_k", "reach_bias_k", "inlet_bias_k", "cover_in_hand_k", "reach_in_hand_k"), zero
    )
    found = outcome(cascade, {name: values[rows] for name, values in known.items()} | in_hand)
    return float(np.abs(np.asarray(found.cooling_kw) - columns["cooling_kw"][rows]).mean())
