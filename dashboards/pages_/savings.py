"""Page "Savings": what a period saved with its interval, or that it is not shown; fit, placebos, trials, downloads."""

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import charts
from dashboards.console import Console
from dashboards.jobs import running_jobs, start_job
from dashboards.orders import allowed, sentence
from pipelines.console.tables import SAVINGS_CSV, SAVINGS_HTML, SAVINGS_PDF
from pipelines.savings.schema import FigurePart, SavingsReport

AMOUNTS = (
    ("saving", "Energy, at equal work"),
    ("target_saving", "of it what is baselined"),
    ("energy_cost", "Energy cost"),
    ("demand_cost", "Demand charge"),
    ("carbon_average", "CO2, average of the grid"),
    ("carbon_marginal", "CO2, marginal"),
    ("water", "Make-up water"),
)


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("Savings")
    kept = console.tables.read("savings")
    if kept is None:
        st.info(
            "No savings report has been made for this site yet. Choose a baseline and a reporting period below."
        )
    else:
        _report(console, SavingsReport.model_validate(kept["report"]))
    st.subheader("New report")
    _new(console)


def _report(console: Console, report: SavingsReport) -> None:
    message = st.success if report.saving.shown and (report.saving.value or 0.0) > 0.0 else st.warning
    message(report.claim, icon=None)
    st.caption(
        f"Baseline {_days(report.baseline)}, reporting period {_days(report.reporting)}; {report.boundary}; "
        f"made {console.formats.time(datetime.fromisoformat(report.made_at))}"
    )
    _downloads(console)
    if not report.refused:
        st.table(amounts_table(console, report), border="horizontal")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Day by day")
        days = pd.DataFrame([day.model_dump() for day in report.days])
        if len(days):
            st.plotly_chart(
                charts.days_of_saving(days.set_index(pd.to_datetime(days["day"])), console.formats.separators),
                key="days", alt="Energy of each day, expected without control and measured",
            )  # fmt: skip
    with right:
        st.subheader("Placebo")
        _placebos(console, report)
    _findings(report)
    _fit(console, report)
    _trial(console, report)


def amounts_table(console: Console, report: SavingsReport) -> pd.DataFrame:
    """Everything that may have been saved, with its interval; what is not shown says why."""
    rows = {}
    for name, title in AMOUNTS:
        figure: FigurePart = getattr(report, name)
        rows[title] = {
            "saved": _shown(console, figure),
            "90 % interval": _interval(console, figure),
            "": figure.why_not,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("what")


def _shown(console: Console, figure: FigurePart) -> str:
    if figure.value is None:
        return "not known"
    return f"{console.formats.number(figure.value, 0)} {figure.unit}" if figure.shown else "not shown"


def _interval(console: Console, figure: FigurePart) -> str:
    if figure.low_90 is None:
        return ""
    low, high = (console.formats.number(each, 0) for each in (figure.low_90, figure.high_90))
    return f"{low} to {high} {figure.unit}"


def _placebos(console: Console, report: SavingsReport) -> None:
    if not report.placebos:
        st.caption("The baseline is too short for placebo windows.")
        return
    windows = pd.DataFrame(
        {
            "start": pd.to_datetime([each.start[:10] for each in report.placebos]),
            "error": [100.0 * each.error_kwh / each.expected_kwh for each in report.placebos],
            "half": [100.0 * each.half_width_90_kwh / each.expected_kwh for each in report.placebos],
            "inside": [each.inside for each in report.placebos],
        }
    )
    inside = int(windows["inside"].sum())
    text = f"{inside} of {len(windows)} windows of the baseline lie within their 90 % interval; their saving is nothing"
    st.plotly_chart(charts.placebo_windows(windows, console.formats.separators), key="placebos", alt=text)
    st.caption(text)


def _fit(console: Console, report: SavingsReport) -> None:
    st.subheader("Baseline fit")
    percent = console.formats.number
    rows = [
        {
            "counterfactual": f"{model.name}{' (chosen)' if model.chosen else ''}",
            "CV(RMSE)": f"{percent(100.0 * model.cv_rmse)} %",
            "on windows left out": f"{percent(100.0 * model.left_out_cv_rmse)} %",
            "NMBE": f"{percent(100.0 * model.nmbe, 2)} %",
            "saving": _shown(console, model.saving),
            "90 % interval": _interval(console, model.saving),
        }
        for model in report.models
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Counterfactuals with their errors")


def _findings(report: SavingsReport) -> None:
    for one in report.findings:
        message = {"refused": st.error, "flagged": st.warning}.get(one.severity, st.info)
        message(sentence(f"{one.what}: {one.seen}; {one.remedy}"))


def _trial(console: Console, report: SavingsReport) -> None:
    if report.trial is None:
        return
    trial = report.trial
    st.subheader("Trial")
    low, high = (console.formats.number(each) for each in (trial.saved_kw.low_90, trial.saved_kw.high_90))
    result = (
        f"saved {console.formats.kw(trial.saved_kw.value, 1)}" if trial.shown else "a saving is not shown"
    )
    st.text(
        f"{trial.name}, {trial.days:.0f} days, {trial.pairs} pairs: {result}; 90 % interval {low} to {high} kW"
    )


def _downloads(console: Console) -> None:
    columns = st.columns(3)
    kinds = (
        (SAVINGS_PDF, "PDF", "application/pdf"),
        (SAVINGS_CSV, "CSV", "text/csv"),
        (SAVINGS_HTML, "page (HTML)", "text/html"),
    )
    for column, (name, title, mime) in zip(columns, kinds, strict=True):
        path = console.tables.folder / name
        if path.exists():
            column.download_button(
                f"Download {title}", path.read_bytes(), file_name=f"{console.name}-{name}", mime=mime,
                on_click="ignore", width="stretch", key=f"download {name}",
            )  # fmt: skip


def _new(console: Console) -> None:
    running_jobs(console, "savings")
    if not allowed(console, "operator"):
        return
    first, last = _extent(console)
    if first is None or last is None:
        st.caption("There is no telemetry to measure a saving in.")
        return
    with st.form("new report"):
        left, right = st.columns(2)
        half = first + (last - first) / 2
        baseline = left.date_input("Baseline, without control", (first, half), format="YYYY-MM-DD")
        reporting = right.date_input(
            "Reporting period", (half + timedelta(days=1), last), format="YYYY-MM-DD"
        )
        if not st.form_submit_button("Measure", type="primary"):
            return
    if not _is_period(baseline) or not _is_period(reporting):
        st.error("A period needs its first and its last day; choose both.")
        return
    arguments = {"baseline": _text(baseline), "reporting": _text(reporting)}
    start_job(console, "savings", arguments, "measuring")


def _extent(console: Console) -> tuple[date | None, date | None]:
    telemetry = console.tables.read("telemetry") or {}
    if not telemetry.get("start"):
        return None, None
    first, last = (
        pd.Timestamp(telemetry[end]).tz_convert(console.formats.zone.key) for end in ("start", "end")
    )
    return first.date(), (last - pd.Timedelta(days=1)).date()


def _is_period(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _text(period: Any) -> str:
    return f"{period[0]:%Y-%m-%d}..{period[1]:%Y-%m-%d}"


def _days(period: Any) -> str:
    last = pd.Timestamp(period.end) - pd.Timedelta(seconds=1)
    return f"{period.start[:10]} to {last:%Y-%m-%d}"
