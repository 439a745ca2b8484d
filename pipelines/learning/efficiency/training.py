"""Training of the efficiency models: learn, judge beside the simple models, register."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from threadpoolctl import threadpool_limits

from models.efficiency.learn import Learned, Parts, Rows, Work, learn_each
from models.efficiency.model import PlantModel
from models.efficiency.training import FitConfig
from models.errors import DivergedError, ImpossibleEffectError, TooFewRowsError
from models.evaluate import last_fraction_of_each_segment, mae
from pipelines.errors import ModelError
from pipelines.learning.efficiency.bundle import FOLDER, KIND, Bundle, champion, log_bundle, read_bundle
from pipelines.learning.efficiency.configurations import Configuration, kept_configuration
from pipelines.learning.efficiency.dataset import OVERHEAD, Dataset, dataset
from pipelines.learning.efficiency.scores import predict_held_out, verdict
from pipelines.learning.efficiency.selection import others, start_serving
from pipelines.learning.efficiency.warm_start import HELD_OUT_MODEL, SERVED, Start, described, start
from pipelines.learning.job import Job
from pipelines.learning.publish import Errors, Judge, publish
from pipelines.learning.registry import Files
from pipelines.learning.tracking import Score, log_scores, run_of
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name

HELD_OUT = 0.3  # the last share of every stretch of the record


def learned(
    site: Site,
    rows: Rows,
    config: FitConfig,
    seed: int,
    *,
    parts: Parts | None = None,
    warm: PlantModel | None = None,
) -> Learned:
    """`models.efficiency.learn.learn`, with errors that name the site and the remedy."""
    return learned_each(site, [Work(rows, config, seed, parts, warm)])[0]


def learned_each(site: Site, works: list[Work]) -> list[Learned]:
    """The same for several models of a site, learned in one go."""
    try:
        return learn_each(works)
    except TooFewRowsError as error:
        raise ModelError(
            f'site "{site.name}" has too little to learn from, {HELD_OUT:.0%} being held out: {error}; '
            f"ingest more telemetry, or see what is left out: coldaisle quality --site {site.name}"
        ) from error
    except ImpossibleEffectError as error:
        raise ModelError(
            f'site "{site.name}" declares effects that cannot all hold: {error}; edit [[effects]] in its file'
        ) from error
    except DivergedError as error:
        raise ModelError(
            f'training for site "{site.name}" stopped: {error}; the present champion stays; '
            f"look for wrong units with: coldaisle quality --site {site.name}"
        ) from error


def train_efficiency(job: Job, client: MlflowClient, experiment: str) -> dict[str, Any]:
    """Learn, judge beside the simple models, register; the report. Raises ModelError where there is too little."""
    compared = kept_configuration(client, experiment, KIND, Parts())
    how = compared or Configuration("usual", FitConfig(), Parts())
    data, config = dataset(job.site, job.plant), job.config or how.networks
    held_out = last_fraction_of_each_segment(data.times, fraction=HELD_OUT)
    job.say(f"{KIND}: judging on the last {held_out.sum()} of {len(held_out)} rows")
    present, cold = _champion(job, client)
    begun = start(data, held_out, config, present, cold=cold)
    job.say(f"{KIND}: networks start {begun.why}")
    blind, served = _both(job, how, config, begun)
    judged = predict_held_out(job.site, job.plant, data, held_out, blind.model, others())
    serving, score_rows = start_serving(job.site, job.plant, data, judged, blind)
    report = _report(job, data, held_out, blind, score_rows)
    report |= {"effects": kept(served), "start": begun.why, "learned": described(data, held_out, begun)}
    report |= {"verdict": verdict(score_rows, serving.ensemble.described())}
    job.say(f"{KIND}: {report['verdict']}")
    with run_of(client, experiment, "train", KIND) as run_id:
        _log(client, run_id, job.until, config, report, served)
        metadata = report | {"combinations": job.combinations.as_dict()}
        bundle = Bundle(served.model, blind.model, metadata, serving)
        log_bundle(client, run_id, bundle)
        report |= publish(
            client,
            run_id,
            job.site,
            KIND,
            job.settings,
            folder=FOLDER,
            judge=_judge(job, data, held_out, bundle),
        )
    return report


def _both(job: Job, how: Configuration, config: FitConfig, begun: Start) -> tuple[Learned, Learned]:
    """The model that never saw the held-out rows, and the one to serve."""
    works = [
        Work(begun.rows[name], config, job.seed, how.parts, begun.models[name])
        for name in (HELD_OUT_MODEL, SERVED)
    ]
    blind, served = (how.apply(each) for each in learned_each(job.site, works))
    return blind, served


def _champion(job: Job, client: MlflowClient) -> tuple[Bundle | None, str | None]:
    """The present champion to start from, or the reason for a cold start."""
    if not job.warm:
        return None, "a warm start was not asked for"
    try:
        return champion(client, job.site, job.settings), None
    except ModelError as unreadable:
        return None, str(unreadable)


def _report(
    job: Job, data: Dataset, held_out: np.ndarray, blind: Learned, score_rows: list[Score]
) -> dict[str, Any]:
    judged = data.rows.where(held_out)
    predicted = blind.model.predict(judged.x)
    return {
        "site": job.site.name,
        "kind": KIND,
        "figure_name": figure_name(job.site),
        "fingerprint": job.fingerprint,
        "seed": job.seed,
        "learned_from": data.index[0].isoformat(),
        "learned_until": data.index[-1].isoformat(),
        "rows": len(data.rows),
        "held_out_rows": int(held_out.sum()),
        "inputs": list(data.rows.inputs),
        "targets": list(data.rows.targets),
        "left_out": data.left_out | {"breaks the energy balance on its own": blind.outliers},
        "notes": data.notes,
        "scores": score_rows,
        "mixture": blind.mixture,
        "target_mae": {name: mae(judged.target(name), predicted[name]) for name in data.rows.targets},
        "in_support": float(blind.model.in_support(judged.x).mean()),
    }


def kept(served: Learned) -> list[dict[str, Any]]:
    """Declared effects, and the share of the record's rows at which the served mixture breaks them."""
    return [
        {
            "of": effect.of,
            "on": effect.target,
            "low_percent_per_k": 100.0 * effect.low if np.isfinite(effect.low) else None,
            "high_percent_per_k": 100.0 * effect.high if np.isfinite(effect.high) else None,
            "broken_share": share,
        }
        for effect, share in served.effects
    ]


