"""`coldaisle twin`: the simulator's plant fitted to a site's telemetry."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import (
    HomeOption,
    JsonOption,
    SiteOption,
    emit,
    open_home,
    progress_console,
    utc,
)
from pipelines.cli.scores import show_alias


def twin(
    site: SiteOption,
    begin: Annotated[
        datetime | None, typer.Option("--from", help="Fit telemetry from this time on, UTC")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="and before this time, UTC")] = None,
    test_begin: Annotated[
        datetime | None, typer.Option("--test-from", help="Predict telemetry from this time on, not fitted")
    ] = None,
    test_end: Annotated[datetime | None, typer.Option("--test-to", help="and before this time")] = None,
    starts: Annotated[int, typer.Option("--starts", min=1, help="Descents from different plants")] = 2,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.0, help="Begin no step of the fit after these; 0: no limit")
    ] = 38.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the starts")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the simulated plant to telemetry, list parameters that the data did not determine, register it as twin."""
    from models.twin import TwinConfig
    from pipelines.learning.twin.training import train_twin
    from pipelines.site.file import find_site

    settings = open_home(home)
    tested = (utc(test_begin), utc(test_end))
    report = train_twin(
        find_site(site, settings),
        settings,
        span=(utc(begin), utc(end)),
        test=tested if any(tested) else None,
        seed=seed,
        config=TwinConfig(starts=starts, seconds=seconds or None),
        progress=_say,
    )
    emit(report, as_json, show)


def _say(line: str) -> None:
    progress_console.print(line, style="dim", markup=False)


def show(report: dict[str, Any], console: Console) -> None:
    """The twin's errors beside a regression, and the parameters that the record does not determine."""
    console.print(_parameters(report))
    left = ", ".join(report["not_pinned"]) or "none"
    console.print(f"Not determined by this record, so at their prior: {left}", markup=False)
    console.print(
        f"Assumed, as nothing is read of it: {'; '.join(report['assumed']) or 'nothing'}", markup=False
    )
    console.print(_errors(report))
    for name, rows in report["scores"].items():
        console.print(_scores(f"{report['site']}: {report['power']}, {name}", rows))
    show_alias(report, console)
    console.print(
        f"Took {report['seconds']:.0f} s; plots are in MLflow at {report['tracking_uri']}", style="dim"
    )


def _parameters(report: dict[str, Any]) -> Table:
    span = f"{report['learned_from'][:10]} to {report['learned_until'][:10]}"
    table = Table(
        title=f"{report['site']}: plant fitted to {span}",
        caption="pinned: share of the prior's uncertainty that telemetry removed; starts: spread between them",
    )
    for name in ("parameter", "nameplate", "fitted", "95 % interval", "pinned", "starts"):
        table.add_column(name, justify="left" if name == "parameter" else "right")
    for row in report["parameters"]:
        pinned = 1.0 - row["spread"]
        interval = "" if row["low"] is None else f"{row['low']:.4g} to {row['high']:.4g}"
        table.add_row(
            escape(row["name"]), _number(row["nameplate"]), _number(row["value"]), interval, f"{pinned:.0%}",
            f"{row['starts']:.2f}", style="dim" if row["name"] in report["not_pinned"] else None,
        )  # fmt: skip
    return table


def _number(value: float | None) -> str:
    return "(bend)" if value is None else f"{value:.4g}"


def _errors(report: dict[str, Any]) -> Table:
    table = Table(title="Hourly error on time left out of the fit, W, °C, kg/s or share of rated")
    for name in ("meter", "mean", "RMSE", "bias", "5 %", "95 %"):
        table.add_column(name, justify="left" if name == "meter" else "right")
    for name, row in report["bounds"].items():
        figures = (row["mean_measured"], row["rmse"], row["bias"], row["low"], row["high"])
        table.add_row(
            name, *(f"{figure:,.4g}" if abs(figure) < 100 else f"{figure:,.0f}" for figure in figures)
        )
    return table


def _scores(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title, caption="NMBE: + where predicted too low")
    for name in ("model", "CV(RMSE) hourly", "NMBE", "CV(RMSE) interval", "rack inlet RMSE, K", "hours"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for row in rows:
        inlet = f"{row['rack_inlet_rmse_k']:.2f}" if "rack_inlet_rmse_k" in row else ""
        table.add_row(
            row["model"], f"{row['cv_rmse']:.2%}", f"{row['nmbe']:+.2%}", f"{row['cv_rmse_interval']:.2%}", inlet,
            str(row["hours"]),
        )  # fmt: skip
    return table
