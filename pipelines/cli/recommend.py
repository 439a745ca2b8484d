"""`coldaisle recommend`: setpoints for now, or the reason to hold."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, say, utc


def recommend(
    site: SiteOption,
    at: Annotated[
        datetime | None,
        typer.Option("--at", help="UTC; by default now, or the end of the telemetry where that is old"),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide once as the control loop does, without writing: what to change, or why to hold."""
    say(f"opening the model of {site}")  # before the imports, which take seconds
    from pipelines.console.prepare import prepare
    from pipelines.operations.recommend import recommend as make
    from pipelines.site.file import find_site

    settings = open_home(home)
    moment = utc(at)
    loaded = find_site(site, settings)
    made = make(
        loaded,
        settings,
        at=moment.to_pydatetime() if moment is not None else None,
        progress=say,
    )
    prepare(loaded, settings, ("overview",))
    emit({"decision": made.number} | made.recommendation.model_dump(mode="json"), as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    """Print a recommendation."""
    number = f", decision {result['decision']}" if "decision" in result else ""
    console.print(f"[bold]{escape(result['site'])}[/bold] at {result['at']}{number}")
    if result["action"] == "hold":
        console.print(f"hold: {escape(result['reason'])}")
    else:
        console.print(_moves(result))
        console.print(f"{saving_text(result)}: {escape(result['reason'])}")
    if result["present"] and result["proposed"]:
        console.print(_estimates(result))
    for name, label in (("binding", "What stops it"), ("hold_if", "Hold if")):
        if result[name]:
            console.print(f"{label}: {escape('; '.join(result[name]))}")
    for name, label in (("precedent", "Precedent"), ("rollback", "Rollback")):
        if result[name]:
            console.print(f"{label}: {escape(result[name])}")
    for notice in result["notices"]:
        console.print(escape(notice), style="yellow")
    if result["model_version"]:
        console.print(f"Model: {escape(result['model_version'])}", style="dim")


def saving_text(result: dict[str, Any]) -> str:
    """The expected saving in words; none is claimed where its interval covers zero."""
    if result["saving_kw"] is None:
        return "No saving is estimated"
    if result["saving_low_kw"] is None:
        return f"Expected saving {result['saving_kw']:.1f} kW"
    interval = f"90 % interval {result['saving_low_kw']:.1f} to {result['saving_high_kw']:.1f} kW"
    if result["saving_low_kw"] <= 0.0:
        return f"No saving is claimed: {result['saving_kw']:.1f} kW expected, {interval}"
    return f"Expected saving {result['saving_kw']:.1f} kW, {interval}"


def _moves(result: dict[str, Any]) -> Table:
    table = Table("setpoint", "from", "step now", "to", "unit")
    for move in result["moves"]:
        values = (f"{move[name]:.4g}" for name in ("present", "step", "goal"))
        table.add_row(move["tag"], *values, move["unit"].replace("degC", "°C") or "on/off")
    return table


def _estimates(result: dict[str, Any]) -> Table:
    table = Table("expected", "present", "proposed")
    labels = {
        "figure": result["figure_name"], "cooling_kw": "cooling power, kW", "facility_kw": "power minimised, kW",
        "it_power_kw": "IT power, kW", "rack_inlet_c": "rack inlet, °C",
        "outside_sd": "beyond the record, standard deviations",
    }  # fmt: skip
    for field, label in labels.items():
        pair = [result[when][field] for when in ("present", "proposed")]
        if None not in pair:
            digits = 4 if field == "figure" else 1
            table.add_row(label, *(f"{value:.{digits}f}" for value in pair))
    return table
