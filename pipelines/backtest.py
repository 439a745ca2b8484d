"""The network beside what an engineer would try first, on held-out time and on Gao's shuffled split."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from mlflow import MlflowClient

from models.baselines import Baseline, GradientBoosting, baselines
from models.evaluate import last_fraction_of_each_segment, shuffled
from models.fit import FitConfig
from pipelines.config import Settings
from pipelines.dataset import Dataset, dataset
from pipelines.features import figure_name, plant_table
from pipelines.scores import Score, scores, verdict
from pipelines.site import Site
from pipelines.store import Store
from pipelines.tracking import experiment_id, tracking
from pipelines.train import HELD_OUT, Progress, learned, log_scores, one_thread_each, run_of

Interval = Literal["site", "hour"]

FLATTERING = "shuffled: flattering, neighbouring rows leak"


def backtest(
    site: Site,
    settings: Settings,
    *,
    interval: Interval = "site",
    seed: int = 0,
    config: FitConfig | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Errors of the operating model and of every simple model, on two splits; logged to MLflow as one run.

    interval: rows as recorded, or hourly means of the readings.
    Raises StoreError without telemetry, ModelError with too little, TrackingError where MLflow does not answer.
    """
    store = Store(settings.store, site)
    table = store.read()
    plant = plant_table(site, hourly(site, table) if interval == "hour" else table)
    say, config = progress or (lambda _line: None), config or FitConfig()
    with tracking(settings) as client, one_thread_each():
        experiment = experiment_id(client, site.name, settings)
        data = dataset(site, plant, "operating")
        by_time = last_fraction_of_each_segment(data.times, fraction=HELD_OUT)
        at_random = shuffled(len(data.rows), fraction=HELD_OUT, seed=seed)
        say(f"learning from {(~by_time).sum()} rows, held out are {by_time.sum()}")
        result = _described(site, data, by_time, interval) | {
            "fingerprint": store.fingerprint(),
            "by_time": _compared(site, plant, data, by_time, config, seed, baselines()),
        }
        say(f"the same on shuffled rows ({FLATTERING})")
        boosting = [GradientBoosting("ratio"), GradientBoosting("power")]
        result["shuffled"] = _compared(site, plant, data, at_random, config, seed, list(boosting))
        result["verdict"] = verdict(result["by_time"])
        return result | {"run_id": _logged(client, experiment, result)}


def hourly(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """Hourly means of an interval table; an hour with fewer than half its readings has none."""
    hours = table.resample("1h")
    enough = hours.count() * site.interval >= pd.Timedelta(minutes=30)
    return hours.mean().where(enough).dropna(how="all")


def _described(site: Site, data: Dataset, held_out: np.ndarray, interval: Interval) -> dict[str, Any]:
    return {
        "site": site.name,
        "figure_name": figure_name(site),
        "interval_minutes": 60 if interval == "hour" else site.interval_minutes,
        "split": f"last {HELD_OUT:.0%} of each stretch of the record held out",
        "shuffled_split": FLATTERING,
        "train_rows": int((~held_out).sum()),
        "held_out_rows": int(held_out.sum()),
        "inputs": list(data.rows.inputs),
        "left_out": data.left_out,
        "notes": data.notes,
    }


def _compared(
    site: Site,
    plant: pd.DataFrame,
    data: Dataset,
    held_out: np.ndarray,
    config: FitConfig,
    seed: int,
    competitors: list[Baseline],
) -> list[Score]:
    network = learned(site, data.rows.where(~held_out), config, seed)
    return scores(site, plant, data, held_out, network.model, competitors)


def _logged(client: MlflowClient, experiment: str, result: dict[str, Any]) -> str:
    with run_of(client, experiment, "backtest", "operating") as run_id:
        log_scores(client, run_id, result["by_time"])
        log_scores(client, run_id, result["shuffled"], prefix="shuffled.")
        client.log_dict(run_id, result, "backtest.json")
    return run_id
