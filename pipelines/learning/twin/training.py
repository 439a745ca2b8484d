"""Fit a site's twin, judge it beside a quadratic regression, log it to MLflow, register it."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from models.errors import DivergedError, TooFewRowsError, UnphysicalError
from models.twin import CHANNELS, HeldOut, Record, Twin, TwinConfig, fit_and_judge, to_document
from pipelines.config import Settings
from pipelines.errors import ModelError, SiteError
from pipelines.files import write_page
from pipelines.learning.publish import Errors, Judge, publish
from pipelines.learning.registry import Files
from pipelines.learning.tracking import experiment_id, log_scores, run_of, tracking
from pipelines.learning.twin.bundle import FOLDER, KIND, log_twin, read_twin
from pipelines.learning.twin.dataset import clock, record_of
from pipelines.learning.twin.plot import twin_figure
from pipelines.learning.twin.scores import QUADRATIC, TWIN, power_of, predictions, quadratic, scores
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

Progress = Callable[[str], None]
Span = tuple[pd.Timestamp | None, pd.Timestamp | None]
_UNKNOWN = {
    "nameplate": None,
    "value": None,
    "low": None,
    "high": None,
}  # a curve's bend has no figure of its own
Predicted = dict[str, dict[str, np.ndarray]]  # model -> channel -> (n,)


@dataclass(frozen=True)
class _Judged:
    """A stretch of telemetry and the predictions of each model."""

    record: Record
    times: pd.DatetimeIndex
    predicted: Predicted

    def scores(self) -> list[dict[str, Any]]:
        return scores(self.record, self.times, self.predicted)


def train_twin(
    site: Site,
    settings: Settings,
    *,
    span: Span = (None, None),
    test: Span | None = None,
    seed: int = 0,
    config: TwinConfig | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Fit and register the twin on telemetry of `span`; the report. With `test`, it also predicts that stretch.

    Raises StoreError without telemetry, ModelError where it is too little, unphysical, or does not converge (the
    champion stays), SiteError where [twin] describes no plant, TrackingError where MLflow does not answer.
    """
    started = time.monotonic()
    store, config = Store(settings.store, site), config or TwinConfig()
    table = store.read(*span)
    record, times = record_of(site, table), clock(site, table)
    twin, held_out = _fitted(site, record, config, seed, progress)
    judged = {"left out in blocks": _cross_validated(record, times, held_out)}
    if test is not None:
        judged["test"] = _tested(site, store, record, twin, test)
    report = _report(site, store, record, times, twin, judged, seed)
    with tracking(settings) as client:
        experiment = experiment_id(client, site.name, settings)
        with run_of(client, experiment, "twin", "twin") as run_id:
            _log(client, run_id, config, report, judged, site)
            log_twin(client, run_id, twin, json.loads(json.dumps(report)))
            judge = _judge(record, times, report)
            report |= publish(client, run_id, site, KIND, settings, folder=FOLDER, judge=judge)
    return report | {"tracking_uri": settings.tracking_uri, "seconds": time.monotonic() - started}


def _fitted(
    site: Site, record: Record, config: TwinConfig, seed: int, progress: Progress
) -> tuple[Twin, HeldOut]:
    try:
        return fit_and_judge(record, dict(site.twin or {}), config=config, seed=seed, say=progress)
    except UnphysicalError as error:
        raise ModelError(f'telemetry of site "{site.name}" is not that of a plant: {error}') from error
    except TooFewRowsError as error:
        raise ModelError(
            f'site "{site.name}" has too little to fit a twin to: {error}; '
            f"see what is left out: coldaisle quality --site {site.name}"
        ) from error
    except DivergedError as error:
        raise ModelError(
            f'the twin of site "{site.name}" does not converge: {error}; the champion stays'
        ) from error
    except ValueError as error:
        raise SiteError(f"[twin] does not describe a plant: {error}; edit [twin] in the site file") from error


