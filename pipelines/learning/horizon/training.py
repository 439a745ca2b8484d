"""Training of a horizon: learn, judge beside the simple forecasts, register."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Metric

from models.errors import TooFewRowsError
from models.horizon import Learned, Record, leads_of, learn
from models.horizon.features import basis
from pipelines.errors import ModelError
from pipelines.learning.horizon.bundle import FOLDER, KIND, Bundle, log_horizon, read_horizon
from pipelines.learning.horizon.dataset import readings_of, record_of, regular, targets_of
from pipelines.learning.horizon.scores import held_out_scores, relative, verdict
from pipelines.learning.job import Job
from pipelines.learning.publish import Errors, Judge, publish
from pipelines.learning.registry import Files
from pipelines.learning.tracking import run_of
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name


def train_horizon(job: Job, client: MlflowClient, experiment: str) -> dict[str, Any]:
    """Learn, judge, register; the report. Raises ModelError where there is too little to learn from."""
    plant = regular(job.plant, job.site.interval_minutes)
    targets = targets_of(job.site, plant)
    record = record_of(job.site, plant, readings_of(job.site, plant), targets)
    job.say(f"{KIND}: learning {', '.join(targets)} from {len(record)} intervals")
    learned = learned_from(job.site, record, job.seed)
    scores = held_out_scores(learned.held_out, learned.last_blocks)
    report: dict[str, Any] = {
        "site": job.site.name,
        "kind": KIND,
        "figure_name": figure_name(job.site),
        "fingerprint": job.fingerprint,
        "seed": job.seed,
        "targets": targets,
        "learned_from": plant.index[0].isoformat(),
        "learned_until": plant.index[-1].isoformat(),
        "rows": len(record),
        "held_out_rows": max(len(block.rows) for block in learned.last_blocks.values()),
        "scores": scores,
        "verdict": verdict(scores),
    }
    job.say(f"{KIND}: {report['verdict']}")
    with run_of(client, experiment, "train", KIND) as run_id:
        _log(client, run_id, job, report)
        log_horizon(client, run_id, Bundle(learned.served, learned.held_out, report))
        report |= publish(
            client, run_id, job.site, KIND, job.settings, folder=FOLDER, judge=_judge(job, learned)
        )
    return report


def learned_from(site: Site, record: Record, seed: int) -> Learned:
    """`models.horizon.learn`, with errors that name the site and the remedy."""
    if not record.targets:
        raise ModelError(
            f'site "{site.name}" has no figure, cooling power or rack inlet that varies; '
            f"see: coldaisle quality --site {site.name}"
        )
    try:
        return learn(record, leads_of(record.step_minutes), seed=seed)
    except TooFewRowsError as error:
        raise ModelError(
            f'site "{site.name}" has too little telemetry to forecast from: {error}; ingest a week or more'
        ) from error
    except ValueError as error:
        raise ModelError(f'site "{site.name}" cannot be forecast: {error}') from error


def _judge(job: Job, learned: Learned) -> Judge:
    """Errors relative to persistence on the last block, of the held-out form and of the present champion's."""

    def judge(files: Files) -> Errors:
        present = read_horizon(files, job.site)
        plant = regular(job.plant, job.site.interval_minutes)
        shared = [name for name in learned.held_out.mixtures if name in present.held_out.mixtures]
        if present.metadata["figure_name"] != figure_name(job.site) or not shared:
            raise ModelError("the present champion forecasts another figure")
        if present.held_out.leads_min != learned.held_out.leads_min:
            raise ModelError("the present champion forecasts other leads")
        record = record_of(job.site, plant, list(present.held_out.names), list(present.held_out.mixtures))
        blocks = {}
        for target in shared:
            ours, mixture = learned.last_blocks[target], present.held_out.mixtures[target]
            of = basis(record, target)
            told = np.stack([mixture.told(of, lead, ours.rows)[1:] for lead in learned.held_out.leads_min])
            blocks[target] = replace(ours, part=mixture.part, told=told)
        theirs = relative(held_out_scores(_only(present.held_out, shared), blocks))
        mine = relative(held_out_scores(_only(learned.held_out, shared), learned.last_blocks))
        text = f"held-out error {mine:.3f} of persistence's, the present champion's {theirs:.3f}"
        return Errors(mine, theirs, text)

    return judge


def _only(horizon: Any, targets: list[str]) -> Any:
    return replace(horizon, mixtures={target: horizon.mixtures[target] for target in targets})


def _log(client: MlflowClient, run_id: str, job: Job, report: dict[str, Any]) -> None:
    for name in ("fingerprint", "seed", "learned_until", "rows"):
        client.log_param(run_id, name, str(report[name]))
    client.log_param(run_id, "until", str(job.until))
    now = int(time.time() * 1000)
    metrics = [
        Metric(f"held_out_mae.{row['target']}.{row['lead_min']:g}min", row["mae"], now, 0)
        for row in report["scores"]
    ]
    client.log_batch(run_id, metrics=metrics)
    client.log_dict(run_id, report, "report.json")
