"""A closed loop as a page: cooling power, setpoints and rack inlet under each control."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipelines.evaluation.closed_loop import Run
from pipelines.evaluation.outcomes import plant_of
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES

COLORS = {"default": "#8c8c8c", "reset": "#d9a441", "coldaisle": "#1f77b4"}


def evaluation_figure(site: Site, runs: dict[str, Run], title: str) -> go.Figure:
    """Cooling power and worst rack inlet (where measured), hourly means, and every setpoint at the hour's end."""
    plants = {name: plant_of(site, run) for name, run in runs.items()}
    measured = [("cooling_kw", "Cooling power, kW")]
    if all("rack_inlet_c" in plant for plant in plants.values()):
        measured.append(("rack_inlet_c", "Worst rack inlet, °C"))
    setpoints = [
        (site.setpoint_name(each), _setpoint_title(site.quantity_of(each))) for each in site.setpoints
    ]
    titles = [title for _, title in measured + setpoints]
    figure = make_subplots(rows=len(titles), shared_xaxes=True, vertical_spacing=0.04, subplot_titles=titles)
    for name, run in runs.items():
        color = COLORS.get(name, "#444444")
        for row, (column, _) in enumerate(measured, start=1):
            _line(figure, row, plants[name][column].resample("h").mean(), name, color, legend=row == 1)
        for row, (column, _) in enumerate(setpoints, start=len(measured) + 1):
            _line(figure, row, run.asked[column].resample("h").last(), name, color, shape="hv")
    for limit in (site.envelope.rack_inlet_min_c, site.envelope.rack_inlet_max_c):
        if len(measured) > 1:
            figure.add_hline(y=limit, line_dash="dash", line_color="#d62728", row=2, col=1)
    return figure.update_layout(
        title=title,
        template="plotly_white",
        height=190 * len(titles) + 120,
        legend={"orientation": "h", "y": -0.05, "x": 0.0},
    )


def _setpoint_title(quantity: str) -> str:
    unit = {"degC": "°C"}.get(QUANTITIES[quantity].unit, QUANTITIES[quantity].unit)
    words = quantity.removesuffix("_c").removesuffix("_sp").replace("_", " ").capitalize()
    return f"{words}, {unit}" if unit else words


def _line(
    figure: go.Figure,
    row: int,
    series: pd.Series,
    name: str,
    color: str,
    *,
    legend: bool = False,
    shape: str = "linear",
) -> None:
    figure.add_scatter(
        x=series.index, y=series, name=name, legendgroup=name, showlegend=legend,
        line={"color": color, "shape": shape, "width": 1.6}, row=row, col=1,
    )  # fmt: skip
