"""A what-if study as a page: energy, PUE, minutes outside each limit and water over the swept axes."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipelines.simulation.studies.grid import FAULT_RANGES, SETPOINT_RANGES
from pipelines.simulation.studies.outcomes import ANY_VIOLATION, COOLING_PARTS, VIOLATIONS

MEASURES = {
    "facility_kwh": "Facility energy, kWh",
    "pue": "PUE",
    ANY_VIOLATION: "Minutes outside the envelope",
    "water_evaporated_l": "Water evaporated, L",
}
LABELS = {
    "supply_air_c": "supply air setpoint, °C", "chw_supply_c": "chilled water setpoint, °C",
    "cw_supply_c": "condenser water setpoint, °C", "airflow_ratio": "CRAH airflow / server airflow",
    "economizer_enable": "economizer enabled", "chillers_available": "chillers available",
}  # fmt: skip
PLACES = ((1, 1), (1, 2), (2, 1), (2, 2))
OUTSIDE = {"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": "#d62728"}}


def columns_needed(axes: list[str]) -> list[str]:
    """Columns of a study's table that the plot uses; one of a limit that the site does not have may be absent."""
    return [*dict.fromkeys([*axes, *MEASURES, *VIOLATIONS, *COOLING_PARTS])]


def study_figure(table: pd.DataFrame, axes: list[str], title: str) -> go.Figure:
    """Lines over one axis, maps over two, bars of energy by part where nothing is swept.

    table: a row per case. axes: swept columns; the first two setpoints or faults are drawn, the others, seeds
    included, are averaged. What is outside the envelope is crossed out in every panel, and says which limits it breaks.
    """
    drawn = [name for name in axes if name in SETPOINT_RANGES or name in FAULT_RANGES][:2] or axes[:1]
    over = [name for name in axes if name not in drawn]
    if not drawn:
        return _parts(table, title)
    subtitle = f"<br><sup>mean over {', '.join(over)}</sup>" if over else ""
    figure = make_subplots(
        rows=2, cols=2, subplot_titles=list(MEASURES.values()), horizontal_spacing=0.15, vertical_spacing=0.16
    )
    limits = [name for name in VIOLATIONS if name in table]
    means = table.groupby(drawn)[[*MEASURES, *limits]].mean()
    broken = means[limits].apply(_broken, axis=1)
    for measure, place in zip(MEASURES, PLACES, strict=True):
        (_line if len(drawn) == 1 else _map)(figure, means[measure], broken, place)
    return figure.update_layout(
        title=title + subtitle, template="plotly_white", height=850, showlegend=False, margin={"t": 110}
    )


def _broken(minutes: pd.Series) -> str:
    """The limits that a case breaks, with their minutes; "" where it stays inside."""
    return "<br>".join(f"{VIOLATIONS[str(n)]}: {value:,.0f} min" for n, value in minutes.items() if value > 0)


def _line(figure: go.Figure, means: pd.Series, broken: pd.Series, place: tuple[int, int]) -> None:
    row, col = place
    figure.add_scatter(
        x=means.index, y=means, mode="lines+markers", line={"color": "#1f77b4"}, row=row, col=col,
        customdata=broken, hovertemplate="%{x}: %{y:,.5g}<br>%{customdata}<extra></extra>",
    )  # fmt: skip
    outside = means[broken != ""]
    if len(outside):
        figure.add_scatter(
            x=outside.index, y=outside, mode="markers", marker=OUTSIDE, hoverinfo="skip", row=row, col=col
        )
    figure.update_xaxes(title=_label(means.index.name), row=row, col=col)


def _map(figure: go.Figure, means: pd.Series, broken: pd.Series, place: tuple[int, int]) -> None:
    row, col = place
    grid = means.unstack()  # combinations left out stay blank
    x = figure.get_subplot(row, col).xaxis.domain[1] + 0.005
    y = sum(figure.get_subplot(row, col).yaxis.domain) / 2
    figure.add_heatmap(
        x=grid.columns, y=grid.index, z=grid.to_numpy(), colorscale="Viridis", row=row, col=col,
        customdata=broken.unstack().fillna("").to_numpy(),
        hovertemplate="%{x}, %{y}: %{z:,.5g}<br>%{customdata}<extra></extra>",
        colorbar={"x": x, "y": y, "len": 0.42, "thickness": 12},
    )  # fmt: skip
    outside = broken[broken != ""].index
    if len(outside):
        figure.add_scatter(
            x=outside.get_level_values(1), y=outside.get_level_values(0), mode="markers", marker=OUTSIDE,
            hoverinfo="skip", row=row, col=col,
        )  # fmt: skip
    figure.update_xaxes(title=_label(grid.columns.name), row=row, col=col)
    figure.update_yaxes(title=_label(grid.index.name), row=row, col=col)


def _parts(table: pd.DataFrame, title: str) -> go.Figure:
    case = table.iloc[0]
    names = [name.removesuffix("_kwh").replace("_", " ") for name in COOLING_PARTS]
    figure = go.Figure(go.Bar(x=names, y=[case[name] for name in COOLING_PARTS], marker_color="#1f77b4"))
    measures = "; ".join(f"{label}: {case[name]:,.4g}" for name, label in MEASURES.items())
    broken = _broken(case[[name for name in VIOLATIONS if name in table]])
    if broken:
        measures += f"<br>{broken.replace('<br>', '; ')}"
    return figure.update_layout(
        title=f"{title}<br><sup>{measures}</sup>", yaxis_title="Cooling energy, kWh", template="plotly_white"
    )


def _label(name: Any) -> str:
    return LABELS.get(str(name), str(name).replace("_", " "))
