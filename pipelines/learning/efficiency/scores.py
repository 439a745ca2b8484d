"""Scores of the served model beside the simple models, on the same held-out rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.efficiency.baselines import Baseline, Ratio, baselines
from models.efficiency.learn import outliers_of
from models.efficiency.model import PlantModel
from models.evaluate import cv_rmse, mae, nmbe
from pipelines.learning.efficiency.before import names_before, readings_before
from pipelines.learning.efficiency.dataset import COOLING, OVERHEAD, Dataset, figure_offset
from pipelines.learning.tracking import Score
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import KW_PER_TON

NETWORK = "network alone"
MIXTURE = "mixture"
SERVED = "served"
PERSISTENCE = "persistence, last reading"
ALL_BUT_NETWORKS = "all but networks"
SIMPLE = tuple(model.name for model in baselines() if model.name != PERSISTENCE)


@dataclass(frozen=True)
class HeldOut:
    """Predictions of every model for rows that none was fitted to: rows (m,) of the data, model -> target -> (m,)."""

    rows: np.ndarray
    predicted: dict[str, dict[str, np.ndarray]]

    def of(self, target: str) -> dict[str, np.ndarray]:
        """One target's predictions by model."""
        return {model: targets[target] for model, targets in self.predicted.items()}


def predict_held_out(
    site: Site,
    plant: pd.DataFrame,
    data: Dataset,
    held_out: np.ndarray,
    mixture: PlantModel,
    competitors: list[Baseline],
) -> HeldOut:
    """Predictions of the mixture and its competitors for the held-out rows (n,) bool that have a reading before them.

    The mixture was learned from the other rows; the competitors are fitted to them here, cleaned in the same way.
    """
    rows = {name: ratio_rows(site, plant, data, name) for name in (OVERHEAD, COOLING)}
    judged = held_out & np.isfinite(rows[OVERHEAD].last_reading)
    kept = np.flatnonzero(~held_out)[~outliers_of(data.rows.where(~held_out))]
    predicted = {MIXTURE: mixture.predict(data.rows.x[judged])}
    predicted |= {model.name: _predictions(model, data, rows, kept, judged) for model in competitors}
    return HeldOut(np.flatnonzero(judged), predicted)


def ratio_rows(site: Site, plant: pd.DataFrame, data: Dataset, target: str) -> Ratio:
    """What simple models learn a target from: inputs, the reading before each row, and the state then."""
    last = plant["figure" if target == OVERHEAD else "cooling_kw"].ffill().shift(1).loc[data.index].to_numpy()
    last = last - figure_offset(site) if target == OVERHEAD else last / data.rows.load_kw
    before = readings_before(site, plant, data.rows.inputs).loc[data.index]
    names = names_before(before, data.rows.inputs)
    return Ratio(data.rows.x, data.rows.target(target), data.rows.load_kw, last, before.to_numpy(), names)


def scores(
    site: Site, data: Dataset, held_out: HeldOut, carried: dict[str, float] | None = None
) -> list[Score]:
    """One row per model: errors of the figure and of cooling power on the held-out rows.

    carried: errors of the figure with the last error carried on, by model, where the figure itself is served.
    """
    rows = [_score(site, data, held_out.rows, *item) for item in held_out.predicted.items()]
    for row in rows if carried else ():
        row["mae_last_error_carried"] = None if row["model"] == PERSISTENCE else (carried or {})[row["model"]]
    return rows


def verdict(rows: list[Score], served: str = MIXTURE) -> str:
    """What is served and whether it is the best, in words; a simple model that is better is named.

    served: the models and their weights. Simple models count with their errors carried, where that was judged.
    """
    by_name = {row["model"]: row for row in rows}
    ours = by_name[SERVED if SERVED in by_name else MIXTURE]["mae_figure"]
    rivals = {row["model"]: _carried(row) for row in rows if row["model"] in SIMPLE}
    best = min(rivals, key=lambda name: rivals[name])
    text = f"Served is {served}: MAE {ours:.4g}; the best simple model is {best} with {rivals[best]:.4g}"
    if by_name[best].get("mae_last_error_carried") is not None:
        text += f", its errors carried ({by_name[best]['mae_figure']:.4g} without)"
    if PERSISTENCE in by_name:
        text += f"; persistence has {by_name[PERSISTENCE]['mae_figure']:.4g}"
    if ALL_BUT_NETWORKS in by_name:
        text += f"; all models but the networks {by_name[ALL_BUT_NETWORKS]['mae_figure']:.4g}"
    worse = min(rivals[best], by_name.get(PERSISTENCE, by_name[best])["mae_figure"]) < ours
    return text + (". What is served is not the best." if worse else ".")


def _carried(row: Score) -> float:
    carried = row.get("mae_last_error_carried")
    return row["mae_figure"] if carried is None else carried


def _predictions(
    model: Baseline, data: Dataset, rows: dict[str, Ratio], kept: np.ndarray, judged: np.ndarray
) -> dict[str, np.ndarray]:
    predictions = {}
    for name, of_target in rows.items():
        if name not in dict(data.rows.same_as):
            model.fit(of_target.where(kept))
        predictions[name] = model.predict(of_target.where(judged))
    return predictions


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
