"""What a training logs beside parameters and errors: the telemetry it learned from, its signature, a plot of errors."""

import json
from typing import Any

import plotly.graph_objects as go
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from pipelines.learning.job import Job
from pipelines.learning.registry import Kind
from pipelines.site.setpoints import setpoint_names

DIGEST = 36  # characters of a digest that MLflow keeps
OUTCOMES = ("facility_kw", "cooling_kw", "it_kw", "rack_inlet_c", "dew_point_c")


def log_about(client: MlflowClient, job: Job, kind: Kind, report: dict[str, Any]) -> None:
    """Log them to the run of a report. Raises MlflowException."""
    run_id = report.get("run_id")
    if not run_id:
        return
    client.log_inputs(run_id, [DatasetInput(_dataset(job), [InputTag("mlflow.data.context", "training")])])
    client.log_dict(run_id, _signature(job, kind).to_dict(), "signature.json")
    figure = errors_figure(kind, report.get("scores") or [])
    if figure is not None:
        client.log_figure(run_id, figure, "errors.html")


def errors_figure(kind: Kind, scores: list[dict[str, Any]]) -> go.Figure | None:
    """Errors on the time held out: a bar a model, or for a horizon a line a target over the lead; None without any."""
    if kind == "horizon":
        return _by_lead(scores)
    name, title = (
        ("mae_kw", "MAE of cooling power, kW") if kind == "cascade" else ("mae_figure", "MAE of the figure")
    )
    rows = sorted(
        ((row["model"], row[name]) for row in scores if row.get(name) is not None), key=lambda row: -row[1]
    )
    if not rows:
        return None
    figure = go.Figure(
        go.Bar(x=[error for _, error in rows], y=[model for model, _ in rows], orientation="h")
    )
    figure.update_layout(title=f"{kind}: time held out", xaxis_title=title, template="plotly_white")
    figure.update_yaxes(automargin=True)
    return figure


def _by_lead(scores: list[dict[str, Any]]) -> go.Figure | None:
    targets = list(dict.fromkeys(row["target"] for row in scores))
    if not targets:
        return None
    figure = go.Figure()
    for target in targets:
        rows = [row for row in scores if row["target"] == target]
        ratio = [row["mae"] / max(row["persistence"], 1e-12) for row in rows]
        figure.add_scatter(
            x=[row["lead_min"] / 60.0 for row in rows], y=ratio, name=target, mode="lines+markers"
        )
    figure.add_hline(y=1.0, line_dash="dot", annotation_text="persistence")
    figure.update_layout(
        title="horizon: time held out",
        xaxis_title="lead, h",
        yaxis_title="MAE over persistence's",
        template="plotly_white",
    )
    return figure


def _dataset(job: Job) -> Dataset:
    table = job.table
    profile = {
        "rows": len(table), "first": table.index[0].isoformat(), "last": table.index[-1].isoformat(),
        "interval_minutes": job.site.interval_minutes,
    }  # fmt: skip
    return Dataset(
        name=f"telemetry of {job.site.name}",
        digest=job.fingerprint[:DIGEST],
        source_type="coldaisle store",
        source=json.dumps({"site": job.site.name, "fingerprint": job.fingerprint, "until": str(job.until)}),
        schema=json.dumps({"columns": [str(name) for name in table.columns]}),
        profile=json.dumps(profile),
    )


def _signature(job: Job, kind: Kind) -> ModelSignature:
    """Inputs and outputs by name, all of them doubles in the units of their names."""
    known = [str(name) for name in job.plant.columns]
    weather = [name for name in known if name.startswith("outdoor_")]
    inputs = {"cascade": ["load_kw", *weather, *setpoint_names(job.site)]}.get(kind, known)
    outputs = {"cascade": OUTCOMES, "horizon": ("mean", "lower", "upper")}.get(
        kind, ("figure", "lower", "upper")
    )
    schemas = {
        name: Schema([ColSpec("double", column) for column in columns])
        for name, columns in (("inputs", inputs), ("outputs", outputs))
    }
    return ModelSignature(**schemas)  # type: ignore[arg-type]
