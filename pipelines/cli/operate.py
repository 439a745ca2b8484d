"""`coldaisle operate`: mode, limits and overrides of a site's control, as operators order them."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, opened, person, utc

app = typer.Typer(no_args_is_help=True)
By = Annotated[str, typer.Option("--by", help="Name of whoever orders it")]
Why = Annotated[str, typer.Option("--why", help="Why")]
Until = Annotated[datetime | None, typer.Option("--until", help="UTC; by default until it is released")]
Tag = Annotated[str, typer.Option("--tag", help="The setpoint's tag")]


@app.command()
def show(site: SiteOption, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the mode; for each setpoint its reading, orders and last written value; the last decisions and events."""
    from dataclasses import asdict

    from pipelines.operations.gateway import Outbox
    from pipelines.operations.setpoint_status import override_effect, setpoint_status
    from pipelines.operations.standing_orders import standing

    settings = open_home(home)
    described, operations = opened(site, home)
    at = datetime.now(UTC)
    now = standing(operations.orders(), at)
    status, notices = setpoint_status(described, settings, now, Outbox(settings.outbox, described), at)
    result = {
        "site": described.name,
        "mode": now.mode,
        "ordered": now.mode_order._asdict() if now.mode_order else None,
        "setpoints": [
            asdict(one)
            | {
                "narrowed": one.narrowed._asdict() if one.narrowed else None,
                "override": one.override._asdict() if one.override else None,
            }
            for one in status
        ],
        "override_effect": override_effect(now.mode),
        "accepted": now.accepted._asdict() if now.accepted else None,
        "notices": notices,
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
    """Change the mode; it survives a restart."""
    from pipelines.operations.order_entry import order_mode

    _, operations = opened(site, home)
    now = order_mode(operations, to, by=person(home, by), why=why)
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

    described, operations = opened(site, home)
    order_limits(operations, described, tag, low, high, by=person(home, by), why=why, until=utc(until))
    typer.echo(f"{tag}: limits {low:g}..{high:g} ordered by {by}, from the next decision on")


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
    """Override a setpoint: in mode auto it goes to the value at its slew rate and stays until released."""
    from pipelines.operations.order_entry import order_override
    from pipelines.operations.setpoint_status import override_effect
    from pipelines.operations.standing_orders import standing

    described, operations = opened(site, home)
    order_override(operations, described, tag, value, by=person(home, by), why=why, until=utc(until))
    mode = standing(operations.orders(), datetime.now(UTC)).mode
    typer.echo(f"{tag}: {value:g} ordered by {by}; {override_effect(mode)}")


@app.command()
def release(
    site: SiteOption,
    by: By,
    why: Why,
    tag: Annotated[str, typer.Option("--tag", help="The setpoint's tag")] = "",
    what: Annotated[
        str, typer.Option("--what", help="override, limits; by default both; hold: all setpoints")
    ] = "",
    home: HomeOption = None,
) -> None:
    """Release a setpoint: end its override and its narrower limits; with --what hold, end a hold of all."""
    from pipelines.operations.order_entry import order_release, order_release_hold

    described, operations = opened(site, home)
    if what == "hold":
        order_release_hold(operations, by=person(home, by), why=why)
        typer.echo(f"the hold is released by {by}")
        return
    order_release(operations, described, tag, by=person(home, by), why=why, what=what)
    typer.echo(
        f"{tag}: override and limits released by {by}" if not what else f"{tag}: {what} released by {by}"
    )


@app.command()
def answer(
    site: SiteOption,
    decision: Annotated[int, typer.Option("--decision", help="Its number, as show lists it")],
    accept: Annotated[bool, typer.Option("--accept/--reject")],
    by: By,
    why: Why,
    reason: Annotated[
        str, typer.Option("--reason", help="Of a rejection: equipment, risk, timing, figures or other")
    ] = "other",
    home: HomeOption = None,
) -> None:
    """Accept or reject the latest recommendation in mode advise, once; once accepted, setpoints move to its goal."""
    from pipelines.operations.order_entry import order_answer

    described, operations = opened(site, home)
    given = person(home, by)
    order_answer(operations, described, decision, accept=accept, by=given, why=why, reason=reason)
    typer.echo(f"decision {decision} is {'accepted' if accept else 'rejected'} by {by}")


@app.command()
def withdraw(
    site: SiteOption,
    decision: Annotated[int, typer.Option("--decision", help="Number of the accepted decision")],
    by: By,
    why: Why,
    home: HomeOption = None,
) -> None:
    """End an acceptance that is in force; the plant goes back to its own control."""
    from pipelines.operations.order_entry import order_withdraw_acceptance

    _, operations = opened(site, home)
    order_withdraw_acceptance(operations, decision, by=person(home, by), why=why)
    typer.echo(f"the acceptance of decision {decision} is withdrawn by {by}")


@app.command()
def hold(
    site: SiteOption,
    by: By,
    why: Why,
    hours: Annotated[float, typer.Option("--hours", help="For how long", min=0.25, max=168.0)] = 4.0,
    home: HomeOption = None,
) -> None:
    """Hold every setpoint where it is: as last written, else as read."""
    from datetime import timedelta

    from pipelines.operations.gateway import Outbox
    from pipelines.operations.order_entry import order_hold
    from pipelines.operations.setpoint_status import present_values, setpoint_status
    from pipelines.operations.standing_orders import standing

    settings = open_home(home)
    described, operations = opened(site, home)
    at = datetime.now(UTC)
    now = standing(operations.orders(), at)
    status, _ = setpoint_status(described, settings, now, Outbox(settings.outbox, described), at)
    until = at + timedelta(hours=hours)
    order_hold(operations, described, present_values(status), by=person(home, by), why=why, until=until)
    typer.echo(f"setpoints are held until {until:%Y-%m-%d %H:%M} UTC by {by}")


@app.command()
def rule(site: SiteOption, by: By, why: Why, home: HomeOption = None) -> None:
    """Back to the site's own rule at once: nothing is written any more, the mode becomes shadow."""
    from pipelines.operations.gateway import Outbox
    from pipelines.operations.order_entry import order_back_to_rule

    settings = open_home(home)
    described, operations = opened(site, home)
    gateway = Outbox(settings.outbox, described)
    typer.echo(order_back_to_rule(operations, gateway, by=person(home, by), why=why))


def _shown(result: dict[str, Any], console: Console) -> None:
    ordered = result["ordered"]
    since = (
        f", by {ordered['by']} since {ordered['at']:%Y-%m-%d %H:%M} UTC: {ordered['why']}" if ordered else ""
    )
    console.print(f"[bold]{result['site']}[/bold] in mode [bold]{result['mode']}[/bold]{escape(since)}")
    table = Table(
        "setpoint", "last reading", "limits in force", "override ordered", "carried out", "last written"
    )
    for one in result["setpoints"]:
        table.add_row(*map(escape, _row(one)))
    console.print(table)
    if any(one["override"] for one in result["setpoints"]):
        console.print(f"Overrides: {result['override_effect']}")
    accepted = result["accepted"]
    if accepted:
        console.print(f"Decision {accepted['body']['decision']} is accepted by {escape(accepted['by'])}")
    for notice in result["notices"]:
        console.print(escape(notice), style="yellow")
    for decision in result["decisions"]:
        written = "written" if decision["written"] else "not written"
        console.print(
            f"{decision['id']} {decision['at']:%Y-%m-%d %H:%M} {decision['source']}, {written}: "
            f"{escape(decision['reason'])}"
        )
    for event in result["events"]:
        console.print(
            f"{event['at']:%Y-%m-%d %H:%M} {event['source']}: {escape(event['text'])}", style="yellow"
        )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    reading = "none" if one["reading"] is None else f"{one['reading']:.4g} at {one['read_at']:%Y-%m-%d %H:%M}"
    narrowed, override = one["narrowed"], one["override"]
    limits = f"{one['low']:g}..{one['high']:g}" + (f", by {narrowed['by']}" if narrowed else "")
    ordered = (
        f"{_number(override['body']['value'])} by {override['by']}: {override['why']}" if override else ""
    )
    if override and override["until"]:
        ordered += f" (until {override['until']:%m-%d %H:%M})"
    carried_out = ("yes" if one["carried_out"] else "no") if override else ""
    written = (
        "nothing" if one["written"] is None else f"{one['written']:.4g} until {one['until']:%m-%d %H:%M}"
    )
    return one["tag"], reading, limits, ordered, carried_out, written


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else repr(value)
