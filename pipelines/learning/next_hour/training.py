"""Learn and register a site's model of the next hour: `coldaisle.<site>.next_hour`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow import MlflowClient

from models.efficiency.intervals import tercile_of
from models.efficiency.learn import Learned
from models.efficiency.online_intervals import History, Rows, follow
from models.efficiency.training import FitConfig
from models.evaluate import mae
from pipelines.errors import ModelError
from pipelines.learning.efficiency.bundle import Bundle, champion, register
from pipelines.learning.efficiency.configurations import Configuration, kept_configuration
from pipelines.learning.efficiency.scores import MIXTURE
from pipelines.learning.efficiency.selection import Serving
from pipelines.learning.folds import folds
from pipelines.learning.next_hour.model import OVERHEAD_CHANGE
from pipelines.learning.next_hour.rows import CHANGE, HIDDEN, HORIZON, PARTS, NextHour, next_hour
from pipelines.learning.registry import CHALLENGER, CHAMPION, TIE, give_alias, model_name
from pipelines.telemetry.plant_table import figure_name

if TYPE_CHECKING:
    from pipelines.learning.job import Job


def train_next_hour(job: "Job", client: MlflowClient, experiment: str) -> dict[str, Any]:
    """Learn, judge on the last 30 % of every stretch, register; the report. Raises ModelError with too little."""
    from pipelines.learning.efficiency.training import learned
    from pipelines.learning.tracking import run_of

    data = next_hour(job.site, job.plant)
    train, test = _split(job, data)
    usual = Configuration("usual", replace(FitConfig(), hidden=HIDDEN), PARTS)
    how = kept_configuration(client, experiment, "next_hour", PARTS) or usual
    config = job.config or how.networks
    with ThreadPoolExecutor(2) as pool:
        fits = [
            pool.submit(learned, job.site, data.rows.where(rows), config, job.seed, parts=how.parts)
            for rows in (train, np.ones(len(train), bool))
        ]
        twin, served = (how.apply(fit.result()) for fit in fits)
    serving, carried_kw = _serving(job, data, test, twin)
    report = _report(job, data, test, twin) | {"mae_kw": carried_kw}
    job.say(f"next_hour: {_said(report)}")
    with run_of(client, experiment, "train", "next_hour") as run_id:
        for name in ("mae_kw", "mae_kw_uncarried", "mae_kw_persistence"):
            client.log_metric(run_id, name, report[name])
        client.log_param(run_id, "fingerprint", job.fingerprint)
        client.log_param(run_id, "until", str(job.until))
        client.log_dict(run_id, report, "report.json")
        version = register(
            client, run_id, job.site, "next_hour", Bundle(served.model, twin.model, report, serving)
        )
        alias, why = _compared(job, client, data, test, report)
        give_alias(client, version, alias)
    name = model_name(job.site, "next_hour")
    return report | {"model": name, "version": str(version.version), "alias": alias, "why": why}


def _split(job: "Job", data: NextHour) -> tuple[np.ndarray, np.ndarray]:
    times = data.index.tz_convert(None).to_numpy()
    inputs, horizon = len(data.rows.inputs), HORIZON.to_timedelta64()
    fold = folds(times, "last-30-percent", inputs=inputs, horizon=horizon)[0]
    if not fold.test.any():
        raise ModelError(f'site "{job.site.name}" has too short a record to learn the next hour from')
    return fold.train, np.flatnonzero(fold.test)


def _serving(job: "Job", data: NextHour, test: np.ndarray, twin: Learned) -> tuple[Serving, float]:
    """What is known of the overhead's errors, and their mean with the last one carried on."""
    x = data.rows.x[test]
    answer = twin.model.ask(x)
    rows = Rows(
        times=data.index.tz_convert(None).to_numpy()[test],
        predicted=data.overhead_of(answer.mean, test),
        measured=data.overhead_kw[test],
        size=twin.model.residual_size(x)[data.rows.targets[0]],
        tercile=tercile_of(twin.model.intervals, data.rows.load_kw[test]),
        in_support=answer.in_support,
        counts=np.ones(len(test), bool),
    )
    start = History.of(twin.scores[data.rows.targets[0]], lag=round(HORIZON / job.site.interval))
    mean, _, history = follow(start, rows, HORIZON.to_timedelta64())
    return Serving(MIXTURE, "only it can be asked about setpoints", history), mae(rows.measured, mean)


def _report(job: "Job", data: NextHour, test: np.ndarray, twin: Learned) -> dict[str, Any]:
    predicted = twin.model.predict(data.rows.x[test])
    further = {
        name: mae(measured[test], predicted[name])
        for name, measured in data.further().items()
        if name != OVERHEAD_CHANGE
    }
    measured_kw = data.overhead_kw[test]
    return {
        "site": job.site.name,
        "kind": "next_hour",
        "figure_name": figure_name(job.site),
        "fingerprint": job.fingerprint,
        "learned_until": data.index[-1].isoformat(),
        "rows": len(data.rows),
        "held_out_rows": len(test),
        "inputs": list(data.rows.inputs),
        "targets": list(data.rows.targets),
        "submeters": data.submeters,
        "constant_other_kw": data.constant_other_kw,
        "combinations": job.combinations.as_dict(),
        "left_out": data.left_out,
        "notes": data.notes,
        "mae_kw_uncarried": mae(measured_kw, data.overhead_of(predicted, test)),
        "mae_kw_persistence": mae(measured_kw, data.present["overhead_kw"].to_numpy()[test]),
        "target_mae": further,
        "mixture": twin.mixture,
    }


def _compared(
    job: "Job", client: MlflowClient, data: NextHour, test: np.ndarray, report: dict[str, Any]
) -> tuple[str, str]:
    """Champion unless the present one is better on the held-out rows."""
    try:
        present = champion(client, job.site, "next_hour", job.settings)
    except ModelError as unreadable:
        return CHAMPION, str(unreadable)
    if present is None:
        return CHAMPION, "it is the first"
    model = present.held_out
    targets = {name + CHANGE for name in data.submeters}
    if model.inputs != data.rows.inputs or not targets <= set(model.targets):
        return CHAMPION, "the present champion has other inputs or targets"
    ours = report["mae_kw_uncarried"]
    theirs = mae(data.overhead_kw[test], data.overhead_of(model.predict(data.rows.x[test]), test))
    said = f"held-out MAE {ours:.4g} kW, the present champion's {theirs:.4g} kW"
    return (CHAMPION if ours <= theirs * (1.0 + TIE) else CHALLENGER), said


def _said(report: dict[str, Any]) -> str:
    return (
        f"mean overhead of the next hour within {report['mae_kw']:.3g} kW on time held out, "
        f"persistence {report['mae_kw_persistence']:.3g} kW"
    )
