"""Training of the efficiency models: learn, judge beside the simple models, register."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from threadpoolctl import threadpool_limits

from models.efficiency.baselines import baselines
from models.efficiency.devices import side_by_side
from models.efficiency.learn import Learned, Parts, Rows, learn
from models.efficiency.model import PlantModel
from models.efficiency.training import FitConfig
from models.errors import DivergedError, ImpossibleEffectError, TooFewRowsError
from models.evaluate import last_fraction_of_each_segment, mae
from pipelines.errors import ModelError
from pipelines.learning.efficiency.bundle import Bundle, champion, register
from pipelines.learning.efficiency.configurations import Configuration, kept_configuration
from pipelines.learning.efficiency.dataset import OVERHEAD, Dataset, dataset
from pipelines.learning.efficiency.scores import MIXTURE, predict_held_out, scores, verdict
from pipelines.learning.efficiency.selection import start_serving
from pipelines.learning.efficiency.warm_start import SERVED, TWIN, described, start
from pipelines.learning.job import Job
from pipelines.learning.registry import CHALLENGER, CHAMPION, TIE, Kind, give_alias, model_name
from pipelines.learning.tracking import Score, log_scores, run_of
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name

HELD_OUT = 0.3  # the last share of every stretch of the record


def config_of(kind: Kind) -> FitConfig:
    """How a kind's networks are trained unless said otherwise.

    What setpoints alone explain is simpler than how a plant runs, and thousands of candidates wait for an answer.
    """
    return FitConfig() if kind == "operating" else replace(FitConfig(), hidden=(50, 50))


def parts_of(kind: Kind) -> Parts:
    """What a kind's model may be made of: candidates are compared on smooth parts, never on the steps of trees."""
    return Parts(trees=kind == "operating")


def learned(
    site: Site,
    rows: Rows,
    config: FitConfig,
    seed: int,
    *,
    parts: Parts | None = None,
    warm: PlantModel | None = None,
) -> Learned:
    """`models.efficiency.learn.learn`, its errors said in the site's terms."""
    try:
        return learn(rows, config, seed=seed, parts=parts, warm=warm)
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


def _train_kind(job: Job, client: MlflowClient, experiment: str, kind: Kind) -> dict[str, Any]:
    compared = kept_configuration(client, experiment, kind, parts_of(kind))
    how = compared or Configuration("usual", config_of(kind), parts_of(kind))
    data, config = dataset(job.site, job.plant, kind), job.config or how.networks
    held_out = last_fraction_of_each_segment(data.times, fraction=HELD_OUT)
    job.say(f"{kind}: judging on the last {held_out.sum()} of {len(held_out)} rows")
    present, cold = _champion(job, client, kind)
    begun = start(data, held_out, config, present, cold=cold)
    job.say(f"{kind}: networks start {begun.why}")
    with ThreadPoolExecutor(side_by_side(2)) as pool:
        fits = [
            pool.submit(
                learned,
                job.site,
                begun.rows[name],
                config,
                job.seed,
                parts=how.parts,
                warm=begun.models[name],
            )
            for name in (TWIN, SERVED)
        ]
        twin, served = (how.apply(fit.result()) for fit in fits)
    judged = predict_held_out(job.site, job.plant, data, held_out, twin.model, baselines())
    serving, found = None, scores(job.site, data, judged)
    if kind == "operating":
        serving, found = start_serving(job.site, job.plant, data, judged, twin)
    report = _report(job, data, held_out, twin, found)
    report |= {"effects": kept(served), "start": begun.why, "learned": described(data, held_out, begun)}
    report |= {"verdict": verdict(found, serving.model if serving else MIXTURE)}
    job.say(f"{kind}: {report['verdict']}")
    with run_of(client, experiment, "train", kind) as run_id:
        _log(client, run_id, job.until, config, report, served)
        bundle = Bundle(
            served.model, twin.model, report | {"combinations": job.combinations.as_dict()}, serving
        )
        report |= _registered(job, client, run_id, data, held_out, bundle)
    job.say(f"{kind}: version {report['version']} is {report['alias']}")
    return report


def _champion(job: Job, client: MlflowClient, kind: Kind) -> tuple[Bundle | None, str | None]:
    """The present champion to start from, or a reason to begin anew."""
    if not job.warm:
        return None, "a warm start was not asked for"
    try:
        return champion(client, job.site, kind, job.settings), None
    except ModelError as unreadable:
        return None, str(unreadable)


def _report(
    job: Job, data: Dataset, held_out: np.ndarray, twin: Learned, found: list[Score]
) -> dict[str, Any]:
    judged = data.rows.where(held_out)
    predicted = twin.model.predict(judged.x)
    return {
        "site": job.site.name,
        "kind": data.kind,
        "figure_name": figure_name(job.site),
        "fingerprint": job.fingerprint,
        "seed": job.seed,
        "learned_from": data.index[0].isoformat(),
        "learned_until": data.index[-1].isoformat(),
        "rows": len(data.rows),
        "held_out_rows": int(held_out.sum()),
        "inputs": list(data.rows.inputs),
        "targets": list(data.rows.targets),
        "left_out": data.left_out | {"breaks the energy balance on its own": twin.outliers},
        "notes": data.notes,
        "scores": found,
        "mixture": twin.mixture,
        "target_mae": {name: mae(judged.target(name), predicted[name]) for name in data.rows.targets},
        "in_support": float(twin.model.in_support(judged.x).mean()),
    }


def kept(served: Learned) -> list[dict[str, Any]]:
    """What was declared of the plant, and the share of the record's rows at which the served mixture breaks it."""
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


def _registered(
    job: Job, client: MlflowClient, run_id: str, data: Dataset, held_out: np.ndarray, bundle: Bundle
) -> dict[str, Any]:
    """Register the bundle; it becomes champion unless the present champion is better on the held-out rows."""
    version = register(client, run_id, job.site, data.kind, bundle)
    try:
        present = champion(client, job.site, data.kind, job.settings)
        alias, why = _compared(job, data, held_out, bundle, present)
    except ModelError as unreadable:
        alias, why = CHAMPION, str(unreadable)
    give_alias(client, version, alias)
    return {
        "model": model_name(job.site, data.kind),
        "version": str(version.version),
        "alias": alias,
        "why": why,
        "run_id": run_id,
    }


def _compared(
    job: Job, data: Dataset, held_out: np.ndarray, bundle: Bundle, present: Bundle | None
) -> tuple[str, str]:
    if present is None:
        return CHAMPION, "it is the first"
    if present.metadata["figure_name"] != figure_name(job.site):
        return CHAMPION, "the present champion predicts another figure"
    ours, theirs = (
        _held_out_mae(job, data, held_out, model) for model in (bundle.held_out, present.held_out)
    )
    if theirs is None or ours is None:
        return CHAMPION, "the present champion needs inputs that these rows do not have"
    comparison = f"held-out MAE {ours:.4f}, the present champion's {theirs:.4f}"
    return (CHAMPION if ours <= theirs * (1.0 + TIE) else CHALLENGER), comparison


def _held_out_mae(job: Job, data: Dataset, held_out: np.ndarray, model: PlantModel) -> float | None:
    rows = data.rows.where(held_out)
    recorded = job.plant.loc[data.index[held_out]].reindex(columns=list(model.inputs)).to_numpy(dtype=float)
    known = np.isfinite(recorded).all(axis=1)
    if not known.any():
        return None
    return mae(rows.target(OVERHEAD)[known], model.predict(recorded[known])[OVERHEAD])


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
    """Keeps BLAS and OpenMP to one thread: on matrices this small, several mostly wait for each other."""
    return threadpool_limits(limits=1)
