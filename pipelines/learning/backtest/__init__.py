"""Backtest: models refitted week by week, as in service, beside the simple models that an engineer would try first."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from mlflow import MlflowClient

from models.efficiency.baselines import Baseline, GradientBoosting, baselines
from models.efficiency.learn import Learned, Parts, Rows
from models.efficiency.model import PlantModel
from models.efficiency.training import FitConfig
from models.evaluate import shuffled
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.files import write_csv
from pipelines.learning.backtest.judge import judged, scores, slices
from pipelines.learning.backtest.report import html_report
from pipelines.learning.backtest.run import CHAIN, FoldResult, Work, run_folds
from pipelines.learning.backtest.task import Target, Task, task
from pipelines.learning.efficiency.scores import SERVED, verdict
from pipelines.learning.efficiency.selection import others
from pipelines.learning.efficiency.training import learned
from pipelines.learning.folds import Fold, HoldOut, folds
from pipelines.learning.job import Progress
from pipelines.learning.tracking import experiment_id, log_child, log_scores, run_of, tracking
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

Interval = Literal["site", "hour"]

FLATTERING = "shuffled: flattering, neighbouring rows leak"
EVERY_S = 30.0
SPLITS: dict[HoldOut, str] = {
    "walk-forward": "every week predicted by models fitted to what came before it",
    "every-fourth-week": "every fourth week held out whole",
    "last-30-percent": "last 30 % of each stretch of the record held out",
}


@dataclass(frozen=True)
class Learner:
    """Learns a fold's model; a class, so that it can be sent to another process."""

    site: Site
    config: FitConfig
    parts: Parts
    seed: int

    def __call__(self, rows: Rows, warm: PlantModel | None) -> Learned:
        return learned(self.site, rows, self.config, self.seed, parts=self.parts, warm=warm)


