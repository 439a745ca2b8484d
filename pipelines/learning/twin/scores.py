"""Errors of a twin for power and rack inlet from setpoints, load and weather, beside a quadratic regression."""

from typing import Any

import numpy as np
import pandas as pd

from models.evaluate import cv_rmse, nmbe
from models.ridge import terms
from models.twin import OVERHEAD, Conditions, Record, Twin, predict
from models.twin.run import channel

TWIN, QUADRATIC = "twin", "quadratic regression"
COOLING = "cooling_w"
CONSTANT = 1e-6  # spread of an input below which it did not move
SETTLE_HOURS = 6.0  # from rest, before a prediction is judged


def power_of(record: Record) -> str:
    """The channel that is judged: overhead, or the cooling plant's power where IT is not metered."""
    return OVERHEAD if record.metered_it else COOLING


def predictions(twin: Twin, record: Record, channels: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The twin's predictions for a record from its setpoints, load and weather alone, by channel (n,).

    NaN where an input was missing within the hours before.
    """
    inputs = record.filled_inputs()
    sensors = predict(twin, inputs.setpoints, Conditions(*inputs[1:]))
    judged = record.settled(SETTLE_HOURS)
    return {name: np.where(judged, np.asarray(channel(sensors, name)), np.nan) for name in channels}


def quadratic(record: Record, rows: np.ndarray, target: np.ndarray) -> "Quadratic":
    """Least squares of all products of two of the twin's own inputs on `rows` of the record."""
    return Quadratic(_inputs(record)[rows], target[rows])


class Quadratic:
    """Ordinary least squares of a target on all products of two inputs; standardised, rows with gaps left out."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        complete = np.isfinite(x).all(axis=1) & np.isfinite(y)
        self._varies = x[complete].std(axis=0) > CONSTANT
        x = x[complete][:, self._varies]
        self._mean, self._scale = x.mean(axis=0), x.std(axis=0)
        self._weights = np.linalg.lstsq(self._terms(x), y[complete], rcond=None)[0]

    def predict(self, record: Record) -> np.ndarray:
        """Predictions (n,), NaN where an input is missing; inputs that did not vary in the fit are not used."""
        return self._terms(_inputs(record)[:, self._varies]) @ self._weights

    def _terms(self, x: np.ndarray) -> np.ndarray:
        z = (x - self._mean) / self._scale
        return terms(z, z)


def _inputs(record: Record) -> np.ndarray:
    inputs = record.inputs
    weather = [inputs.outdoor_wetbulb_c, inputs.outdoor_drybulb_c]
    return np.stack([inputs.it_w.sum(axis=1), *weather, *inputs.setpoints.values()], axis=1)


def scores(
    record: Record, times: pd.DatetimeIndex, predicted: dict[str, dict[str, np.ndarray]]
) -> list[dict[str, Any]]:
    """One row per model of `predicted` (model -> channel -> (n,)): power and rack inlet, where all models have both.

    cv_rmse, nmbe of power on hourly means, cv_rmse_interval on the site's own interval, rack_inlet_rmse_k hourly.
    """
    power, rows = power_of(record), []
    common = np.logical_and.reduce([np.isfinite(of[power]) for of in predicted.values()])
    for model, of in predicted.items():
        row: dict[str, Any] = {"model": model}
        frame = pd.DataFrame({"measured": record.measured[power], "predicted": of[power]}, index=times)[
            common
        ].dropna()
        hourly = whole_hours(frame, record.dt_s)
        row |= {
            "cv_rmse": cv_rmse(*_pair(hourly)),
            "nmbe": nmbe(*_pair(hourly)),
            "cv_rmse_interval": cv_rmse(*_pair(frame)),
            "hours": len(hourly),
        }
        if "rack_inlet_c" in of and "rack_inlet_c" in record.measured:
            inlet = {"measured": record.measured["rack_inlet_c"], "predicted": of["rack_inlet_c"]}
            error = whole_hours(pd.DataFrame(inlet, index=times).dropna(), record.dt_s).diff(axis=1)[
                "predicted"
            ]
            row["rack_inlet_rmse_k"] = float(np.sqrt((error**2).mean()))
        rows.append(row)
    return rows


def whole_hours(frame: pd.DataFrame, dt_s: float) -> pd.DataFrame:
    """Hourly means of the hours of which every interval is there."""
    by_hour = frame.resample("h")
    return by_hour.mean()[by_hour.size() >= max(1, round(3600 / dt_s))]


def _pair(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return frame["measured"].to_numpy(), frame["predicted"].to_numpy()
