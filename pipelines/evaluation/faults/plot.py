"""The fault table as a page: minutes outside the envelope, warmest inlet, time to notice and to recover."""

from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipelines.evaluation.plot import COLORS

ROW_PX = 22
PANELS = {
    "Minutes outside the envelope": ("default_violation_min", "violation_min"),
    "Warmest rack inlet, °C": ("default_inlet_max_c", "inlet_max_c"),
    "Minutes to notice": (None, "noticed_min"),
    "Minutes to recover": (None, "recovered_min"),
}


def fault_figure(rows: list[dict[str, Any]], title: str) -> go.Figure:
    """Points per fault, default control beside coldaisle; the reason is shown on hover."""
    figure = make_subplots(rows=1, cols=len(PANELS), shared_yaxes=True, subplot_titles=list(PANELS))
    names = [row["fault"] for row in rows]
    reasons = [row["reason"] for row in rows]
    for column, keys in enumerate(PANELS.values(), start=1):
        for control, key in zip(("default", "coldaisle"), keys, strict=True):
            if key is None:
                continue
            figure.add_scatter(
                x=[row[key] for row in rows], y=names, mode="markers", name=control, legendgroup=control,
                showlegend=column == 1, text=reasons, marker={"color": COLORS[control], "size": 8},
                row=1, col=column,
            )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    return figure.update_layout(
        title=title,
        template="plotly_white",
        height=ROW_PX * len(rows) + 160,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.8},
    )
