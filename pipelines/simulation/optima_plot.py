"""Interior optima of the physics: power over condenser water, supply air, and chilled water with economizer.

`make plots` writes docs/optima.png with it, `python -m pipelines.simulation.optima_plot FILE.html` the page
alone.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipelines.files import write_page
from simulator import Drivers, Plant, Sensors, Setpoints, default_plant
from simulator.optima import held_drivers, interior_minimum, settled, swept_setpoints

# Drawn as differences from the best setpoint, since constant parts would hide the changes.
PARTS: dict[str, tuple[str, ...]] = {
    "chillers": ("chiller_w",),
    "tower fans": ("tower_fan_w",),
    "pumps": ("chw_pump_w", "cw_pump_w"),
    "CRAH fans": ("crah_fan_w",),
    "servers": ("it_w",),
}
COLORS = ("#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b")
TOTAL_COLOR, BEST_COLOR = "#222222", "#d62728"


@dataclass(frozen=True)
class Sweep:
    """One setpoint swept, others constant; power of the settled plant, kW, in total and by part, (cases,)."""

    title: str
    axis: str
    values: np.ndarray
    facility_kw: np.ndarray
    parts_kw: dict[str, np.ndarray]

    @property
    def best(self) -> int | None:
        """Index of the interior minimum of facility power; None where it is at an end."""
        return interior_minimum(self.facility_kw)


def optima(plant: Plant) -> list[Sweep]:
    """The three sweeps of a plant, in mild and in cool weather."""
    mild = held_drivers(drybulb_c=20.0, wetbulb_c=15.0, utilization=0.6)
    cool = held_drivers(drybulb_c=13.0, wetbulb_c=10.0, utilization=0.6)
    cw_c, air_c, chw_c = np.arange(17.0, 30.5, 0.5), np.arange(18.0, 30.5, 0.5), np.arange(9.0, 20.5, 0.5)
    beside = air_c - 9.0
    free = {"cw_supply_c": 13.0, "supply_air_c": 23.0, "economizer_enable": 1.0}
    return [
        _sweep(
            "Condenser water: tower fans against lift<br>wetbulb 15 °C",
            "condenser water setpoint, °C",
            (plant, swept_setpoints(plant, cw_supply_c=cw_c), mild),
            cw_c,
        ),
        _sweep(
            "Supply air, chilled water 9 K below it: lift against servers<br>wetbulb 15 °C",
            "supply air setpoint, °C",
            (plant, swept_setpoints(plant, supply_air_c=air_c, chw_supply_c=beside), mild),
            air_c,
        ),
        _sweep(
            "Chilled water with economizer: free cooling against pumping<br>wetbulb 10 °C, supply air 23 °C",
            "chilled water setpoint, °C",
            (plant, swept_setpoints(plant, chw_supply_c=chw_c, **free), cool),
            chw_c,
        ),
    ]


def _sweep(title: str, axis: str, case: tuple[Plant, Setpoints, Drivers], values: np.ndarray) -> Sweep:
    sensors = settled(*case)
    parts = {name: _kw(sensors, fields) for name, fields in PARTS.items()}
    return Sweep(title, axis, values, _kw(sensors, ("facility_w",)), parts)


def _kw(sensors: Sensors, fields: tuple[str, ...]) -> np.ndarray:
    return sum((np.asarray(getattr(sensors, name), dtype=float) for name in fields), np.zeros(())) / 1e3


def optima_figure(sweeps: list[Sweep]) -> go.Figure:
    """Facility power and its parts, less their value at the best setpoint, which is marked."""
    figure = make_subplots(cols=len(sweeps), subplot_titles=[sweep.title for sweep in sweeps])
    for col, sweep in enumerate(sweeps, start=1):
        at = int(np.argmin(sweep.facility_kw))
        lines = [("facility", sweep.facility_kw, TOTAL_COLOR, 3.0)]
        lines += [
            (name, kw, color, 1.5) for (name, kw), color in zip(sweep.parts_kw.items(), COLORS, strict=True)
        ]
        for name, kw, color, width in lines:
            figure.add_scatter(
                x=sweep.values, y=kw - kw[at], name=name, legendgroup=name, showlegend=col == 1,
                mode="lines", line={"color": color, "width": width}, row=1, col=col,
            )  # fmt: skip
        _mark(figure, sweep, col)
        figure.update_xaxes(title=sweep.axis, row=1, col=col)
    figure.update_yaxes(title="power over the best setpoint's, kW", row=1, col=1)
    return figure.update_layout(template="plotly_white", width=1500, height=520, margin={"t": 90})


def _mark(figure: go.Figure, sweep: Sweep, col: int) -> None:
    if sweep.best is None:
        return
    best = sweep.values[sweep.best]
    figure.add_scatter(
        x=[best], y=[0.0], mode="markers+text", text=[f"{best:g} °C"], textposition="bottom center",
        marker={"color": BEST_COLOR, "size": 12}, textfont={"color": BEST_COLOR}, showlegend=False, row=1, col=col,
    )  # fmt: skip


if __name__ == "__main__":
    print(write_page(optima_figure(optima(default_plant())), Path(sys.argv[1])))
