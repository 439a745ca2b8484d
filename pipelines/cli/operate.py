"""`coldaisle operate`: mode, limits and overrides of a site's control, as its people order them."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, utc

app = typer.Typer(no_args_is_help=True)
By = Annotated[str, typer.Option("--by", help="Who orders it")]
Why = Annotated[str, typer.Option("--why", help="Why")]
Until = Annotated[datetime | None, typer.Option("--until", help="UTC; by default until it is released")]
Tag = Annotated[str, typer.Option("--tag", help="The setpoint's tag")]


@app.command()
def show(site: SiteOption, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show mode, limits and overrides in force, the last decisions and events."""
    from pipelines.operations.standing_orders import limits_by_tag, standing

    found, operations = _opened(site, home)
    now = standing(operations.orders(), datetime.now(UTC))
    result = {
        "site": found.name,
        "mode": now.mode,
        "ordered": now.mode_order._asdict() if now.mode_order else None,
        "limits": {tag: list(pair) for tag, pair in limits_by_tag(found, now.orders()).items()},
        "narrowed": {tag: one._asdict() for tag, one in now.limits.items()},
        "overrides": {tag: one._asdict() for tag, one in now.overrides.items()},
        "accepted": now.accepted._asdict() if now.accepted else None,
        "decisions": [one._asdict() for one in operations.decisions(limit=5)],
        "events": [one._asdict() for one in operations.events(limit=5)],
    }
    emit(result, as_json, _shown)


@app.command()
def mode(
    site: SiteOption,
    to: Annotated[str, typer.Option("--to", help="shadow, advise or auto; up one step at a time")],
    by: By,
    why: Why,
    home: HomeOption = None,
) -> None:
    """Change the mode; a restart resumes in it."""
    from pipelines.operations.order_entry import order_mode

    _, operations = _opened(site, home)
    now = order_mode(operations, to, by=by, why=why)
    typer.echo(f"{site} is in mode {now.mode}, by {by}")


@app.command()
def limits(
    site: SiteOption,
    tag: Tag,
    low: Annotated[float, typer.Option("--low", help="Canonical unit: °C, 0/1")],
    high: Annotated[float, typer.Option("--high")],
    by: By,
    why: Why,
    until: Until = None,
    home: HomeOption = None,
) -> None:
    """Narrow a setpoint's limits, in force from the next decision on."""
    from pipelines.operations.order_entry import order_limits

    found, operations = _opened(site, home)
    order_limits(operations, found, tag, low, high, by=by, why=why, until=utc(until))
    typer.echo(f"{tag}: {low:g}..{high:g}, by {by}")


@app.command()
def override(
    site: SiteOption,
    tag: Tag,
    value: Annotated[float, typer.Option("--value", help="Canonical unit: °C, 0/1")],
    by: By,
    why: Why,
    until: Until = None,
    home: HomeOption = None,
) -> None:
    """Take over a setpoint: it goes to the value at its slew rate and stays until released."""
    from pipelines.operations.order_entry import order_override

    found, operations = _opened(site, home)
    order_override(operations, found, tag, value, by=by, why=why, until=utc(until))
    typer.echo(f"{tag} is at {value:g} by {by}")


@app.command()
def release(
    site: SiteOption,
    tag: Tag,
    by: By,
    why: Why,
    what: Annotated[str, typer.Option("--what", help="override, limits; by default both")] = "",
    home: HomeOption = None,
) -> None:
    """Give a setpoint back: end its override and its narrower limits."""
    from pipelines.operations.order_entry import order_release

    found, operations = _opened(site, home)
    order_release(operations, found, tag, by=by, why=why, what=what)
    typer.echo(f"{tag} is released by {by}")


@app.command()
def answer(
    site: SiteOption,
    decision: Annotated[int, typer.Option("--decision", help="Its number, as show lists it")],
    accept: Annotated[bool, typer.Option("--accept/--reject")],
    by: By,
    why: Why,
    home: HomeOption = None,
) -> None:
    """Accept or reject a recommendation in mode advise; accepted, it is gone for within the next hours."""
    from pipelines.operations.order_entry import order_answer

    _, operations = _opened(site, home)
    order_answer(operations, decision, accept=accept, by=by, why=why)
    typer.echo(f"decision {decision} is {'accepted' if accept else 'rejected'} by {by}")


def _opened(site: str, home):
    from pipelines.operations.ledger import Operations
    from pipelines.site.file import find_site

    settings = open_home(home)
    found = find_site(site, settings)
    return found, Operations(settings.ledger, found.name)


def _shown(result: dict[str, Any], console: Console) -> None:
    ordered = result["ordered"]
    since = (
        f", by {ordered['by']} since {ordered['at']:%Y-%m-%d %H:%M} UTC: {ordered['why']}" if ordered else ""
    )
    console.print(f"[bold]{result['site']}[/bold] in mode [bold]{result['mode']}[/bold]{escape(since)}")
    table = Table("setpoint", "limits in force", "override", "by", "why", "until")
    for tag, (low, high) in result["limits"].items():
        override, narrowed = result["overrides"].get(tag), result["narrowed"].get(tag)
        one = override or narrowed
        value = f"{override['body']['value']:g}" if override else ""
        until = f"{one['until']:%Y-%m-%d %H:%M}" if one and one["until"] else ""
        table.add_row(
            tag, f"{low:g}..{high:g}", value, one["by"] if one else "", one["why"] if one else "", until
        )
    console.print(table)
    for made in result["decisions"]:
        written = "written" if made["written"] else "not written"
        console.print(
            f"{made['id']} {made['at']:%Y-%m-%d %H:%M} {made['source']}, {written}: {escape(made['reason'])}"
        )
    for event in result["events"]:
        console.print(
            f"{event['at']:%Y-%m-%d %H:%M} {event['source']}: {escape(event['text'])}", style="yellow"
        )
