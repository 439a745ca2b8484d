"""Page "Data quality": what the telemetry is worth, point by point."""

import pandas as pd
import streamlit as st

from dashboards.charts import coverage_over_time
from dashboards.telemetry import quality
from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.site.file import Site
from pipelines.telemetry.quality.report import QualityReport
from pipelines.telemetry.store import Store


def show(site: Site, settings: Settings) -> None:
    """Lay out the page."""
    st.title("Data quality")
    try:
        report = quality(site, settings)
        table = Store(settings.store, site).read()
    except ColdaisleError as error:
        st.error(str(error))
        return
    _summary(report)
    _stuck(report)
    _findings(report)
    _points(report)
    if len(table):
        st.subheader("Coverage over time")
        tags = {point.column: point.tag for point in site.points}
        st.plotly_chart(coverage_over_time(table, tags, pd.Timedelta(site.interval)), key="coverage")
    _checks(report)


def _summary(report: QualityReport) -> None:
    st.caption(f"{report.start:%Y-%m-%d %H:%M} to {report.end:%Y-%m-%d %H:%M} UTC")
    held, covered, refused = st.columns(3)
    held.metric("Intervals with data", f"{report.rows:,} of {report.intervals:,}")
    covered.metric("Mean coverage of a point", f"{report.points['coverage'].mean():.1%}")
    refused.metric("Quarantined readings", f"{sum(report.quarantined.values()):,}")


def _stuck(report: QualityReport) -> None:
    for span in report.stuck.itertuples():
        st.warning(
            f"{span.tag} ({span.source}) was stuck at {span.value} {span.unit} for {span.hours:,.0f} hours, "
            f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC"
        )


def _findings(report: QualityReport) -> None:
    for row in report.findings.to_dict("records"):
        since = "" if pd.isna(row["start"]) else f" (since {row['start']:%Y-%m-%d %H:%M} UTC)"
        st.warning(f"{row['columns']}: {row['finding']}{since}: {row['seen']}. To do: {row['remedy']}")


def _points(report: QualityReport) -> None:
    st.subheader("Points")
    points = report.points.assign(
        reasons=[
            ", ".join(f"{why} {n:,}" for why, n in reasons.items()) for reasons in report.points["reasons"]
        ]
    )
    st.dataframe(
        points.drop(columns=["quarantined"]),
        hide_index=True,
        column_config={
            "coverage": st.column_config.ProgressColumn(
                "coverage", format="percent", min_value=0, max_value=1
            ),
            "longest_gap_h": st.column_config.NumberColumn("longest gap, h", format="%.1f"),
            "longest_gap_start": st.column_config.DatetimeColumn("its start, UTC", timezone="UTC"),
            **{name: st.column_config.NumberColumn(format="%.4g") for name in ("min", "mean", "max")},
            "stuck_spans": "stuck spans",
            "reasons": "quarantined",
        },
    )


def _checks(report: QualityReport) -> None:
    if report.checks.empty:
        return
    st.subheader("Plausibility of the plant")
    st.dataframe(
        report.checks,
        hide_index=True,
        column_config={
            "failing": st.column_config.NumberColumn(format="percent"),
            "median": st.column_config.NumberColumn(format="%.3g"),
            "remedy": "where it fails",
        },
    )
