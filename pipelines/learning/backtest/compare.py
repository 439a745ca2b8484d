"""Comparison of model configurations by walk-forward; the simplest good one is kept."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.efficiency.learn import Learned, Rows
from models.efficiency.model import PlantModel
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.backtest import Interval, hourly
from pipelines.learning.backtest.judge import CARRIED, judged
from pipelines.learning.backtest.run import Work, run_folds
from pipelines.learning.backtest.task import Target, Task, task
from pipelines.learning.efficiency.configurations import COMPARED, KEPT, Configuration, configurations
from pipelines.learning.efficiency.scores import MIXTURE
from pipelines.learning.efficiency.training import learned
from pipelines.learning.folds import HoldOut, folds
from pipelines.learning.job import Progress
from pipelines.learning.tracking import experiment_id, log_child, run_of, tracking
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

KIND_OF: dict[Target, str] = {"figure": "efficiency", "next-hour": "next_hour"}


@dataclass(frozen=True)
class _Learner:
    """Learns a fold's model in one configuration; a class, so that it can be sent to another process."""

    site: Site
    configuration: Configuration
    seed: int

    def __call__(self, rows: Rows, _warm: PlantModel | None) -> Learned:
        of = self.configuration
        return of.apply(learned(self.site, rows, of.networks, self.seed, parts=of.parts))


def compare(
    site: Site,
    settings: Settings,
    *,
    target: Target = "figure",
    interval: Interval = "site",
    hold_out: HoldOut = "walk-forward",
    window_weeks: int | None = None,
    workers: int | None = None,
    seed: int = 0,
    among: list[Configuration] | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Errors of every configuration, its last error carried, on the same rows, and which one is kept.

    Each is a child of one MLflow run, whose tag `kept` names the one for `coldaisle train`. Kept is the simplest whose
    error exceeds the least by no more than one standard error of their difference (Breiman et al. 1984, 3.4.3), from
    means over days, which are less correlated than readings. Raises as `backtest` does.
    """
    table = Store(settings.store, site).read()
    job = task(site, hourly(site, table) if interval == "hour" else table, target)
    horizon = job.horizon.to_timedelta64()
    split = folds(
        job.times, hold_out, inputs=len(job.rows.inputs), horizon=horizon, window_weeks=window_weeks
    )
    if not split:
        raise ModelError(f'site "{site.name}" has too short a record for {hold_out}; ingest more telemetry')
    among = among or configurations(job.parts)
    errors: dict[str, pd.Series] = {}
    with tracking(settings) as client:
        experiment = experiment_id(client, site.name, settings)
        with run_of(client, experiment, COMPARED, KIND_OF[target]) as parent:
            for each in among:
                work = _work(site, job, each, seed)
                results = run_folds(work, split, workers=workers or 1, say=lambda _: None)
                predictions, _ = judged(job, split, results)
                errors[each.name] = (predictions["measured"] - predictions[MIXTURE + CARRIED]).abs()
                uncarried = float((predictions["measured"] - predictions[MIXTURE]).abs().mean())
                progress(
                    f"{each.name}: {errors[each.name].mean():.4g} ({uncarried:.4g} without the last error)"
                )
                figures = {"mae": float(errors[each.name].mean()), "mae_uncarried": uncarried}
                log_child(
                    client, experiment, parent, each.name, command="configuration", metrics=figures,
                    params=each.described(),
                )  # fmt: skip
            rows, kept, why = choose_simplest(errors)
            client.set_tag(parent, KEPT, kept)
            result = {
                "site": site.name,
                "figure_name": job.name,
                "unit": job.unit,
                "folds": len(split),
                "configurations": rows,
                "kept": kept,
                "why": why,
                "run_id": parent,
            }
            client.log_dict(parent, result, "compare.json")
    return result


def choose_simplest(errors: dict[str, pd.Series]) -> tuple[list[dict[str, Any]], str, str]:
    """Rows of the table, the name kept and why, from absolute errors by time of each configuration, simplest first."""
    best = min(errors, key=lambda name: float(errors[name].mean()))
    rows = []
    for name, error in errors.items():
        behind = (error - errors[best]).dropna()
        daily = behind.groupby(pd.DatetimeIndex(behind.index).floor("D")).mean()
        standard = float(daily.std(ddof=1) / np.sqrt(len(daily))) if len(daily) > 1 and name != best else 0.0
        rows.append(
            {
                "configuration": name,
                "mae": float(error.mean()),
                "behind_best": float(behind.mean()),
                "standard_error": standard,
                "as_good": bool(behind.mean() <= standard),
            }
        )
    kept = next(row["configuration"] for row in rows if row["as_good"])
    why = f"{best} has the smallest error"
    if kept != best:
        why = f"{kept} is the simplest within one standard error of the best, {best}"
    return rows, str(kept), why


def _work(site: Site, job: Task, configuration: Configuration, seed: int) -> Work:
    return Work(
        rows=job.rows,
        simple=job.simple,
        simple_cooling=None,
        learn=_Learner(site, configuration, seed),
        compose=job.compose,
        error_target=job.error_target,
        further=(),
        competitors=(),
        per_load=job.per_load,
        combinations=job.combinations,
        hours=job.step / pd.Timedelta(hours=1),
    )