def _cross_validated(record: Record, times: pd.DatetimeIndex, held_out: HeldOut) -> _Judged:
    """The twin and the regression, each row predicted by a model that has not seen its block of time."""
    power = power_of(record)
    regression = np.full(len(record), np.nan)
    for fold in np.unique(held_out.fold[held_out.fold >= 0]):
        outside = (held_out.fold >= 0) & (held_out.fold != fold)
        if outside.any():
            model = quadratic(record, outside, record.measured[power])
            regression = np.where(held_out.fold == fold, model.predict(record), regression)
    return _Judged(record, times, {TWIN: held_out.predicted, QUADRATIC: {power: regression}})


def _tested(site: Site, store: Store, learned_from: Record, twin: Twin, test: Span) -> _Judged:
    table = store.read(*test)
    record, power = record_of(site, table), power_of(learned_from)
    channels = tuple(name for name in CHANNELS if name in record.measured)
    everything = np.ones(len(learned_from), bool)
    model = quadratic(learned_from, everything, learned_from.measured[power])
    predicted: Predicted = {
        TWIN: predictions(twin, record, channels),
        QUADRATIC: {power: model.predict(record)},
    }
    return _Judged(record, clock(site, table), predicted)


def _report(
    site: Site,
    store: Store,
    record: Record,
    times: pd.DatetimeIndex,
    twin: Twin,
    judged: dict[str, _Judged],
    seed: int,
) -> dict[str, Any]:
    return {
        "site": site.name,
        "power": power_of(record),
        "fingerprint": store.fingerprint(),
        "seed": seed,
        "learned_from": times[0].isoformat(),
        "learned_until": times[-1].isoformat(),
        "rows": len(record),
        "known_rows": int(record.known.sum()),
        "nameplate": twin.nameplate,
        "parameters": [_UNKNOWN | estimate for estimate in to_document(twin)["estimates"]],
        "not_pinned": list(twin.not_pinned),
        "assumed": list(record.assumed),
        "bounds": {name: asdict(bounds) for name, bounds in twin.bounds.items()},
        "scores": {name: of.scores() for name, of in judged.items()},
    }


def _judge(record: Record, times: pd.DatetimeIndex, report: dict[str, Any]) -> Judge:
    """CV(RMSE) of power on time left out of this twin, and of the present champion on the same telemetry."""

    def judge(files: Files) -> Errors:
        present = read_twin(files).twin
        if present.metered_it != record.metered_it or present.dt_s != record.dt_s:
            raise ModelError("the present champion is of another description of the site")
        power = power_of(record)
        theirs = scores(record, times, {TWIN: predictions(present, record, (power,))})[0]["cv_rmse"]
        ours = report["scores"]["left out in blocks"][0]["cv_rmse"]
        text = f"CV(RMSE) {ours:.2%} on time left out, the present champion's {theirs:.2%}"
        return Errors(ours, theirs, text)

    return judge


def _log(
    client: MlflowClient,
    run_id: str,
    config: TwinConfig,
    report: dict[str, Any],
    judged: dict[str, _Judged],
    site: Site,
) -> None:
    plain = {name: report[name] for name in ("rows", "fingerprint", "seed", "learned_from", "learned_until")}
    client.log_batch(
        run_id, params=[Param(key, str(value)) for key, value in (asdict(config) | plain).items()]
    )
    for name, rows in report["scores"].items():
        log_scores(client, run_id, rows, prefix=f"{name.replace(' ', '_')}.")
    now = int(time.time() * 1000)
    values = [(row["name"], row["value"]) for row in report["parameters"] if row["value"] is not None]
    metrics = [
        Metric(f"parameter.{name.replace('[', '.').replace(']', '')}", value, now, 0)
        for name, value in values
    ]
    client.log_batch(run_id, metrics=metrics)
    client.log_dict(run_id, report, "report.json")
    with TemporaryDirectory() as folder:
        for name, of in judged.items():
            figure = twin_figure(of.record, of.times, of.predicted, f"{site.title}: {name}")
            client.log_artifact(
                run_id, str(write_page(figure, Path(folder) / f"{name.replace(' ', '_')}.html"))
            )
