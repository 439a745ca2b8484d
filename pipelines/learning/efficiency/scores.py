"""Scores of the served model beside the simple models, on the same held-out rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.efficiency.baselines import Baseline, Ratio
from models.efficiency.learn import Rows, without_outliers
from models.efficiency.model import PlantModel
from models.evaluate import cv_rmse, mae, nmbe
from pipelines.learning.efficiency.dataset import COOLING, OVERHEAD, Dataset, figure_offset
from pipelines.learning.tracking import Score
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import KW_PER_TON

NETWORK = "network alone"
MIXTURE = "mixture"
SERVED = "served"
PERSISTENCE = "persistence, last reading"


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
    last = last_readings(site, plant, data)
    judged = held_out & np.isfinite(last[OVERHEAD])
    learned_from, _ = without_outliers(data.rows.where(~held_out))
    predicted = {MIXTURE: mixture.predict(data.rows.x[judged])}
    predicted |= {model.name: _predictions(model, data, last, learned_from, judged) for model in competitors}
    return HeldOut(np.flatnonzero(judged), predicted)


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
    """Which model is served and whether it is the best, in words; a simple model that is better is named.

    served: its name. Rows with `mae_last_error_carried` are judged by it where it is served.
    """
    by_name = {row["model"]: row for row in rows}
    rivals = [row for row in rows if row["model"] not in (SERVED, MIXTURE, NETWORK, PERSISTENCE)]
    best = min(rivals, key=lambda row: row["mae_figure"])
    ours = by_name[SERVED if SERVED in by_name else served]["mae_figure"]
    what = f"Served is {served}, its last error carried" if SERVED in by_name else f"Served is the {served}"
    text = f"{what}: MAE {ours:.4g}; the best simple model is {best['model']} with {best['mae_figure']:.4g}"
    carrying = [row for row in rivals if row.get("mae_last_error_carried") is not None]
    if SERVED in by_name and carrying:
        closest = min(carrying, key=lambda row: row["mae_last_error_carried"])
        text += f" ({closest['model']} {closest['mae_last_error_carried']:.4g} if it carried its errors too)"
    if PERSISTENCE in by_name:
        text += f", persistence has {by_name[PERSISTENCE]['mae_figure']:.4g}"
    worse = min(best["mae_figure"], by_name.get(PERSISTENCE, best)["mae_figure"]) < ours
    return text + (". What is served is not the best." if worse else ".")


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


def last_readings(site: Site, plant: pd.DataFrame, data: Dataset) -> dict[str, np.ndarray]:
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
