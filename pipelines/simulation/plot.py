"""Figures as pages."""

from pathlib import Path

import plotly.graph_objects as go


def write_page(figure: go.Figure, path: Path) -> Path:
    """The figure as one HTML file that needs no network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    figure.write_html(partial, include_plotlyjs=True)
    partial.replace(path)
    return path
