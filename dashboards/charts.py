"""Tables to figures; nothing here reads a store, a model or the page. Colours are Okabe and Ito's."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#9467bd", "#7f8c95"
LINES = (BLUE, ORANGE, GREEN, PURPLE, "#56b4e9", "#e69f00", "#8a6d00", GREY)
BAND = "rgba(213,94,0,0.18)"
MISSING, PRESENT = "#e69f00", BLUE
MOST_POINTS = 1_500  # more than a screen has pixels only slows the browser
HEIGHT = 320


def laid_out(chart: go.Figure, separators: str = ".,", height: int = HEIGHT, **layout: Any) -> go.Figure:
    """A figure with the layout that all share."""
    chart.update_layout(
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        height=height,
        separators=separators,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
        hoverlabel={"namelength": -1},
        **layout,
    )
    return chart


def figure_over_time(table: pd.DataFrame, figure_name: str, zone: str, separators: str = ".,") -> go.Figure:
    """PUE (or kW per kW of cooling) over time.

    table: UTC index, column `measured` and, where there is a model, `predicted` with `lower` and `upper`. Gaps stay
    gaps. zone: of the time axis.
    """
    table = local(thinned(table, MOST_POINTS), zone)
    chart = go.Figure()
    if {"lower", "upper"} <= set(table):
        _band(chart, table.index, table["lower"], table["upper"], BAND)
    for name, color in (("measured", BLUE), ("predicted", ORANGE)):
        if name in table:
            dash = "solid" if name == "measured" else "dot"
            line = {"color": color, "width": 1.6, "dash": dash}
            chart.add_scatter(x=table.index, y=table[name], name=name, mode="lines", line=line)
    return laid_out(
        chart, separators, hovermode="x unified", showlegend=True, xaxis_title=zone, yaxis_title=figure_name
    )


def forecast_over_time(
    target: dict[str, Any], known_at: pd.Timestamp, zone: str, separators: str = ".,"
) -> go.Figure:
    """The next hours of one target of a forecast: mean and the band of its 90 % interval."""
    times = pd.DatetimeIndex(
        [known_at, *(pd.Timestamp(lead["time"]) for lead in target["leads"])]
    ).tz_convert(zone)
    times = times.tz_localize(None)
    lower, mean, upper = (
        [target["present"], *(lead[end] for lead in target["leads"])] for end in ("lower", "mean", "upper")
    )
    chart = go.Figure()
    _band(chart, times, lower, upper, BAND)
    chart.add_scatter(x=times, y=mean, name="forecast", mode="lines", line={"color": ORANGE, "width": 1.8})
    title = f"{target['title']}{', ' * bool(target['unit'])}{target['unit']}"
    return laid_out(chart, separators, height=240, hovermode="x unified", xaxis_title=zone, yaxis_title=title)


def trends(table: pd.DataFrame, titles: dict[str, str], zone: str, separators: str = ".,") -> go.Figure:
    """Columns over time; those of one unit share an axis, at most two units are drawn.

    table: UTC index, values as shown. titles: name and unit of a column, "CHWS, °C".
    """
    table = local(thinned(table, MOST_POINTS), zone)
    units = list(dict.fromkeys(titles[str(name)].rsplit(", ", 1)[-1] for name in table))[:2]
    chart = go.Figure()
    for k, name in enumerate(table):
        unit = titles[str(name)].rsplit(", ", 1)[-1]
        if unit not in units:
            continue
        chart.add_scatter(
            x=table.index, y=table[name], name=titles[str(name)], mode="lines",
            line={"color": LINES[k % len(LINES)], "width": 1.5}, yaxis="y" if unit == units[0] else "y2",
        )  # fmt: skip
    axes: dict[str, Any] = {"yaxis_title": units[0] if units else ""}
    if len(units) > 1:
        axes["yaxis2"] = {"title": units[1], "overlaying": "y", "side": "right", "showgrid": False}
    return laid_out(
        chart, separators, height=360, hovermode="x unified", showlegend=True, xaxis_title=zone, **axes
    )


def parts_bar(parts: dict[str, float], separators: str = ".,") -> go.Figure:
    """Power by part as one bar each, kW, largest first."""
    ordered = sorted(parts.items(), key=lambda each: each[1])
    chart = go.Figure(
        go.Bar(
            x=[value for _, value in ordered], y=[name for name, _ in ordered], orientation="h",
            marker_color=BLUE, text=[f"{value:,.0f}" for _, value in ordered], textposition="auto", textangle=0,
        )
    )  # fmt: skip
    return laid_out(
        chart, separators, height=70 + 28 * max(len(ordered), 1), xaxis_title="kW", showlegend=False
    )


def inlet_map(
    inlets: list[dict[str, Any]], low: float, high: float, unit: str, separators: str = ".,"
) -> go.Figure:
    """Rack inlets where they are measured, m, coloured by how near they are to the envelope's edges.

    inlets: rows of label, value, position (two numbers) and hall.
    """
    chart = go.Figure(
        go.Scatter(
            x=[row["position"][0] for row in inlets], y=[row["position"][1] for row in inlets],
            mode="markers+text", text=[f"{row['value']:.1f}" for row in inlets], textposition="top center",
            hovertext=[f"{row['label']} {row['hall']}".strip() for row in inlets],
            marker={
                "size": 26, "symbol": "square", "color": [row["value"] for row in inlets], "cmin": low, "cmax": high,
                "colorscale": "Cividis", "colorbar": {"title": unit}, "line": {"width": 1, "color": GREY},
            },
        )
    )  # fmt: skip
    chart.update_yaxes(scaleanchor="x", title="m")
    return laid_out(chart, separators, height=360, xaxis_title="m", showlegend=False)


def inlet_bars(
    inlets: list[dict[str, Any]], low: float, high: float, unit: str, separators: str = ".,"
) -> go.Figure:
    """Rack inlets, the warmest first, with the edges of the envelope."""
    ordered = sorted(inlets, key=lambda row: row["value"])[-20:]
    outside = [not low <= row["value"] <= high for row in ordered]
    chart = go.Figure(
        go.Bar(
            x=[row["value"] for row in ordered], y=[row["label"] for row in ordered], orientation="h",
            marker_color=[ORANGE if out else BLUE for out in outside],
            text=[f"{row['value']:.1f}{' outside' if out else ''}" for row, out in zip(ordered, outside, strict=True)],
        )
    )  # fmt: skip
    for edge in (low, high):
        chart.add_vline(x=edge, line={"color": GREY, "dash": "dash"})
    values = [row["value"] for row in ordered]
    span = [min([*values, low]) - 1.0, max([*values, high]) + 1.0]
    title = f"{unit}; dashed: allowed {low:.4g} to {high:.4g}"
    height = 110 + 26 * max(len(ordered), 1)
    return laid_out(chart, separators, height=height, xaxis_title=title, xaxis_range=span)


def coverage_over_time(
    coverage: pd.DataFrame, tags: dict[str, str], zone: str, separators: str = ".,"
) -> go.Figure:
    """Share of intervals with a value, by point and time: gaps and dead sensors stand out as orange bands.

    coverage: a row per span (UTC index), a column per point, 0 to 1. tags: what to call each column.
    """
    held = local(coverage, zone)
    chart = go.Figure(
        go.Heatmap(
            x=held.index,
            y=[tags.get(str(column), str(column)) for column in held],
            z=held.T.to_numpy(float),
            zmin=0.0,
            zmax=1.0,
            colorscale=[[0.0, MISSING], [1.0, PRESENT]],
            colorbar={"title": "coverage", "tickformat": ".0%"},
            hovertemplate="%{y}<br>%{x}<br>%{z:.0%}<extra></extra>",
        )
    )
    chart.update_yaxes(autorange="reversed")
    return laid_out(chart, separators, height=120 + 18 * held.shape[1], xaxis_title=zone)


def days_of_saving(days: pd.DataFrame, separators: str = ".,") -> go.Figure:
    """Energy by day (index of days): `expected_kwh` without control and `measured_kwh`; gaps stay gaps."""
    chart = go.Figure()
    for name, title, color, dash in (
        ("expected_kwh", "expected without control", GREY, "dot"),
        ("measured_kwh", "measured", BLUE, "solid"),
    ):
        line = {"color": color, "width": 1.6, "dash": dash}
        chart.add_scatter(x=days.index, y=days[name], name=title, mode="lines", line=line)
    return laid_out(
        chart, separators, hovermode="x unified", yaxis_title="kWh a day", yaxis_rangemode="tozero"
    )


def placebo_windows(windows: pd.DataFrame, separators: str = ".,") -> go.Figure:
    """Error of windows of the baseline in percent (`error`, `half`) by start, inside their interval or not."""
    chart = go.Figure()
    for inside, color, symbol, name in (
        (True, BLUE, "circle", "within its interval"),
        (False, ORANGE, "x", "outside"),
    ):
        some = windows[windows["inside"] == inside]
        if len(some):
            chart.add_scatter(
                x=some["start"], y=some["error"], error_y={"type": "data", "array": some["half"]}, mode="markers",
                name=name, marker={"color": color, "symbol": symbol, "size": 8},
            )  # fmt: skip
    chart.add_hline(y=0.0, line={"color": GREY})
    return laid_out(chart, separators, height=280, yaxis_title="expected less measured, %")


def errors_of_models(rows: list[tuple[str, float]], unit: str, separators: str = ".,") -> go.Figure:
    """Error of each model, the smallest on top; the first row given is ours and stands out."""
    ours = rows[0][0] if rows else ""
    ordered = sorted(rows, key=lambda each: -each[1])
    chart = go.Figure(
        go.Bar(
            x=[value for _, value in ordered], y=[name for name, _ in ordered], orientation="h",
            marker_color=[BLUE if name == ours else GREY for name, _ in ordered],
            text=[f"{value:.4g}" for _, value in ordered],
        )
    )  # fmt: skip
    return laid_out(
        chart, separators, height=110 + 26 * max(len(ordered), 1), xaxis_title=unit, showlegend=False
    )


def heat_map(
    grid: pd.DataFrame,
    x_title: str,
    y_title: str,
    title: str,
    broken: pd.DataFrame,
    marks: dict[str, tuple[float, float]],
    separators: str = ".,",
) -> go.Figure:
    """A sweep: rows and columns are the values of two setpoints; cases that break a limit carry a cross.

    marks: points to find, by name, each with its place across and up.
    """
    chart = go.Figure(
        go.Heatmap(
            x=list(grid.columns), y=list(grid.index), z=grid.to_numpy(float), colorscale="Cividis",
            colorbar={"title": title},
            hovertemplate=f"{x_title} %{{x}}<br>{y_title} %{{y}}<br>{title} %{{z:,.4g}}<extra></extra>",
        )
    )  # fmt: skip
    rows, columns = np.nonzero(broken.to_numpy(bool))
    if len(rows):
        chart.add_scatter(
            x=grid.columns.to_numpy()[columns], y=grid.index.to_numpy()[rows], mode="markers",
            name="breaks a limit", marker={"symbol": "x", "color": ORANGE, "size": 10}, hoverinfo="skip",
        )  # fmt: skip
    for (name, (x, y)), symbol in zip(marks.items(), ("circle-open", "star"), strict=False):
        marker = {"symbol": symbol, "color": "#ffffff", "size": 16, "line": {"width": 2, "color": "#ffffff"}}
        chart.add_scatter(x=[x], y=[y], mode="markers", name=name, marker=marker, hoverinfo="name")
    chart.update_layout(legend_bgcolor="rgba(60,70,80,0.85)", legend_font_color="#ffffff")
    return laid_out(chart, separators, height=420, xaxis_title=x_title, yaxis_title=y_title, showlegend=True)


def thinned(table: pd.DataFrame, most_rows: int) -> pd.DataFrame:
    """Means over equal times, about `most_rows` at most; empty times stay NaN, so that lines break there."""
    if len(table) < 2:
        return table
    steps = pd.Series(table.index).diff().dropna()
    step, length = pd.Timedelta(steps.median()), table.index[-1] - table.index[0]
    coarser = max(1, int(np.ceil(length / step / most_rows)))
    return table.resample(step * coarser).mean()


def local(table: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The table on the clock of a zone; an axis has no room for the hour that a clock is set back."""
    return table.set_axis(pd.DatetimeIndex(table.index).tz_convert(zone).tz_localize(None), axis=0)


def _band(chart: go.Figure, times: Any, lower: Any, upper: Any, color: str) -> None:
    plain: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    chart.add_scatter(x=times, y=upper, showlegend=False, **plain)
    chart.add_scatter(x=times, y=lower, name="90 % interval", fill="tonexty", fillcolor=color, **plain)
