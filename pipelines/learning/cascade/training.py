"""Training of the cascade: learn, judge on weeks held out, register."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from models.cascade.cascade import NO_SAY_KW, Cascade
from models.cascade.declared import Kept
from models.cascade.learn import LearnedCascade, learn_cascade
from models.errors import ImpossibleEffectError, TooFewRowsError
from models.twin import Twin
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.cascade.at_rule import errors_at_rule
from pipelines.learning.cascade.bundle import FOLDER, KIND, log_cascade, read_held_out
from pipelines.learning.cascade.dataset import columns_of, effects_of, held_out_weeks, regular, settled
from pipelines.learning.cascade.physics import physics_of
from pipelines.learning.cascade.scores import cooling_error_kw, scores, verdict
from pipelines.learning.publish import Errors, Judge, publish
from pipelines.learning.registry import Files
from pipelines.learning.tracking import log_scores, run_of
from pipelines.learning.trials.rehearsal import untried, virtual_trials
from pipelines.learning.twin.bundle import champion
from pipelines.learning.twin.second_opinion import TwinCheck
from pipelines.site.file import Site, cooling_quantities
from pipelines.site.setpoints import modelled_name, setpoint_names

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
    if blind:
        at_rule = errors_at_rule(site, blind, plant, judged)
        learned = replace(learned, cascade=replace(learned.cascade, at_rule=at_rule))
    by_model = scores(site, blind, plant, judged) if blind else []
    with run_of(client, experiment, "train", KIND) as run_id:
        log_cascade(client, run_id, learned.cascade, blind)
        _log(client, run_id, learned, params)
        log_scores(client, run_id, by_model)
        judge = _judge(site, plant, judged, blind)
        published = publish(client, run_id, site, KIND, settings, folder=FOLDER, judge=judge)
    return published | {
        "rows": learned.rows,
        "untried": missing,
        "rehearsed_on": twin.version if twin and missing else None,
        "twin_bound_kw": float(learned.cascade.twin_bound_kw) if twin else None,
        "scatter": learned.scatter,
        "inlets_follow": learned.follows,
        "effects": [_held(kept) for kept in learned.effects],
        "effects_not_kept": list(learned.effects_not_kept),
        "scores": by_model,
        "verdict": verdict(by_model),
    }


def _twin(client: MlflowClient, site: Site, settings: Settings) -> Twin | None:
    """The registered twin; None where there is none or it is damaged; training goes on without it."""
    try:
        registered = champion(client, site, settings)
    except ModelError as error:
        log.warning("learning without a twin: %s", error)
        return None
    return registered.twin if registered else None


def learned_beyond_record(report: dict[str, Any]) -> str:
    """In words, what `train_cascade` did about setpoints that the record never tried."""
    names = ", ".join(report["untried"])
    if not names:
        return ""
    if report["rehearsed_on"]:
        return f"; the record has no trials of {names}: rehearsed on {report['rehearsed_on']}"
    return (
        f"; the record has no trials of {names}, so they stay where the record has them: fit a twin (coldaisle twin) "
        "or plan trials (coldaisle explore plan)"
    )


def _log(client: MlflowClient, run_id: str, learned: LearnedCascade, params: dict[str, str]) -> None:
    counts = {f"rows.{mode}": str(n) for mode, n in learned.rows.items()}
    scatter = [Metric(f"scatter.{_plain(name)}", value, 0, 0) for name, value in learned.scatter.items()]
    logged = [Param(name, value) for name, value in (params | counts).items()]
    client.log_batch(run_id, metrics=scatter, params=logged)


def _judge(site: Site, plant: pd.DataFrame, judged: np.ndarray, blind: Cascade | None) -> Judge:
    """Errors of cooling power in the weeks held out, of this cascade and of the champion, learned without them."""

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


def _held(kept: Kept) -> dict[str, Any]:
    """A declared effect as a surface keeps it, for the report; errors in kW, of a rack inlet in K."""
    return {
        "of": kept.effect.of,
        "on": kept.effect.target,
        "where": kept.where,
        "broken_share": kept.broken_share,
        "mae": kept.error,
        "mae_undeclared": kept.free_error,
    }


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def learn_site(site: Site, plant: pd.DataFrame, virtual: pd.DataFrame | None = None) -> LearnedCascade:
    """Cascade of a site's plant table (as `plant_table` gives it), within the effects that its site file declares.

    Raises ModelError where there is too little to learn from, or where declared effects cannot hold.

    virtual: a table of the same kind from trials of the site's twin, used only where the record has no data.
    """
    parts = [regular(site, part) for part in (plant, virtual) if part is not None]
    columns = columns_of(site, pd.concat(parts))
    at_rest = np.concatenate([settled(site, part) for part in parts])
    try:
        learned = learn_cascade(
            columns,
            settled=at_rest,
            meters=tuple(cooling_quantities(site)) if site.control.meters == "each" else ("cooling_kw",),
            step_hours=site.interval / pd.Timedelta(hours=1),
            counts_it=bool(site.meters.it),
            virtual=np.repeat([False, True][: len(parts)], [len(part) for part in parts]),
            setpoints=tuple(modelled_name(name) for name in setpoint_names(site)),
            effects=effects_of(site),
            measured=tuple(
                modelled_name(site.setpoint_name(each)) for each in site.setpoints if each.measured
            ),
        )
        physics, gap_k = physics_of(site, regular(site, plant))
        cascade = replace(learned.cascade, physics=physics, least_gap_k=np.float32(gap_k))
        return replace(learned, cascade=cascade)
    except TooFewRowsError as error:
        raise ModelError(f'site "{site.name}" has too little to learn control from: {error}') from error
    except ImpossibleEffectError as error:
        raise ModelError(
            f'site "{site.name}" declares effects that the cascade cannot keep: {error}; edit [[effects]] in its file'
        ) from error
