"""Errors of a version on the rows since a time, one function a kind: the same rows for champion and challenger."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.horizon import forecast
from models.horizon.series import earlier
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.cascade.bundle import read_cascade
from pipelines.learning.cascade.dataset import inputs_of
from pipelines.learning.cascade.scores import predicted
from pipelines.learning.efficiency.bundle import read_bundle
from pipelines.learning.efficiency.predict import served
from pipelines.learning.horizon.bundle import read_horizon
from pipelines.learning.horizon.dataset import record_of, regular
from pipelines.learning.registry import Files, Kind
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, plant_table
from pipelines.telemetry.store import Store

LOOKED_BACK = pd.Timedelta(
    days=37
)  # what follows errors needs of the time before: four weeks, a week and a day
FEWEST_ROWS = 96  # to judge by


class Evidence(NamedTuple):
    """Predictions of one version on rows since a time.

    error: pd.Series of absolute errors in `unit`, index UTC time, NaN where there is none. bias: mean of predicted less
    measured over the mean measured, NaN where that is no quantity to take a share of. inside: share of rows within the
    90 % interval, None for a kind without. seconds: that it took.
    """

    error: pd.Series
    unit: str
    bias: float
    inside: pd.Series | None
    seconds: float


class Recent(NamedTuple):
    """Telemetry to judge on: the interval table and plant quantities, with what lies before `since` to start from."""

    site: Site
    table: pd.DataFrame
    plant: pd.DataFrame
    since: pd.Timestamp


def recent(site: Site, settings: Settings, since: pd.Timestamp, until: pd.Timestamp | None) -> Recent:
    """Telemetry since a time. Raises StoreError without a store."""
    table = Store(settings.store, site).read(start=since - LOOKED_BACK, end=until)
    return Recent(site, table, plant_table(site, table), since)


def evidence(kind: Kind, of: Recent, files: Files) -> Evidence:
    """Evidence of a version. Raises ModelError where it cannot be read, or these rows lack what it asks for."""
    begun = time.perf_counter()
    try:
        found = _KINDS[kind](of, files)
    except KeyError as cause:
        raise ModelError(f"{files.version} cannot be judged: {cause} is not recorded") from cause
    return found._replace(seconds=time.perf_counter() - begun)


def _cascade(of: Recent, files: Files) -> Evidence:
    inputs = inputs_of(of.site, of.plant)
    rows = inputs.settled & np.asarray(of.plant.index >= of.since)
    if not rows.any():
        raise ModelError("no settled row has been recorded since")
    measured_kw, expected_kw = inputs.cooling_kw[rows], predicted(read_cascade(files), inputs, rows)
    error = pd.Series(np.abs(expected_kw - measured_kw), of.plant.index[rows])
    return Evidence(error, "kW of cooling power", _bias(expected_kw, measured_kw), None, 0.0)


def _efficiency(of: Recent, files: Files) -> Evidence:
    bundle = read_bundle(files)
    if bundle.metadata["figure_name"] != figure_name(of.site):
        raise ModelError(f"{files.version} predicts another figure")
    told = served(of.site, bundle, of.table)
    told = told[(told.index >= of.since) & np.isfinite(told["measured"] + told["predicted"])]
    inside = (told["measured"] >= told["lower"]) & (told["measured"] <= told["upper"])
    bias = _bias(told["predicted"].to_numpy(), told["measured"].to_numpy())
    error = (told["predicted"] - told["measured"]).abs()
    return Evidence(error, figure_name(of.site), bias, inside, 0.0)


def _horizon(of: Recent, files: Files) -> Evidence:
    """Errors over those of persistence, averaged over targets and leads, of a forecast every hour."""
    horizon = read_horizon(files, of.site).served
    plant = regular(of.plant, of.site.interval_minutes)
    record = record_of(of.site, plant, list(horizon.names), list(horizon.mixtures))
    fresh = int((plant.index < of.since).sum())
    rows = np.arange(fresh, len(record), record.rows_in(1.0))
    errors, insides = [], []
    for target in horizon.mixtures:
        told = forecast(horizon, record, target, rows, horizon.leads_min, fresh_from=fresh)
        for number, lead_min in enumerate(horizon.leads_min):
            later = earlier(record.readings[target], -record.rows_in(lead_min / 60.0))[rows]
            still = (
                np.nanmean(np.abs(told.candidates[0][number] - later)) if np.isfinite(later).any() else np.nan
            )
            errors.append(np.abs(told.mean[number] - later) / max(float(still), 1e-12))
            inside = (later >= told.lower[number]) & (later <= told.upper[number])
            insides.append(np.where(np.isfinite(later + told.mean[number]), inside, np.nan))
    times = plant.index[rows]
    return Evidence(_mean(errors, times), "of persistence's error", np.nan, _mean(insides, times), 0.0)


def _mean(rows: list[np.ndarray], times: pd.Index) -> pd.Series:
    return pd.DataFrame(np.array(rows).T, index=times).mean(axis=1)


def _bias(predicted: np.ndarray, measured: np.ndarray) -> float:
    return (
        float((predicted - measured).mean() / max(abs(float(measured.mean())), 1e-12))
        if len(measured)
        else np.nan
    )


_KINDS: dict[Kind, Callable[[Recent, Files], Evidence]] = {
    "cascade": _cascade, "efficiency": _efficiency, "horizon": _horizon,
}  # fmt: skip
