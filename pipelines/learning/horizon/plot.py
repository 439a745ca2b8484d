"""Forecasts of the next hours as a figure: a panel for each target, its mean and the band of its 90 % interval."""

from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

LINE, BAND = "#1f77b4", "rgba(31,119,180,0.18)"


def forecast_figure(
    report: dict[str, Any], names: list[str] | None = None, *, title: bool = True
) -> go.Figure:
    """The figure of a report of `served.next_hours`; names: the targets to show, by default all that have one."""
    told = {
        name: one
        for name, one in report["targets"].items()
        if one["leads"] and (names is None or name in names)
    }
    titles = [f"{one['title']}{', ' * bool(one['unit'])}{one['unit']}" for one in told.values()]
    figure = make_subplots(
        rows=max(len(told), 1), shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.08
    )
    for row, one in enumerate(told.values(), start=1):
        times = [report["known_at"], *(lead["time"] for lead in one["leads"])]
        lower, mean, upper = (
            [one["present"], *(lead[end] for lead in one["leads"])] for end in ("lower", "mean", "upper")
        )
        figure.add_scatter(
            x=[*times, *times[::-1]], y=[*upper, *lower[::-1]], fill="toself", fillcolor=BAND, line={"width": 0},
            hoverinfo="skip", name="90 % interval", legendgroup="band", showlegend=row == 1, row=row, col=1,
        )  # fmt: skip
        figure.add_scatter(
            x=times, y=mean, mode="lines", line={"color": LINE}, name="forecast", legendgroup="mean",
            showlegend=row == 1, row=row, col=1,
        )  # fmt: skip
    told_from = f"{report['site']}: forecast from telemetry to {report['known_at']:%Y-%m-%d %H:%M} UTC"
    return figure.update_layout(
        title=told_from if title else None,
        margin={"t": 80 if title else 30, "b": 10},
        hovermode="x unified",
        template="plotly_white",
        height=120 + 210 * max(len(told), 1),
        legend={"orientation": "h", "y": -0.05},
    )
