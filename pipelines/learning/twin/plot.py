"""Measured against predicted: power over time, and every meter against its prediction."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from models.twin import Record
from pipelines.learning.twin.scores import QUADRATIC, TWIN, power_of, whole_hours

MEASURED, PREDICTED, OTHER = "#404040", "#1f77b4", "#c0a060"
ACROSS = 4
MOST_POINTS = 1500  # of one scatter: more only make the page larger


def twin_figure(
    record: Record, times: pd.DatetimeIndex, predicted: dict[str, dict[str, np.ndarray]], title: str
) -> go.Figure:
    """Hourly means; predicted: model -> channel -> (n,)."""
    channels = [name for name in predicted[TWIN] if name in record.measured]
    rows = 1 + -(-len(channels) // ACROSS)
    figure = make_subplots(
        rows=rows,
        cols=ACROSS,
        specs=[[{"colspan": ACROSS}, *[None] * (ACROSS - 1)], *[[{}] * ACROSS for _ in range(rows - 1)]],
        subplot_titles=[f"{label(power_of(record))} over time", *map(label, channels)],
        row_heights=[2.0, *[1.0] * (rows - 1)],
        vertical_spacing=0.35 / rows,
    )
    _over_time(figure, record, times, predicted)
    for number, name in enumerate(channels):
        hourly = _hourly(record, times, name, predicted[TWIN][name])
        _against(figure, 2 + number // ACROSS, 1 + number % ACROSS, hourly)
    return figure.update_layout(
        title=title, template="plotly_white", height=320 + 230 * rows, legend={"orientation": "h", "y": 1.04}
    )


def label(channel: str) -> str:
    """A channel's name and unit as read: `chiller_w` is drawn in kW."""
    name, _, unit = channel.rpartition("_")
    words = {
        "w": ("power", "kW"),
        "c": ("", "°C"),
        "speed": ("speed", "of rated"),
        "utilization": ("load", ""),
    }
    more, unit = words.get(unit, ("flow", "kg/s") if channel.endswith("kg_s") else (unit, ""))
    name = name.removesuffix("_kg").replace("_", " ")
    return f"{name} {more if more not in name else ''}".strip() + (f", {unit}" if unit else "")


def _over_time(
    figure: go.Figure,
    record: Record,
    times: pd.DatetimeIndex,
    predicted: dict[str, dict[str, np.ndarray]],
) -> None:
    power = power_of(record)
    hourly = _hourly(record, times, power, predicted[TWIN][power])
    lines = [("measured", hourly["measured"], MEASURED), (TWIN, hourly["predicted"], PREDICTED)]
    if QUADRATIC in predicted:
        other = _hourly(record, times, power, predicted[QUADRATIC][power])
        lines.append((QUADRATIC, other["predicted"], OTHER))
    for name, series, color in lines:
        figure.add_scatter(
            x=series.index, y=series, name=name, line={"color": color, "width": 1.1}, connectgaps=False, row=1, col=1
        )  # fmt: skip


def _against(figure: go.Figure, row: int, col: int, hourly: pd.DataFrame) -> None:
    complete = hourly.dropna()
    points = complete.iloc[:: max(1, len(complete) // MOST_POINTS)]
    figure.add_scattergl(
        x=points["predicted"], y=points["measured"], mode="markers", showlegend=False,
        marker={"size": 3, "color": PREDICTED, "opacity": 0.4}, row=row, col=col,
    )  # fmt: skip
    if len(points):
        ends = [float(points.min().min()), float(points.max().max())]
        figure.add_scatter(
            x=ends,
            y=ends,
            mode="lines",
            showlegend=False,
            line={"color": MEASURED, "width": 1},
            row=row,
            col=col,
        )


def _hourly(record: Record, times: pd.DatetimeIndex, name: str, predicted: np.ndarray) -> pd.DataFrame:
    scale = 1e-3 if name.endswith("_w") else 1.0
    frame = pd.DataFrame({"measured": record.measured[name], "predicted": predicted}, index=times) * scale
    return whole_hours(frame, record.dt_s)
