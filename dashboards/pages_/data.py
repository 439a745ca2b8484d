"""Page "Data": coverage and faults per point, the last ingest, quarantine with reasons, what changed."""

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import charts
from dashboards.cards import Card, show_cards
from dashboards.console import Console
from dashboards.frames import cached_frame
from dashboards.jobs import running_jobs, start_job
from pipelines.console.telemetry import store_stamp
from pipelines.telemetry.store import Store


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("Data")
    telemetry, report = console.tables.read("telemetry"), console.tables.read("quality")
    _ingest(console, telemetry, report)
    running_jobs(console, "prepare")
    if report is None:
        st.info("The quality of this telemetry has not been looked at yet.")
        _prepare(console)
        return
    _summary(console, report)
    _findings(console, report)
    _points(console, report)
    coverage = cached_frame(console, "coverage")
    if coverage is not None and len(coverage):
        st.subheader("Coverage over time")
        tags = {point.column: point.tag for point in console.described.points}
        st.plotly_chart(
            charts.coverage_over_time(coverage, tags, console.formats.zone.key, console.formats.separators),
            key="coverage", alt="Share of intervals with a value, by point and time",
        )  # fmt: skip
    _quarantine(console, report)
    _changed(console, report)
    _checks(report)


def _ingest(console: Console, telemetry: dict[str, Any] | None, report: dict[str, Any] | None) -> None:
    if telemetry is None:
        st.info("Nothing has been ingested into this home yet:")
        st.code(f"coldaisle ingest --site {console.name} FILE...", language="bash")
        return
    made_at, end = (
        datetime.fromisoformat(telemetry[each]) if telemetry.get(each) else None
        for each in ("made_at", "end")
    )
    until, files = console.formats.time(end), len(telemetry["files"])
    st.text(f"Last ingest {console.formats.time(made_at)}; telemetry to {until}; {files} files")
    stamp = store_stamp(Store(console.settings.store, console.described))
    if telemetry.get("store") != stamp:
        st.warning("The store holds newer telemetry than the pages show.")
        _prepare(console)
    elif report is not None and report.get("store") != stamp:
        seen = console.formats.time(datetime.fromisoformat(report["made_at"]))
        st.caption(f"The quality of the telemetry was last looked at {seen}.")
        _prepare(console)


def _prepare(console: Console) -> None:
    if console.may("operator") and st.button("Look now", key="prepare"):
        parts = {"parts": ["telemetry", "quality"]}
        start_job(console, "prepare", parts, "looking at the telemetry")


def _summary(console: Console, report: dict[str, Any]) -> None:
    points = report["points"]
    number = console.formats.number
    mean = sum(row["coverage"] for row in points) / max(len(points), 1)
    show_cards(
        [
            Card("Intervals with data", f"{number(report['rows'], 0)} of {number(report['intervals'], 0)}"),
            Card("Mean coverage of a point", f"{number(100.0 * mean)} %"),
            Card("Quarantined readings", number(sum(report["quarantined"].values()), 0)),
        ]
    )


def _findings(console: Console, report: dict[str, Any]) -> None:
    for row in report["findings"]:
        since = (
            f" (since {console.formats.time(datetime.fromisoformat(row['start']))})"
            if row.get("start")
            else ""
        )
        st.warning(f"{row['columns']}: {row['finding']}{since}: {row['seen']}. To do: {row['remedy']}")
    for row in report["stuck"]:
        start, end = (console.formats.time(datetime.fromisoformat(row[each])) for each in ("start", "end"))
        st.warning(
            f"{row['tag']} ({row['source']}) was stuck at {row['value']} {row['unit']} from {start} to {end}"
        )


def _points(console: Console, report: dict[str, Any]) -> None:
    st.subheader("Points")
    formats = console.formats
    rows = [
        {
            "tag": row["tag"],
            "coverage": row["coverage"],
            "longest gap": f"{formats.number(row['longest_gap_h'])} h" if row["gaps"] else "",
            "from": formats.time(datetime.fromisoformat(row["longest_gap_start"]))
            if row.get("longest_gap_start")
            else "",
            "least": formats.value(row["min"], row["unit"], row["column"].split(":")[0]),
            "mean": formats.value(row["mean"], row["unit"], row["column"].split(":")[0]),
            "most": formats.value(row["max"], row["unit"], row["column"].split(":")[0]),
            "quarantined": ", ".join(f"{reason} {count:,}" for reason, count in row["reasons"].items()),
        }
        for row in report["points"]
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "coverage": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
        },
        alt="Coverage, gaps, range and quarantined readings of each point",
    )


def _quarantine(console: Console, report: dict[str, Any]) -> None:
    st.subheader("Quarantine")
    if not report["quarantined"]:
        st.caption("No reading was kept out.")
        return
    st.text(", ".join(f"{reason}: {count:,}" for reason, count in report["quarantined"].items()))
    rows = [
        {
            "time": console.formats.time(datetime.fromisoformat(row["time"])) if row.get("time") else "no usable time",
            "tag": row["tag"], "value": str(row["value"]), "reason": row["reason"], "file": row["file"],
        }
        for row in reversed(report["refused"])
    ]  # fmt: skip
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(38 + 36 * len(rows), 240),
        alt="The newest readings that were kept out",
    )


def _changed(console: Console, report: dict[str, Any]) -> None:
    st.subheader("What changed")
    if not report["replaced"] and not report["changes"]:
        st.caption(
            "No reading of the last month was replaced by a later file, and no sensor is known to have shifted."
        )
    for row in report["replaced"]:
        st.text(f"{row['readings']:,} readings of {row['file']} were replaced by {row['by']}")
    for row in report["changes"]:
        st.warning(
            f"{row['reading']}: {row['shift']:+.3g} {row['unit']} since {str(row['start'])[:10]}. {row['remedy']}"
        )


def _checks(report: dict[str, Any]) -> None:
    if not report["checks"]:
        return
    st.subheader("Plausibility of the plant")
    rows = [
        {
            "check": row["check"],
            "failing": row["failing"],
            "where it fails": row["remedy"] if row["failing"] else "",
        }
        for row in report["checks"]
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"failing": st.column_config.NumberColumn(format="percent")},
        alt="Relations that hold in any plant, and how often they fail here",
    )
