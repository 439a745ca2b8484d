"""What is served beside the simple models, on the same held-out rows."""

from typing import Any

import numpy as np
import pandas as pd

from models.baselines import Baseline, Ratio
from models.evaluate import cv_rmse, mae, nmbe
from models.learn import Rows, without_outliers
from models.plant_model import PlantModel
from pipelines.dataset import COOLING, OVERHEAD, Dataset, figure_offset
from pipelines.features import KW_PER_TON
from pipelines.site import Site

Score = dict[str, Any]
NETWORK = "network alone"
SERVED = "served mixture"


def scores(
    site: Site,
    plant: pd.DataFrame,
    data: Dataset,
    held_out: np.ndarray,
    network: PlantModel,
    competitors: list[Baseline],
) -> list[Score]:
    """One row per model: errors of the figure and of cooling power on the held-out rows (n,).

    The network was learned from the other rows; the competitors are fitted to them here, cleaned in the same way.
    """
    last = _last_readings(site, plant, data)
    judged = held_out & np.isfinite(last[OVERHEAD])
    predicted = network.predict(data.rows.x[judged])
    found = [_score(site, data, judged, SERVED, {name: predicted[name] for name in (OVERHEAD, COOLING)})]
    learned_from, _ = without_outliers(data.rows.where(~held_out))
    for model in competitors:
        predicted = _predictions(model, data, last, learned_from, judged)
        found.append(_score(site, data, judged, model.name, predicted))
    return found


def verdict(found: list[Score]) -> str:
    """Whether what is served is the best, in words; a simple model that wins is named."""
    served, *others = sorted(found, key=lambda score: score["model"] != SERVED)
    persistence = [score for score in others if "last reading" in score["model"]]
    rivals = [score for score in others if score not in persistence and score["model"] != NETWORK]
    lines = [_against(served, min(rivals, key=lambda score: score["mae_figure"]))]
    if persistence and persistence[0]["mae_figure"] < served["mae_figure"]:
        lines.append(
            f"Persistence has {persistence[0]['mae_figure']:.4f}, but cannot say what other setpoints would do."
        )
    return " ".join(lines)


def _against(network: Score, rival: Score) -> str:
    ours, theirs = network["mae_figure"], rival["mae_figure"]
    if ours <= theirs:
        return f"The served mixture is best: MAE {ours:.4f}; next is {rival['model']} with {theirs:.4f}."
    return f"A simple model is best: {rival['model']} has MAE {theirs:.4f}, the served mixture {ours:.4f}."


def _predictions(
    model: Baseline, data: Dataset, last: dict[str, np.ndarray], learned_from: Rows, judged: np.ndarray
) -> dict[str, np.ndarray]:
    predictions = {}
    no_reading = np.full(len(learned_from), np.nan)
    for name in (OVERHEAD, COOLING):
        if name not in dict(data.rows.same_as):
            model.fit(Ratio(learned_from.x, learned_from.target(name), learned_from.load_kw, no_reading))
        rows = Ratio(data.rows.x, data.rows.target(name), data.rows.load_kw, last[name])
        predictions[name] = model.predict(rows.where(judged))
    return predictions


def _last_readings(site: Site, plant: pd.DataFrame, data: Dataset) -> dict[str, np.ndarray]:
    """The reading before each row: of the figure, and of cooling power over the row's own load."""
    before = plant[["figure", "cooling_kw"]].ffill().shift(1).loc[data.index]
    return {
        OVERHEAD: before["figure"].to_numpy() - figure_offset(site),
        COOLING: before["cooling_kw"].to_numpy() / data.rows.load_kw,
    }


def _score(
    site: Site, data: Dataset, judged: np.ndarray, name: str, predicted: dict[str, np.ndarray]
) -> Score:
    rows = data.rows.where(judged)
    error = mae(rows.target(OVERHEAD), predicted[OVERHEAD])
    measured_kw, expected_kw = (ratio * rows.load_kw for ratio in (rows.target(COOLING), predicted[COOLING]))
    return {
        "model": name,
        "mae_figure": error,
        **({} if site.meters.it else {"mae_kw_per_ton": error * KW_PER_TON}),
        "cv_rmse_cooling": cv_rmse(measured_kw, expected_kw),
        "nmbe_cooling": nmbe(measured_kw, expected_kw),
    }
