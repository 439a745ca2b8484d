"""`coldaisle quality`: coverage, gaps, stuck spans, range and quarantined readings of a site's telemetry."""

from datetime import datetime
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, utc

FromOption = Annotated[
    datetime | None, typer.Option("--from", help="Start in UTC; by default the first interval in the store")
]
ToOption = Annotated[
    datetime | None,
    typer.Option("--to", help="End in UTC, excluded; by default the last interval in the store"),
]


def quality(
    site: SiteOption,
    start: FromOption = None,
    end: ToOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report the quality of a site's telemetry, point by point."""
    from pipelines.site.file import find_site
    from pipelines.telemetry.quality.report import quality_report
    from pipelines.telemetry.store import Store

    settings = open_home(home)
    loaded = find_site(site, settings)
    report = quality_report(loaded, Store(settings.store, loaded), utc(start), utc(end))
    emit(report.as_dict(), as_json, show_quality)


def show_quality(report: dict[str, Any], console: Console) -> None:
    """Draw a report's dictionary as tables."""
    period = " to ".join(f"{report[name]:%Y-%m-%d %H:%M}" for name in ("start", "end"))
    held = f"{report['rows']:,} of {report['intervals']:,} intervals hold data"
    console.print(f"[bold]{report['site']}[/bold]  {period} UTC, {held}")
    console.print(_points_table(report["points"]))
    if report["stuck"]:
        console.print(_stuck_table(report["stuck"]))
    if report["quarantined"]:
        console.print("Quarantined readings: " + _counts(report["quarantined"]))
    if report["findings"]:
        console.print(_findings_table(report["findings"]))
    if report["checks"]:
        console.print(_checks_table(report["checks"]))
    if report["changes"]:
        console.print(_changes_table(report["changes"]))


def _points_table(points: list[dict[str, Any]]) -> Table:
    table = Table(title="Points")
    for name in ("tag", "column", "unit"):
        table.add_column(name)
    for name in ("coverage", "gaps", "longest gap", "min", "mean", "max"):
        table.add_column(name, justify="right")
    table.add_column("quarantined")
    for point in points:
        table.add_row(
            escape(point["tag"]),
            point["column"],
            point["unit"],
            f"{point['coverage']:.1%}",
            str(point["gaps"]),
            _gap(point),
            *(_figure(point[name]) for name in ("min", "mean", "max")),
            _counts(point["reasons"]),
        )
    return table


def _stuck_table(spans: list[dict[str, Any]]) -> Table:
    table = Table(title="Stuck sensors")
    for name in ("tag", "source", "from (UTC)", "to (UTC)"):
        table.add_column(name)
    for name in ("hours", "readings", "value"):
        table.add_column(name, justify="right")
    for span in spans:
        times = (f"{span[name]:%Y-%m-%d %H:%M}" for name in ("start", "end"))
        readings = (
            f"{span['hours']:,.0f}",
            f"{span['readings']:,}",
            f"{span['value']} {span['unit']}".strip(),
        )
        table.add_row(escape(span["tag"]), span["source"], *times, *readings)
    return table


def _findings_table(findings: list[dict[str, Any]]) -> Table:
    table = Table(title="What looks wrong", show_lines=True)
    for name in ("finding", "columns", "since (UTC)", "what was seen", "what to do"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        start = "" if pd.isna(finding["start"]) else f"{finding['start']:%Y-%m-%d %H:%M}"
        columns, seen, remedy = (escape(finding[name]) for name in ("columns", "seen", "remedy"))
        table.add_row(finding["finding"], columns, start, seen, remedy)
    return table


def _checks_table(checks: list[dict[str, Any]]) -> Table:
    table = Table(title="Plausibility of the plant")
    table.add_column("check")
    for name in ("intervals", "failing", "median"):
        table.add_column(name, justify="right")
    table.add_column("where it fails")
    for check in checks:
        remedy = check["remedy"] if check["failing"] else ""
        figures = (f"{check['intervals']:,}", f"{check['failing']:.1%}", _figure(check["median"]))
        table.add_row(check["check"], *figures, remedy)
    return table


def _changes_table(changes: list[dict[str, Any]]) -> Table:
    table = Table(title="Changed sensors or equipment")
    for name in ("reading", "since (UTC)", "found"):
        table.add_column(name)
    table.add_column("shift", justify="right")
    for name in ("also moved", "what to do"):
        table.add_column(name)
    for change in changes:
        days = (f"{change[name]:%Y-%m-%d}" for name in ("start", "found"))
        shift = f"{change['shift']:+.3g} {change['unit']}"
        table.add_row(change["reading"], *days, shift, change["also"], change["remedy"])
    return table


def _gap(point: dict[str, Any]) -> str:
    if not point["gaps"]:
        return ""
    return f"{point['longest_gap_h']:,.1f} h from {point['longest_gap_start']:%Y-%m-%d %H:%M}"


def _figure(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.4g}"


def _counts(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
