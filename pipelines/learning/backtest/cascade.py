"""Backtest of the cascade: learned again each week from the weeks before, beside simple models."""

from typing import Any

import numpy as np
import pandas as pd

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.backtest import SPLITS
from pipelines.learning.cascade.dataset import inputs_of
from pipelines.learning.cascade.scores import predictions, summary, verdict
from pipelines.learning.cascade.training import learn_site
from pipelines.learning.folds import Fold, HoldOut, folds
from pipelines.learning.job import Progress
from pipelines.learning.tracking import experiment_id, log_scores, run_of, tracking
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store

AT_ONCE = np.timedelta64(0, "m")  # cooling power of the same instant


def backtest_cascade(
    site: Site,
    settings: Settings,
    *,
    hold_out: HoldOut = "walk-forward",
    window_weeks: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Errors of cooling power (kW) on settled rows held out, of the cascade and simple models; one run in MLflow.

    window_weeks: walk-forward learns from the last so many weeks, else from all before.
    Raises StoreError without telemetry, ModelError with too little of it, TrackingError where MLflow does not answer.
    """
    say = progress or (lambda _line: None)
    store = Store(settings.store, site)
    plant = plant_table(site, store.read())
    split = _folds(site, plant, hold_out, window_weeks)
    say(f"{len(plant)} rows, {SPLITS[hold_out]}: {len(split)} folds")
    measured_kw, predicted_kw, train_rows = _walked(site, plant, split)
    by_model = summary(measured_kw, predicted_kw)
    report = {
        "site": site.name,
        "target": "cooling power, kW",
        "split": SPLITS[hold_out],
        "folds": len(split),
        "train_rows": train_rows,
        "held_out_rows": len(measured_kw),
        "by_time": by_model,
        "verdict": verdict(by_model),
        "fingerprint": store.fingerprint(),
    }
    with (
        tracking(settings) as client,
        run_of(client, experiment_id(client, site.name, settings), "backtest", "cascade") as run_id,
    ):
        log_scores(client, run_id, by_model)
        client.log_dict(run_id, report, "backtest.json")
    return report | {"run_id": run_id}


def _folds(site: Site, plant: pd.DataFrame, hold_out: HoldOut, window_weeks: int | None) -> list[Fold]:
    times = pd.DatetimeIndex(plant.index).tz_convert(None).to_numpy()
    inputs = len(inputs_of(site, plant).by_name)
    split = folds(times, hold_out, inputs=inputs, horizon=AT_ONCE, window_weeks=window_weeks)
    if not split:
        raise ModelError(
            f'site "{site.name}" has too short a record for {hold_out} ({len(plant)} rows); '
            "ingest more telemetry or try --hold-out last-30-percent"
        )
    return split


def _walked(
    site: Site, plant: pd.DataFrame, split: list[Fold]
) -> tuple[np.ndarray, dict[str, np.ndarray], int]:
    """Measured and predicted kW of all folds' settled rows, and how many rows the last one learned from."""
    inputs = inputs_of(site, plant)
    measured: list[np.ndarray] = []
    predicted: list[dict[str, np.ndarray]] = []
    why = "no fold has settled rows with load, weather and setpoints"
    for fold in split:
        try:
            held_out = learn_site(site, plant[fold.train]).cascade
        except ModelError as error:  # too few settled rows so far: the next fold has more
            why = str(error)
            continue
        by_model, rows = predictions(site, held_out, plant, inputs, fold.train, fold.test)
        if by_model:
            measured.append(inputs.cooling_kw[rows])
            predicted.append(by_model)
    if not measured:
        raise ModelError(f'the cascade of site "{site.name}" cannot be judged: {why}')
    together = {model: np.concatenate([each[model] for each in predicted]) for model in predicted[0]}
    return np.concatenate(measured), together, int(split[-1].train.sum())
