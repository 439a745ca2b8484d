"""`coldaisle recommend`: the setpoints to choose now, or why to hold."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, utc


def recommend(
    site: SiteOption,
    at: Annotated[
        datetime | None, typer.Option("--at", help="UTC; by default the end of the telemetry in the store")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend setpoints inside limits, slew rates and what the record covers, or hold and say why."""
    from pipelines.operations.ledger import Ledger
    from pipelines.operations.recommend import recommend as make
    from pipelines.site.file import find_site

    settings = open_home(home)
    recommendation = make(find_site(site, settings), settings, at=utc(at))
    Ledger(settings.ledger).record(recommendation)
    emit(recommendation.model_dump(mode="json"), as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    console.print(f"[bold]{result['site']}[/bold] at {result['at']}")
    if result["action"] == "hold":
        console.print(f"hold, because {escape(result['reason'])}")
    else:
        console.print(_moves(result))
        console.print(_estimates(result))
        console.print(f"{told(result)}: {escape(result['reason'])}")
        for name, label in (("binding", "What stops it"), ("hold_if", "Hold if")):
            if result[name]:
                console.print(f"{label}: {escape('; '.join(result[name]))}")
        for name, label in (("precedent", "Precedent"), ("rollback", "Rollback")):
            if result[name]:
                console.print(f"{label}: {escape(result[name])}")
    if result["twin"]:
        console.print(f"Simulator: {result['twin']['note']}")
    if result["model_version"]:
        console.print(f"Model: {result['model_version']}", style="dim")


def told(result: dict[str, Any]) -> str:
    """The expected saving in words; none is claimed where its interval covers zero."""
    if result["saving_low_kw"] is None:
        return f"Expected saving {result['saving_kw']:.1f} kW"
    interval = f"90 % interval {result['saving_low_kw']:.1f} to {result['saving_high_kw']:.1f} kW"
    if result["saving_low_kw"] <= 0.0:
        return f"No saving is claimed: {result['saving_kw']:.1f} kW expected, {interval}"
    return f"Expected saving {result['saving_kw']:.1f} kW, {interval}"


def _moves(result: dict[str, Any]) -> Table:
    table = Table("setpoint", "from", "to", "unit")
    for move in result["moves"]:
        table.add_row(move["tag"], f"{move['present']:g}", f"{move['proposed']:g}", move["unit"] or "on/off")
    return table


def _estimates(result: dict[str, Any]) -> Table:
    table = Table("expected", "present", "proposed")
    labels = {
        "figure": result["figure_name"], "cooling_kw": "cooling power, kW", "facility_kw": "power minimised, kW",
        "it_power_kw": "IT power, kW", "rack_inlet_c": "rack inlet, °C",
    }  # fmt: skip
    for field, label in labels.items():
        pair = [result[when][field] for when in ("present", "proposed")]
        if None not in pair:
            digits = 4 if field == "figure" else 1
            table.add_row(label, *(f"{value:.{digits}f}" for value in pair))
    return table
