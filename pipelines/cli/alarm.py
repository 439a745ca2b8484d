"""`coldaisle alarm`: alarms of a site, and their acknowledgement."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, opened, person

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def listed(
    site: SiteOption,
    every: Annotated[bool, typer.Option("--all", help="Those that are over and acknowledged, too")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List alarms: those whose cause is there, and those that nobody has acknowledged."""
    from pipelines.operations.alarms import alarms_of

    _, operations = opened(site, home)
    rows = [
        alarm._asdict() | {"acknowledged": alarm.acknowledged._asdict() if alarm.acknowledged else None}
        for alarm in alarms_of(operations)
        if every or alarm.listed
    ]
    emit({"site": site, "alarms": rows}, as_json, _show)


@app.command()
def acknowledge(
    site: SiteOption,
    alarm: Annotated[int, typer.Option("--alarm", help="Its number, as list shows it")],
    by: Annotated[str, typer.Option("--by", help="Name of whoever acknowledges it")],
    why: Annotated[str, typer.Option("--why", help="What was found")] = "seen",
    home: HomeOption = None,
) -> None:
    """Acknowledge an alarm: somebody has seen it."""
    from pipelines.operations.alarms import acknowledge as seen

    _, operations = opened(site, home)
    seen(operations, alarm, by=person(home, by), why=why)
    typer.echo(f"alarm {alarm} is acknowledged by {by}")


def _show(result: dict[str, Any], console: Console) -> None:
    if not result["alarms"]:
        console.print("no alarms")
        return
    table = Table("alarm", "since (UTC)", "severity", "of", "what", "over (UTC)", "acknowledged")
    for alarm in result["alarms"]:
        over, seen = alarm["over_at"], alarm["acknowledged"]
        table.add_row(
            str(alarm["id"]), f"{alarm['at']:%Y-%m-%d %H:%M}", alarm["severity"], alarm["source"],
            escape(alarm["text"]),
            f"{over:%Y-%m-%d %H:%M}" if over else "", escape(f"{seen['by']}: {seen['why']}") if seen else "",
        )  # fmt: skip
    console.print(table)