def _judge(job: Job, data: Dataset, held_out: np.ndarray, bundle: Bundle) -> Judge:
    """Mean absolute errors of overhead per kW on the held-out rows, of this bundle and of the present champion."""

    def judge(files: Files) -> Errors:
        present = read_bundle(files)
        if present.metadata["figure_name"] != figure_name(job.site):
            raise ModelError("the present champion predicts another figure")
        ours, theirs = (
            _held_out_mae(job, data, held_out, model) for model in (bundle.held_out, present.held_out)
        )
        if theirs is None or ours is None:
            raise ModelError("the present champion needs inputs that these rows do not have")
        return Errors(ours, theirs, f"held-out MAE {ours:.4f}, the present champion's {theirs:.4f}")

    return judge


def _held_out_mae(job: Job, data: Dataset, held_out: np.ndarray, model: PlantModel) -> float | None:
    rows = data.rows.where(held_out)
    recorded = job.plant.loc[data.index[held_out]].reindex(columns=list(model.inputs)).to_numpy(dtype=float)
    complete = np.isfinite(recorded).all(axis=1)
    if not complete.any():
        return None
    return mae(rows.target(OVERHEAD)[complete], model.predict(recorded[complete])[OVERHEAD])


def _log(
    client: MlflowClient,
    run_id: str,
    until: pd.Timestamp | None,
    config: FitConfig,
    report: dict[str, Any],
    served: Learned,
) -> None:
    plain = {name: report[name] for name in ("rows", "held_out_rows", "fingerprint", "seed", "learned_until")}
    settings = (
        asdict(config)
        | plain
        | {"start": report["start"]}
        | {"until": until, "inputs": ", ".join(report["inputs"])}
    )
    now = int(time.time() * 1000)
    curves = [
        Metric(name, value, now, epoch)
        for epoch, losses in enumerate(served.curves)
        for name, value in zip(("train_loss", "validation_loss"), losses, strict=True)
    ]
    client.log_batch(
        run_id, metrics=curves, params=[Param(key, str(value)) for key, value in settings.items()]
    )
    log_scores(client, run_id, report["scores"])
    errors = [Metric(f"held_out_mae.{name}", value, now, 0) for name, value in report["target_mae"].items()]
    client.log_batch(run_id, metrics=errors)
    client.log_dict(run_id, report, "report.json")


def one_thread_each() -> threadpool_limits:
    """Keeps BLAS and OpenMP to one thread: on matrices this small more threads are slower."""
    return threadpool_limits(limits=1)
