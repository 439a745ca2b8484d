"""Plots of the report as SVG: expected and measured energy by day, and the placebo windows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipelines.savings.schema import SavingsReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPECTED, MEASURED, OUTSIDE = "#7a8790", "#1f77b4", "#d95f02"
WIDTH_IN = 7.6


def days_svg(report: SavingsReport) -> str:
    """Energy of each day: expected without control, and as it was; gaps where nothing is compared."""
    days = pd.to_datetime([each.day for each in report.days])
    expected, measured = (
        np.array([np.nan if value is None else value for value in values])
        for values in ([d.expected_kwh for d in report.days], [d.measured_kwh for d in report.days])
    )
    figure, axes = _axes(2.3, "kWh a day")
    axes.fill_between(days, measured, expected, color=MEASURED, alpha=0.15, linewidth=0)
    axes.plot(days, expected, color=EXPECTED, linewidth=1.0, label="expected without control")
    axes.plot(days, measured, color=MEASURED, linewidth=1.0, label="measured")
    axes.set_ylim(bottom=0.0)
    return _svg(figure, axes)


def placebo_svg(report: SavingsReport) -> str:
    """Error of each placebo window in percent, with the interval that the chosen method gives it."""
    figure, axes = _axes(2.1, "expected less measured, %")
    for inside, colour, marker, label in (
        (True, MEASURED, "o", "within its interval"),
        (False, OUTSIDE, "x", "outside"),
    ):
        some = [each for each in report.placebos if each.inside is inside]
        if some:
            axes.errorbar(
                pd.to_datetime([each.start[:10] for each in some]),
                [100.0 * each.error_kwh / each.expected_kwh for each in some],
                yerr=[100.0 * each.half_width_90_kwh / each.expected_kwh for each in some],
                fmt=marker, color=colour, markersize=5, linewidth=1.0, capsize=2, label=label,
            )  # fmt: skip
    axes.axhline(0.0, color="#999999", linewidth=0.8)
    return _svg(figure, axes)


def _axes(height_in: float, label: str) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure  # its import makes folders below the user's home

    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    axes = figure.subplots()
    axes.set_ylabel(label, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, axis="y", color="#e3e9ee", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure, axes: Any) -> str:
    axes.legend(fontsize=8, frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