def backtest(
    site: Site,
    settings: Settings,
    *,
    target: Target = "figure",
    interval: Interval = "site",
    hold_out: HoldOut = "walk-forward",
    window_weeks: int | None = None,
    predictions: Path | None = None,
    workers: int | None = None,
    seed: int = 0,
    config: FitConfig | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Errors of what would be served and of every simple model, on the same rows; logged to MLflow as one run.

    target: the site's figure at the same instant, or the next hour. interval: rows as recorded, or hourly
    means. window_weeks: walk-forward learns from the last so many weeks, else from all before. predictions: a file
    for time, target, measured, prediction, lower, upper, in_support. workers: processes, by default one per two cores.
    Raises StoreError without telemetry, ModelError with too little, TrackingError where MLflow does not answer.
    """
    store, say = Store(settings.store, site), progress or _silent
    table = store.read()
    table = hourly(site, table) if interval == "hour" else table
    with tracking(settings) as client:
        experiment = experiment_id(client, site.name, settings)
        job = task(site, table, target)
        split = _folds(site, job, hold_out, window_weeks)
        say(f"{len(job.rows)} rows, {SPLITS[hold_out]}: {len(split)} folds")
        work = _work(site, job, config, seed, baselines() if job.before is None else others())
        write = _Writer(job, split, predictions)
        results = run_folds(work, split, workers=_workers(workers, split), say=say, so_far=write)
        rows, served = judged(job, split, results)
        result = _result(site, job, interval, hold_out, split, results, rows, served)
        result["fingerprint"] = store.fingerprint()
        if target == "figure":  # Gao's split is of the same instant
            say(f"the same on shuffled rows ({FLATTERING})")
            result["shuffled"] = _shuffled(site, job, config, seed, say)
        if predictions:
            write.rows(rows)
            result["predictions"] = str(predictions)
        page = html_report(result, rows, job.unit, job.offset)
        run_id = _logged(client, experiment, result, page)
        _log_folds(client, experiment, run_id, job, split, rows)
        return result | {"run_id": run_id}


class _Writer:
    """Writes the predictions that there are so far, twice a minute at most, so that a long run can be looked at."""

    def __init__(self, job: Task, split: list[Fold], file: Path | None) -> None:
        self._job, self._split, self._file, self._last = job, split, file, time.monotonic()

    def __call__(self, results: list[FoldResult]) -> None:
        if self._file is not None and time.monotonic() - self._last > EVERY_S:
            self.rows(judged(self._job, self._split[: len(results)], results)[0])
            self._last = time.monotonic()

    def rows(self, rows: pd.DataFrame) -> None:
        """Replace the file, if there is to be one, by these rows."""
        if self._file is not None:
            stamps = {"index_label": "time", "date_format": "%Y-%m-%dT%H:%M:%SZ"}
            write_csv(_written(self._job, rows), self._file, **stamps)


def hourly(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """Hourly means of an interval table; an hour with fewer than half its readings has none."""
    hours = table.resample("1h")
    enough = hours.count() * site.interval >= pd.Timedelta(minutes=30)
    return hours.mean().where(enough).dropna(how="all")


def _folds(site: Site, job: Task, hold_out: HoldOut, window_weeks: int | None) -> list[Fold]:
    inputs, horizon = len(job.rows.inputs), job.horizon.to_timedelta64()
    split = folds(job.times, hold_out, inputs=inputs, horizon=horizon, window_weeks=window_weeks)
    if not split:
        raise ModelError(
            f'site "{site.name}" has too short a record for {hold_out} ({len(job.rows)} rows, {inputs} inputs); '
            "ingest more telemetry or try --hold-out last-30-percent"
        )
    return split


def _work(site: Site, job: Task, config: FitConfig | None, seed: int, competitors: list[Baseline]) -> Work:
    config = config or FitConfig()
    return Work(
        rows=job.rows,
        simple=job.simple,
        simple_cooling=job.simple_cooling,
        learn=Learner(site, config, job.parts, seed),
        compose=job.compose,
        error_target=job.error_target,
        further=tuple(job.further),
        competitors=tuple(competitors),
        per_load=job.per_load,
        combinations=job.combinations,
        hours=job.step / pd.Timedelta(hours=1),
    )


def _workers(asked: int | None, split: list[Fold]) -> int:
    if asked is not None:
        return asked
    # A process takes half a minute to start and to compile: it is worth that for several folds only.
    return min(os.cpu_count() or 1, max(1, len(split) // CHAIN))


def _result(
    site: Site, job: Task, interval: Interval, hold_out: HoldOut, split: list[Fold],
    results: list[FoldResult], rows: pd.DataFrame, served: str,
) -> dict[str, Any]:  # fmt: skip
    by_model = scores(site, job, rows, split, results)
    return {
        "site": site.name,
        "figure_name": job.name,
        "interval_minutes": 60 if interval == "hour" else site.interval_minutes,
        "split": SPLITS[hold_out],
        "shuffled_split": FLATTERING,
        "folds": len(split),
        "train_rows": int(split[-1].train.sum()),
        "held_out_rows": len(rows),
        "inputs": list(job.rows.inputs),
        "by_time": by_model,
        "shuffled": [],
        "verdict": verdict(by_model, served),
        "served": served,
        "mixtures": [result.mixture for result in results],
        "slices": slices(site, job, rows),
        "further": _further(job, split, results),
        "sensitivity": results[-1].sensitivity,
        "left_out": job.left_out,
        "notes": job.notes,
    }


def _further(job: Task, split: list[Fold], results: list[FoldResult]) -> list[dict[str, Any]]:
    """Errors of the other targets, beside a forecast of no change."""
    test = np.concatenate([np.flatnonzero(fold.test) for fold in split])
    rows = []
    for name, measured in job.further.items():
        predicted = np.concatenate([result.further[name] for result in results])
        error, unchanged = predicted - measured[test], measured[test]
        rows.append(
            {
                "target": name,
                "rmse": float(np.sqrt(np.mean(error**2))),
                "mae": float(np.abs(error).mean()),
                "rmse_no_change": float(np.sqrt(np.mean(unchanged**2))),
            }
        )
    return rows


def _shuffled(
    site: Site, job: Task, config: FitConfig | None, seed: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    test = shuffled(len(job.rows), fraction=0.3, seed=seed)
    fold = Fold(~test, test)
    work = _work(site, job, config, seed, [GradientBoosting("ratio"), GradientBoosting("power")])
    results = run_folds(work, [fold], workers=1, say=say)
    return scores(site, job, judged(job, [fold], results)[0], [fold], results)


def _written(job: Task, found: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "target": job.name,
            "measured": found["measured"] + job.offset,
            "prediction": found[SERVED] + job.offset,
            "lower": found["lower"] + job.offset,
            "upper": found["upper"] + job.offset,
            "in_support": found["in_support"],
        }
    )


def _logged(client: MlflowClient, experiment: str, result: dict[str, Any], report: str) -> str:
    with run_of(client, experiment, "backtest", "efficiency") as run_id:
        log_scores(client, run_id, result["by_time"])
        log_scores(client, run_id, result["shuffled"], prefix="shuffled.")
        client.log_dict(run_id, result, "backtest.json")
        client.log_text(run_id, report, "backtest.html")
    return run_id


def _log_folds(
    client: MlflowClient, experiment: str, parent: str, job: Task, split: list[Fold], rows: pd.DataFrame
) -> None:
    """A nested run for each fold: what it learned from, what it was judged on, the error of what is served."""
    error = (rows["measured"] - rows[SERVED]).abs()
    times = pd.DatetimeIndex(job.times).tz_localize(pd.DatetimeIndex(rows.index).tz)
    for number, fold in enumerate(split, start=1):
        judged_at = times[fold.test]
        inside = error[(error.index >= judged_at[0]) & (error.index <= judged_at[-1])].dropna()
        metrics = {"mae.served": float(inside.mean())} if len(inside) else {}
        params = {
            "train_rows": str(int(fold.train.sum())), "test_rows": str(int(fold.test.sum())),
            "first": judged_at[0].isoformat(), "last": judged_at[-1].isoformat(),
        }  # fmt: skip
        log_child(
            client, experiment, parent, f"fold {number}", command="fold", metrics=metrics, params=params
        )


def _silent(_line: str) -> None:
    pass
