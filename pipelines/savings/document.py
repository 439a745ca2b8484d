"""The report for people: a page, and two pages of PDF for finance."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import typst
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.files import write_atomic
from pipelines.savings.figures import days_svg, placebo_svg
from pipelines.savings.schema import FigurePart, IndicatorPart, PeriodPart, SavingsReport, TrialPart

SHOWN, NOTHING, LOSS = "1b7f4b", "66757f", "a3202a"
# Signs that mean something to Typst outside of strings.
TYPST_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\#$*_@<>`~[]"})


def write_page(report: SavingsReport, path: Path) -> Path:
    """The report as one HTML file that needs no network. Raises OSError."""
    figures = {"figure_days": days_svg(report), "figure_placebo": placebo_svg(report)}
    environment = _environment(autoescape=True)
    pictures = {name: Markup(svg[svg.index("<svg") :]) for name, svg in figures.items()}
    text = environment.get_template("report.html").render(**_told(report), **pictures)
    write_atomic(path, text)
    return path


def write_pdf(report: SavingsReport, path: Path) -> Path:
    """The report as PDF. Raises OSError."""
    environment = _environment(autoescape=False)
    # Whatever a person or a file wrote is text, and no markup.
    environment.finalize = lambda value: value.translate(TYPST_SIGNS) if isinstance(value, str) else value
    source = environment.get_template("report.typ").render(**_told(report))
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "report.typ").write_text(source, encoding="utf-8")
        (root / "days.svg").write_text(days_svg(report), encoding="utf-8")
        (root / "placebo.svg").write_text(placebo_svg(report), encoding="utf-8")
        content = typst.compile(str(root / "report.typ"), root=str(root), ignore_system_fonts=True)
    write_atomic(path, content)
    return path


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        loader=PackageLoader("pipelines.savings", "templates"), autoescape=autoescape, undefined=StrictUndefined,
        keep_trailing_newline=True,
    )  # fmt: skip


def _told(report: SavingsReport) -> dict[str, Any]:
    """What the templates are given."""
    chosen = next(model for model in report.models if model.chosen)
    method = next(each for each in chosen.methods if each.chosen)
    parts = sorted(report.parts_kwh.items(), key=lambda each: -each[1])
    return {
        "r": report,
        "colour": _colour(report),
        "amounts": amounts(report),
        "methods": chosen.methods,
        "method": method.method,
        "covered": sum(each.inside for each in report.placebos),
        "windows": len(report.placebos),
        "parts": parts,
        "causes": ", ".join(name for name, part in parts if name != "fit" and part > 0.0),
        "indicators": list(zip(report.indicators_baseline, report.indicators, strict=True)),
        "trial": trial_text(report.trial) if report.trial else "",
        **_FORMATS,
    }


def amounts(report: SavingsReport) -> list[tuple[str, FigurePart]]:
    """Everything that may have been saved, by name."""
    return [
        (report.counted, report.saving),
        ("of it what is baselined", report.target_saving),
        ("the same with the load as metered", report.at_metered_load),
        ("energy cost", report.energy_cost),
        ("demand charge", report.demand_cost),
        ("CO2, average of the grid", report.carbon_average),
        ("CO2, marginal", report.carbon_marginal),
        ("make-up water", report.water),
    ]


def trial_text(trial: TrialPart) -> str:
    """A trial in one sentence."""
    figure = trial.saved_kw
    result = (
        f"saved {number(figure.value)} kW ({trial.saved_percent:.1f} %)"
        if trial.shown
        else "a saving is not shown"
    )
    return (
        f"{trial.name}, {trial.days:.0f} days, {trial.pairs} pairs: {result}; 90 % interval {interval(figure)}, "
        f"by the draw {number(trial.drawn_low_kw)} to {number(trial.drawn_high_kw)} kW, p {trial.p_value:.3f}; "
        f"adjusted by {trial.adjusted_by}."
    )


def number(value: float | None) -> str:
    """A figure with as many digits as it needs; the sign of less is the minus of print."""
    if value is None:
        return "not known"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".replace("-", "−")


def interval(figure: FigurePart) -> str:
    """The 90 % interval with its unit."""
    if figure.low_90 is None:
        return ""
    return f"{number(figure.low_90)} to {number(figure.high_90)} {figure.unit}".strip()


def _interval68(figure: FigurePart) -> str:
    return "" if figure.low_68 is None else f"{number(figure.low_68)} to {number(figure.high_68)}"


def _percent(value: float | None) -> str:
    if value is None:
        return ""
    text = f"{100.0 * value:.1f} %"
    return text.replace("-0.0", "0.0") if text.startswith("-0.0 ") else text.replace("-", "−")


def _period(period: PeriodPart) -> str:
    return f"{period.start[:10]} to {_last_day(period)}, {period.known_hours:,} of {period.hours:,} h known"


def _last_day(part: PeriodPart) -> str:
    return f"{pd.Timestamp(part.end) - pd.Timedelta(seconds=1):%Y-%m-%d}"


def _indicator(part: IndicatorPart) -> str:
    if part.value is None:
        return "–"
    unit = f" {part.unit}" if part.unit else ""
    return f"{part.value:.3f}{unit}"


def _colour(report: SavingsReport) -> str:
    if not report.saving.shown or report.saving.value is None:
        return NOTHING
    return SHOWN if report.saving.value > 0.0 else LOSS


_FORMATS: dict[str, Callable[..., str]] = {
    "number": number, "interval": interval, "interval68": _interval68, "percent": _percent, "period": _period,
    "last": _last_day, "indicator": _indicator,
}  # fmt: skip
