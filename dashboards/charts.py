"""Tables to figures; nothing here reads a store, a model or the page."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

MEASURED, PREDICTED, MISSING = "#1f6f8b", "#d1632f", "#e9ecef"
BAND = "rgba(209,99,47,0.18)"
MOST_POINTS = 2_000  # more than a screen has pixels only slows the browser
MOST_QUALITY_COLUMNS = 400


def figure_over_time(table: pd.DataFrame, figure_name: str) -> go.Figure:
    """PUE (or kW per kW of cooling) over time.

    table: UTC index, column `measured` and, where there is a model, `predicted` with `lower` and `upper`. Gaps stay
    gaps.
    """
    table = thinned(table, MOST_POINTS)
    chart = go.Figure()
    if {"lower", "upper"} <= set(table):
        plain: dict = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        chart.add_scatter(x=table.index, y=table["upper"], showlegend=False, **plain)
        chart.add_scatter(
            x=table.index, y=table["lower"], name="90 % interval", fill="tonexty", fillcolor=BAND, **plain
        )
    for name, color in (("measured", MEASURED), ("predicted", PREDICTED)):
        if name in table:
            chart.add_scatter(
                x=table.index, y=table[name], name=name, mode="lines", line={"color": color, "width": 1.5}
            )
    chart.update_layout(
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        height=380,
        showlegend=True,
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.08},
        xaxis_title="UTC",
        yaxis_title=figure_name,
    )
    return chart


def thinned(table: pd.DataFrame, most_rows: int) -> pd.DataFrame:
    """Means over equal times, about `most_rows` at most; empty times stay NaN, so that lines break there."""
    if len(table) < 2:
        return table
    steps = pd.Series(table.index).diff().dropna()
    step, length = pd.Timedelta(steps.median()), table.index[-1] - table.index[0]
    coarser = max(1, int(np.ceil(length / step / most_rows)))
    return table.resample(step * coarser).mean()


def coverage_over_time(table: pd.DataFrame, tags: dict[str, str], interval: pd.Timedelta) -> go.Figure:
    """Share of intervals with a value, by point and time: gaps and dead sensors stand out as pale bands.

    table: interval table, UTC index. tags: what to call each of its columns. interval: the site's.
    """
    start, end = table.index[0], table.index[-1] + interval
    intervals = max(1, int(np.ceil((end - start) / interval / MOST_QUALITY_COLUMNS)))
    grid = pd.date_range(start, end, freq=interval, inclusive="left")
    held = table.notna().reindex(grid, fill_value=False).astype(float).resample(interval * intervals).mean()
    chart = go.Figure(
        go.Heatmap(
            x=held.index,
            y=[tags.get(str(column), str(column)) for column in held],
            z=held.T.to_numpy(),
            zmin=0.0,
            zmax=1.0,
            colorscale=[[0.0, MISSING], [1.0, MEASURED]],
            colorbar={"title": "coverage", "tickformat": ".0%"},
            hovertemplate="%{y}<br>%{x}<br>%{z:.0%}<extra></extra>",
        )
    )
    chart.update_layout(
        margin={"l": 10, "r": 10, "t": 10, "b": 10}, height=120 + 18 * held.shape[1], xaxis_title="UTC"
    )
    chart.update_yaxes(autorange="reversed")
    return chart
