"""`coldaisle energyplus`: a site's EnergyPlus model, checked and run, its telemetry as a historian would export it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home

if TYPE_CHECKING:
    from pipelines.simulation.energyplus import HeldRun


def energyplus(
    site: SiteOption,
    days: Annotated[int, typer.Option("--days", help="From the model's begin on", min=1, max=365)] = 7,
    load: Annotated[float, typer.Option("--load", help="IT utilisation, 0-1", min=0.0, max=1.0)] = 0.6,
    out: Annotated[Path | None, typer.Option("--out", help="Write the telemetry as a CSV export")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that an EnergyPlus model's setpoints work, run it at the site's defaults, report its energy balance."""
    from pipelines.files import write_csv
    from pipelines.simulation.energyplus import check_setpoints, run_held
    from pipelines.site.file import find_site

    loaded = find_site(site, open_home(home))
    moved = check_setpoints(loaded)
    run = run_held(loaded, load, days=days)
    if out is not None:
        write_csv(run.telemetry.round(4), out)
    emit(_result(moved, run, out), as_json, show)


def _result(moved: dict[str, float], run: "HeldRun", out: Path | None) -> dict[str, Any]:
    closure = run.closure
    return {
        "moved": moved,
        "steps": len(run.telemetry),
        "closure_percent": None if closure is None else closure.percent,
        "unconverged_share": None if closure is None else closure.share_of_steps_beyond,
        "converged": None if closure is None else closure.converged,
        "means": run.telemetry.mean().to_dict(),
        "out": out,
    }


def show(result: dict[str, Any], console: Console) -> None:
    """The response of an EnergyPlus model to moved setpoints, and its energy balance."""
    for actuator, least in result["moved"].items():
        console.print(f"  {actuator} moves its reading, by at least {least:,.3g}")
    table = Table("tag", "mean", title=f"{result['steps']:,} steps under held setpoints")
    for tag, mean in result["means"].items():
        table.add_row(tag, f"{mean:,.4g}")
    console.print(table)
    if result["closure_percent"] is None:
        console.print("Heat balance not checked: name heat_given and heat_removed in [energyplus]")
    else:
        verdict = "converged" if result["converged"] else "NOT CONVERGED, not valid"
        console.print(
            f"Heat removed over heat given: {result['closure_percent']:+.2f} %, "
            f"{result['unconverged_share']:.1%} of steps beyond 3 %: {verdict}"
        )
    if result["out"]:
        console.print(f"Telemetry: {result['out']}", soft_wrap=True)
