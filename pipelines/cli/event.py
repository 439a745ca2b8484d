"""`coldaisle event`: non-routine events that a saving has to be told of."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, opened, person, utc
from pipelines.cli.operate import By, Why

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    site: SiteOption,
    kind: Annotated[
        str,
        typer.Option(
            "--kind", help="load step, new hall, failed equipment, replaced equipment, changed meter or other"
        ),
    ],
    start: Annotated[datetime, typer.Option("--from", help="UTC")],
    by: By,
    why: Why,
    end: Annotated[datetime | None, typer.Option("--to", help="UTC; by default it lasts")] = None,
    treatment: Annotated[
        str, typer.Option("--treatment", help="exclude its hours, or add: so many kW are its own")
    ] = "exclude",
    kw: Annotated[float, typer.Option("--kw", help="With add: kW that it added to what is metered")] = 0.0,
    home: HomeOption = None,
) -> None:
    """Record what changed beside control, and what savings make of it."""
    from pipelines.operations.adjustments import order_adjustment

    _, operations = opened(site, home)
    first, last = utc(start), utc(end)
    assert first is not None
    number = order_adjustment(
        operations, kind=kind, treatment=treatment, kw=kw, start=first.to_pydatetime(),
        end=last.to_pydatetime() if last is not None else None, by=person(home, by), why=why,
    )  # fmt: skip
    typer.echo(f"event {number} ({kind}, {treatment}) is recorded by {by}")


@app.command("list")
def list_(site: SiteOption, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the events that savings are told of."""
    from pipelines.operations.adjustments import adjustments_in

    _, operations = opened(site, home)
    emit({"events": [vars(each) for each in adjustments_in(operations.orders())]}, as_json, _show)


@app.command()
def withdraw(
    site: SiteOption,
    number: Annotated[int, typer.Option("--number", help="Of the event, as list shows it")],
    by: By,
    why: Why,
    home: HomeOption = None,
) -> None:
    """Withdraw an event; it stays in the ledger."""
    from pipelines.operations.trial_orders import withdraw as withdrawn

    _, operations = opened(site, home)
    withdrawn(operations, number, by=person(home, by), why=why)
    typer.echo(f"event {number} is withdrawn by {by}")


def _show(result: dict[str, Any], console: Console) -> None:
    table = Table("number", "event", "from (UTC)", "to (UTC)", "treatment", "by", "why")
    for each in result["events"]:
        end = "it lasts" if each["end"] is None else f"{each['end']:%Y-%m-%d %H:%M}"
        what = each["treatment"] + (f" {each['kw']:g} kW" if each["treatment"] == "add" else "")
        table.add_row(
            str(each["number"]), each["kind"], f"{each['start']:%Y-%m-%d %H:%M}", end, what,
            escape(each["by"]), escape(each["why"]),
        )  # fmt: skip
    console.print(table)
