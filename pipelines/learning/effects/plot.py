"""Effects of setpoints as a page: power over each of them, by meter, as it accumulates over the record's range."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from models.efficiency.local_effects import Response
from pipelines.site.file import Site

COLORS = ("#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#17becf")
PLANT_COLOR, BAND = "#222222", "rgba(34,34,34,0.12)"


def effects_figure(site: Site, names: list[str], responses: dict[str, Response]) -> go.Figure:
    """One panel per input: change of each power in percent from the middle of the range; the last name is the sum."""
    titles = [
        f"{name}: plant {100.0 * one.mean[-1]:+.1f} % per {_unit(one)}" for name, one in responses.items()
    ]
    figure = make_subplots(cols=max(len(responses), 1), shared_yaxes=True, subplot_titles=titles)
    drawn: set[str] = set()
    for column, one in enumerate(responses.values(), start=1):
        for number, name in enumerate(names):
            if one.course[number].any():
                _line(figure, column, one, number, names, legend=name not in drawn)
                drawn.add(name)
        figure.update_xaxes(title_text="°C" if one.unit == 1.0 else "fraction", row=1, col=column)
    figure.update_yaxes(title_text="power, % of itself, from the middle of the record", row=1, col=1)
    return figure.update_layout(
        title=f"{site.title}: what setpoints do to power, all else equal; band: 90 % interval of the plant's",
        template="plotly_white",
        height=520,
        legend={"orientation": "h", "y": -0.18},
    )


def _line(
    figure: go.Figure, column: int, one: Response, number: int, names: list[str], *, legend: bool
) -> None:
    middle, last = len(one.edges) // 2, number == len(names) - 1
    course = 100.0 * (one.course[number] - one.course[number, middle])
    color = PLANT_COLOR if last else COLORS[number % len(COLORS)]
    if last:
        half = 100.0 * (one.course_high[number] - one.course_low[number]) / 2.0
        spread = np.abs(half - half[middle])
        figure.add_scatter(
            x=np.concatenate([one.edges, one.edges[::-1]]),
            y=np.concatenate([course + spread, (course - spread)[::-1]]),
            mode="lines", fill="toself", fillcolor=BAND, line={"width": 0}, hoverinfo="skip", showlegend=False,
            row=1, col=column,
        )  # fmt: skip
    figure.add_scatter(
        x=one.edges, y=course, name=names[number].removesuffix("_kw").replace("_", " "), legendgroup=names[number],
        showlegend=legend, line={"color": color, "width": 2.4 if last else 1.4}, row=1, col=column,
    )  # fmt: skip


def _unit(one: Response) -> str:
    return "K" if one.unit == 1.0 else f"{one.unit:g}"
