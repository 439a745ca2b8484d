"""`coldaisle faults`: the effect of each fault under default control and under coldaisle, on the simulated plant."""

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


def faults(
    site: SiteOption,
    days: Annotated[float, typer.Option("--days", min=0.5, max=31)] = 2.0,
    start: Annotated[
        datetime | None, typer.Option("--from", help="UTC; by default the record's last days")
    ] = None,
    only: Annotated[str, typer.Option("--only", help="Faults whose name contains this")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Inject faults of sensors, plant, line, model and clock on the site's twin; report what is noticed and when."""
    from pipelines.errors import SiteError
    from pipelines.evaluation.faults.catalogue import catalogue
    from pipelines.evaluation.faults.plot import fault_figure
    from pipelines.evaluation.faults.table import fault_row, fault_runs
    from pipelines.evaluation.replay import replayed
    from pipelines.files import write_page
    from pipelines.learning.cascade.bundle import load_cascade
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    chosen = [fault for fault in catalogue(loaded) if only.lower() in fault.name.lower()]
    if not chosen:
        raise SiteError(f'no fault has a name like "{only}"; leave --only out to see them all')
    cascade, version = load_cascade(loaded, settings)
    replay = replayed(loaded, settings, days=max(1, -(-int(days * 24) // 24)), start=utc(start))
    runs = fault_runs(
        loaded, cascade, replay.plant, hours=24.0 * days, faults=chosen,
        say=lambda line: progress_console.print(f"[dim]{escape(line)}[/dim]"),
    )  # fmt: skip
    rows = [fault_row(loaded, run, runs[0]) for run in runs]
    page = settings.reports / f"faults-{loaded.name}.html"
    figure = fault_figure(rows, f"{loaded.title}: faults under default control and under coldaisle")
    plot = str(write_page(figure, page))
    emit({"faults": rows, "notes": replay.notes, "model": version, "plot": plot}, as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    """The table, default control's figure before coldaisle's."""
    for note in result["notes"]:
        console.print(f"[dim]{escape(note)}[/dim]")
    table = Table("fault", "minutes out", "inlet max", "facility kWh", "noticed", "recovered", "because")
    for row in result["faults"]:
        table.add_row(
            row["fault"],
            _pair(row, "violation_min", ".0f"),
            _pair(row, "inlet_max_c", ".1f"),
            _pair(row, "facility_kwh", ",.0f"),
            _minutes(row["noticed_min"]),
            _minutes(row["recovered_min"]),
            escape(row["reason"]),
        )
    console.print(table)
    console.print(f"Pairs are default control / coldaisle. Plot: {result['plot']}", soft_wrap=True)


def _pair(row: dict[str, Any], key: str, form: str) -> str:
    return f"{row[f'default_{key}']:{form}} / {row[key]:{form}}"


def _minutes(value: float) -> str:
    return "-" if value != value else f"{value:.0f} min"
