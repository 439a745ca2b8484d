"""The closed loop as a page: cooling power, setpoints and rack inlet under both controls."""

from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipelines.site import Site

BASELINE, RECOMMENDED = "#8c8c8c", "#1f77b4"


def closed_loop_figure(
    site: Site, baseline: pd.DataFrame, recommended: pd.DataFrame, title: str
) -> go.Figure:
    """Cooling power, water setpoints and rack inlet over time; both runs, hourly means of their meters."""
    figure = make_subplots(
        rows=4,
        shared_xaxes=True,
        vertical_spacing=0.05,
        subplot_titles=(
            "Cooling power, kW", "Chilled (solid) and condenser (dotted) water setpoints, °C",
            "Supply air setpoint, °C", "Worst rack inlet, °C",
        ),
    )  # fmt: skip
    for name, color, telemetry in (
        ("default", BASELINE, baseline),
        ("recommended", RECOMMENDED, recommended),
    ):
        hourly = telemetry.resample("h").mean()
        _line(figure, 1, hourly["cooling_power_kw"], name, color, legend=True)
        _line(figure, 2, hourly["chw_supply_sp_c"], name, color, shape="hv")
        _line(figure, 2, hourly["cw_supply_sp_c"], name, color, shape="hv", dash="dot")
        _line(figure, 3, hourly["supply_air_sp_c"], name, color, shape="hv")
        _line(figure, 4, hourly["rack_inlet_c"], name, color)
    figure.add_hline(y=site.envelope.rack_inlet_max_c, line_dash="dash", line_color="#d62728", row=4, col=1)
    return figure.update_layout(
        title=title, template="plotly_white", height=900, legend={"orientation": "h", "y": 1.06, "x": 0.75}
    )


def write_page(figure: go.Figure, path: Path) -> Path:
    """The figure as one HTML file that needs no network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    figure.write_html(partial, include_plotlyjs=True)
    partial.replace(path)
    return path


def _line(figure, row, series, name, color, *, legend=False, dash="solid", shape="linear") -> None:
    figure.add_scatter(
        x=series.index, y=series, name=name, legendgroup=name, showlegend=legend,
        line={"color": color, "dash": dash, "shape": shape, "width": 1.6}, row=row, col=1,
    )  # fmt: skip
