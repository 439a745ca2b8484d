"""`coldaisle explore plan`: a safe sequence of setpoint trials for a site whose record has none."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, utc

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Plan setpoint trials."""


@app.command("plan")
def plan(
    site: SiteOption,
    out: Annotated[Path, typer.Option("--out", help="Where the plan goes: a CSV of time and setpoint tags")],
    start: Annotated[
        datetime | None,
        typer.Option("--from", help="The year that trials are spread over; by default from now"),
    ] = None,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=26)] = 4,
    risk_share: Annotated[
        float,
        typer.Option(
            "--risk-share", help="Energy at risk, as a share of those weeks' cooling", min=0.001, max=0.5
        ),
    ] = 0.15,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan the trials with the most information for the energy at risk, inside limits, slew rates and the envelope."""
    from pipelines.learning.trials.plan import explore_plan
    from pipelines.site.file import find_site
    from pipelines.telemetry.store import Store

    settings = open_home(home)
    loaded = find_site(site, settings)
    begin = utc(start) if start is not None else pd.Timestamp(datetime.now(UTC)).normalize()
    assert begin is not None
    made = explore_plan(
        loaded, Store(settings.store, loaded).read(), start=begin, weeks=weeks, risk_share=risk_share
    )
    made.write(out)
    result = {
        "site": loaded.name,
        "trials": int(made.table.notna().any(axis=1).sum()),
        "gained_nats": made.gained_nats,
        "risk_kwh": made.risk_kwh,
        "budget_kwh": made.budget_kwh,
        "safe_because": list(made.safe_because),
        "ranges": {str(tag): [column.min(), column.max()] for tag, column in made.table.items()},
        "out": out,
    }
    emit(result, as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    """The plan of trials: its size, its risk and its budget."""
    console.print(
        f"[bold]{result['site']}[/bold]: {result['trials']} trials, {result['gained_nats']:.0f} nats of information, "
        f"at most {result['risk_kwh']:,.0f} kWh at risk (budget {result['budget_kwh']:,.0f})"
    )
    table = Table("setpoint", "lowest tried", "highest tried")
    for tag, (low, high) in result["ranges"].items():
        table.add_row(tag, *(("-", "-") if low is None or low != low else (f"{low:g}", f"{high:g}")))
    console.print(table)
    console.print("Safe because")
    for reason in result["safe_because"]:
        console.print(f"  {reason}", soft_wrap=True)
    console.print(f"Plan: {result['out']}", soft_wrap=True)
