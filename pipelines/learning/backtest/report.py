"""A backtest as one HTML page: errors by model and group, coverage of intervals, sensitivity to inputs."""

from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from pipelines.learning.efficiency.scores import SERVED

MOST_POINTS = 3_000  # more points than pixels only slow the browser
MEASURED, PREDICTED, BAND = "#1f6f8b", "#d1632f", "rgba(209,99,47,0.18)"
STYLE = (
    "body{font-family:sans-serif;margin:2em;max-width:75em}"
    "td,th{padding:.2em .8em;text-align:right}td:first-child{text-align:left}"
)


def html_report(result: dict[str, Any], rows: pd.DataFrame, unit: str, offset: float) -> str:
    """The page. rows: those judged, as `judge.judged` gives them; offset is added to be shown."""
    parts = [
        _over_time(rows, unit, offset),
        _by_group(result["slices"], "mae", f"mean absolute error, {unit}"),
        _by_group(result["slices"], "coverage", "share of measured values inside the 90 % interval"),
        _sensitivity(result["sensitivity"], unit),
    ]
    charts = [part.to_html(full_html=False, include_plotlyjs=not number) for number, part in enumerate(parts)]
    title = escape(f"{result['site']}: {result['figure_name']}, backtest")
    intro = f"<p>{escape(result['split'])}, {result['held_out_rows']} rows in {result['folds']} folds.</p>"
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><title>{title}</title><style>{STYLE}</style></head>"
        f"<body><h1>{title}</h1>{intro}<p>{escape(result['verdict'])}</p>{_scores(result['by_time'])}"
        f"{_shuffled(result)}{''.join(charts)}</body></html>"
    )


def _shuffled(result: dict[str, Any]) -> str:
    if not result["shuffled"]:
        return ""
    return f"<h2>{escape(result['shuffled_split'])}</h2>{_scores(result['shuffled'])}"


def _scores(rows: list[dict[str, Any]]) -> str:
    table = pd.DataFrame(rows).dropna(axis="columns", how="all")
    return table.to_html(index=False, float_format=lambda value: f"{value:.4g}", border=0, na_rep="")


def _over_time(rows: pd.DataFrame, unit: str, offset: float) -> go.Figure:
    shown = rows.iloc[:: max(1, len(rows) // MOST_POINTS)]
    figure = go.Figure()
    # No line across the pause between folds: a row without values breaks it.
    gap = shown.index.to_series().diff() > 10 * shown.index.to_series().diff().median()
    shown = shown[["measured", SERVED, "lower", "upper"]].where(~gap) + offset
    figure.add_scatter(x=shown.index, y=shown["upper"], mode="lines", line={"width": 0}, showlegend=False)
    figure.add_scatter(
        x=shown.index, y=shown["lower"], mode="lines", line={"width": 0}, fill="tonexty", fillcolor=BAND,
        name="90 % interval",
    )  # fmt: skip
    for column, name, color in (("measured", "measured", MEASURED), (SERVED, "predicted", PREDICTED)):
        line = {"color": color, "width": 1.2}
        figure.add_scatter(x=shown.index, y=shown[column], name=name, mode="lines", line=line)
    return figure.update_layout(template="plotly_white", height=450, xaxis_title="UTC", yaxis_title=unit)


def _by_group(slices: list[dict[str, Any]], value: str, title: str) -> go.Figure:
    figure = go.Figure()
    for by in dict.fromkeys(row["by"] for row in slices):
        rows = [row for row in slices if row["by"] == by]
        error = None
        if value == "coverage":
            spans = [(row["coverage_high"] - row[value], row[value] - row["coverage_low"]) for row in rows]
            error = {"array": [up for up, _ in spans], "arrayminus": [down for _, down in spans]}
        names = [[by] * len(rows), [row["group"] for row in rows]]
        figure.add_bar(x=names, y=[row[value] for row in rows], error_y=error, name=by, marker_color=MEASURED)
    if value == "coverage":
        figure.add_hline(y=0.9, line_dash="dot")
    return figure.update_layout(template="plotly_white", height=420, showlegend=False, yaxis_title=title)


def _sensitivity(sensitivity: dict[str, float], unit: str) -> go.Figure:
    names = list(sensitivity)[::-1]
    figure = go.Figure(go.Bar(x=[sensitivity[name] for name in names], y=names, orientation="h"))
    title = f"growth of the error where an input is shuffled, {unit} (last fold)"
    return figure.update_layout(template="plotly_white", height=150 + 20 * len(names), xaxis_title=title)
