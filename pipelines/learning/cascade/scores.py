"""Scores of the cascade beside simple models: cooling power of settled rows that none of them was fitted to."""

from typing import Any

import numpy as np
import pandas as pd

from models.buckets import bucket
from models.cascade.cascade import Cascade, expected_kw
from models.efficiency.baselines import GradientBoosting, QuadraticRidge, Ratio
from models.evaluate import cv_rmse, mae, nmbe
from pipelines.learning.cascade.dataset import Inputs, inputs_of
from pipelines.site.file import Site

Score = dict[str, Any]

CASCADE, PERSISTENCE, QUADRATIC, BOOSTING = (
    "cascade", "persistence, one hour before", "quadratic ridge, total", "gradient boosting, total",
)  # fmt: skip
BEFORE = pd.Timedelta(hours=1)  # of persistence
LEAST_ROWS = 20  # to fit a competitor to, and to judge by
NOTHING_IN_HAND = (
    "wetbulb_rise_k", "reach_bias_k", "inlet_bias_k", "cover_in_hand_k", "reach_in_hand_k"
)  # fmt: skip


def scores(
    site: Site,
    held_out: Cascade,
    plant: pd.DataFrame,
    judged: np.ndarray,
    learned_from: np.ndarray | None = None,
) -> list[Score]:
    """Errors of cooling power on the settled rows judged (n,) of a plant table, the cascade first.

    held_out: the cascade learned without the rows judged. Its competitors see the same inputs (load, weather,
    setpoints) and are fitted here to the settled rows of learned_from (n,), by default all that are not judged;
    persistence is the last reading that was an hour old. Rows: model, rows, mae_kw, nmbe, cv_rmse (fractions of the
    mean, ASHRAE Guideline 14). Empty where too few rows are settled. Raises KeyError where the cascade asks for what
    the site does not record.
    """
    inputs = inputs_of(site, plant)
    fitted = ~judged if learned_from is None else learned_from
    predicted_kw, rows = predictions(site, held_out, plant, inputs, fitted, judged)
    return summary(inputs.cooling_kw[rows], predicted_kw) if predicted_kw else []


def predictions(
    site: Site, held_out: Cascade, plant: pd.DataFrame, inputs: Inputs, fitted: np.ndarray, judged: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """kW (m,) by model of the settled rows among those judged, and which of the n rows these m are.

    fitted, judged (n,): rows to fit the competitors to and to predict. No model where too few are settled.
    """
    last_kw = _an_hour_before(site, plant["cooling_kw"])
    fitted, rows = fitted & inputs.settled, judged & inputs.settled & np.isfinite(last_kw)
    if rows.sum() < LEAST_ROWS or fitted.sum() < LEAST_ROWS:
        return {}, rows
    predicted_kw = {CASCADE: predicted(held_out, inputs, rows), PERSISTENCE: last_kw[rows]}
    return predicted_kw | _competitors(inputs, fitted, rows), rows


def summary(measured_kw: np.ndarray, predicted_kw: dict[str, np.ndarray]) -> list[Score]:
    """One row per model of errors on rows (n,)."""
    return [
        {
            "model": model,
            "rows": len(measured_kw),
            "mae_kw": mae(measured_kw, kw),
            "nmbe": nmbe(measured_kw, kw),
            "cv_rmse": cv_rmse(measured_kw, kw),
        }
        for model, kw in predicted_kw.items()
    ]


def predicted(cascade: Cascade, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    """kW of cooling power (m,) that a cascade expects of the m rows (n,) bool, without any feedback."""
    at = np.flatnonzero(rows)
    # Padded to a power of two, so that folds of similar size share compiled code.
    filled = np.concatenate([at, np.full(bucket(len(at)) - len(at), at[0])])
    columns = {name: values[filled] for name, values in inputs.by_name.items()}
    zero = np.zeros(len(filled))
    columns |= {"rack_inlet_now_c": inputs.rack_inlet_c[filled]} | dict.fromkeys(NOTHING_IN_HAND, zero)
    return np.asarray(expected_kw(cascade, columns), dtype=float)[: len(at)]


def cooling_error_kw(site: Site, cascade: Cascade, plant: pd.DataFrame, judged: np.ndarray) -> float:
    """Mean absolute error of cooling power, from load, weather and setpoints, over the settled rows judged (n,).

    NaN where no row has all of these. Raises KeyError where the cascade asks for what the site does not record.
    """
    inputs = inputs_of(site, plant)
    rows = judged & inputs.settled
    if not rows.any():
        return float("nan")
    return mae(inputs.cooling_kw[rows], predicted(cascade, inputs, rows))


def verdict(rows: list[Score]) -> str:
    """Whether the cascade predicts better than its competitors, in words."""
    if not rows:
        return "too few settled rows are held out to judge the cascade by"
    error_kw = {row["model"]: row["mae_kw"] for row in rows}
    simple = min((QUADRATIC, BOOSTING), key=lambda model: error_kw[model])
    ours = error_kw[CASCADE]
    text = (
        f"The cascade predicts cooling power of {rows[0]['rows']:,} settled rows held out within {ours:.3g} kW (MAE); "
        f"the best simple model, {simple}, within {error_kw[simple]:.3g} kW; "
        f"{PERSISTENCE}, within {error_kw[PERSISTENCE]:.3g} kW"
    )
    better = [model for model in (simple, PERSISTENCE) if error_kw[model] < ours]
    return f"{text}. Better than the cascade: {', '.join(better)}." if better else f"{text}."


def _an_hour_before(site: Site, cooling_kw: pd.Series) -> np.ndarray:
    """The newest reading (n,) of cooling power that is an hour old."""
    regular = cooling_kw.reindex(pd.date_range(cooling_kw.index[0], cooling_kw.index[-1], freq=site.interval))
    before = regular.ffill().shift(max(1, round(BEFORE / site.interval)))
    return before.reindex(cooling_kw.index).to_numpy(dtype=float)


def _competitors(inputs: Inputs, fitted: np.ndarray, judged: np.ndarray) -> dict[str, np.ndarray]:
    """kW (m,) of the rows judged, by models of the total on the cascade's inputs."""
    x = np.stack([values for values in inputs.by_name.values() if np.isfinite(values[fitted]).all()], axis=1)
    one = np.ones(len(x))
    rows = Ratio(x, inputs.cooling_kw, one, one)
    models = {QUADRATIC: QuadraticRidge(), BOOSTING: GradientBoosting("ratio")}
    return {name: model.fit(rows.where(fitted)).predict(rows.where(judged)) for name, model in models.items()}
