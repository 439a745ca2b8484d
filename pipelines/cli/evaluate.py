"""`coldaisle evaluate`: closed loop on a plant, against default control and an engineer's reset."""

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

ROWS = {
    "facility_kwh": ("facility energy, kWh", ",.0f"), "it_kwh": ("IT energy, kWh", ",.0f"),
    "cooling_kwh": ("cooling energy, kWh", ",.0f"), "pue": ("PUE", ".4f"), "energy_cost": ("cost", ",.0f"),
    "peak_kw": ("highest hourly facility power, kW", ",.0f"),
    "rack_inlet_max_c": ("warmest rack inlet, °C", ".1f"),
    "violation_minutes": ("minutes outside the envelope", ",.0f"),
    "jump_minutes": ("minutes of too fast change", ",.0f"),
    "setpoint_moves": ("setpoint moves", ",.0f"), "switches": ("economizer switches", ",.0f"),
    "chiller_starts": ("chiller starts", ",.0f"), "clamped": ("values beyond a limit", ",.0f"),
    "errors": ("failed decisions", ",.0f"), "decision_p95_s": ("decision time p95, s", ".3f"),
}  # fmt: skip


def evaluate(
    site: SiteOption,
    plant: Annotated[
        str,
        typer.Option("--plant", help="twin: the fitted plant under recorded weather and load; energyplus"),
    ] = "twin",
    days: Annotated[int, typer.Option("--days", min=2, max=366)] = 7,
    start: Annotated[
        datetime | None, typer.Option("--from", help="UTC; by default the record's last days")
    ] = None,
    load: Annotated[
        float, typer.Option("--load", help="Mean IT utilisation of an EnergyPlus model", min=0.05, max=0.95)
    ] = 0.5,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a plant under default control, a wetbulb reset and coldaisle; report the saving with its interval."""
    from pipelines.errors import SiteError
    from pipelines.evaluation.compare import evaluate as run
    from pipelines.site.file import find_site

    if plant not in ("twin", "energyplus"):
        raise SiteError(
            f'there is no plant "{plant}" to evaluate on; choose --plant twin or --plant energyplus'
        )
    settings = open_home(home)
    result = run(
        find_site(site, settings),
        settings,
        plant="twin" if plant == "twin" else "energyplus",
        days=days,
        start=utc(start),
        load=load,
        say=lambda line: progress_console.print(f"[dim]{escape(line)}[/dim]"),
    )
    emit(result, as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    """Outcomes side by side and what was saved."""
    for note in result.get("notes", []):
        console.print(f"[dim]{escape(note)}[/dim]")
    console.print(outcomes(result["controls"]))
    for name, saved in result["saving"].items():
        console.print(saving_line(name, saved))
    console.print(f"\nPlot: {result['plot']}", soft_wrap=True)


def outcomes(controls: dict[str, dict[str, float]]) -> Table:
    """A table of outcomes, one column per control; rows without a measurement are left out."""
    table = Table("", *controls)
    for column in table.columns[1:]:
        column.justify = "right"
    for key, (label, form) in ROWS.items():
        values = [outcome[key] for outcome in controls.values()]
        if any(value == value for value in values):
            table.add_row(label, *(format(value, form) for value in values))
    return table


def saving_line(name: str, saving: dict[str, float]) -> str:
    """A saving in words; none is claimed where the interval covers zero."""
    interval = f"90 % interval {saving['facility_low_kwh']:,.0f} to {saving['facility_high_kwh']:,.0f} kWh"
    if not saving["proven"]:
        return f"Against {name} no saving is claimed: {saving['facility_kwh']:,.0f} kWh of facility energy, {interval}."
    return (
        f"Against {name}: saved {saving['facility_kwh']:,.0f} kWh of facility energy ({interval}); "
        f"cooling energy {saving['cooling_share']:.1%} less "
        f"({saving['cooling_share_low']:.1%} to {saving['cooling_share_high']:.1%})."
    )
