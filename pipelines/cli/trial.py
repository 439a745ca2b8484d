"""`coldaisle trial`: randomised trials: plan, start, stop, analyse."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, opened, person
from pipelines.cli.operate import By, Why

app = typer.Typer(no_args_is_help=True)
PlanFile = Annotated[Path, typer.Option("--file", help="The plan, as coldaisle trial plan wrote it")]


@app.command()
def plan(
    site: SiteOption,
    out: Annotated[Path, typer.Option("--out", help="Where the plan goes, JSON")],
    start: Annotated[datetime | None, typer.Option("--from", help="First day; by default tomorrow")] = None,
    days: Annotated[int, typer.Option("--days", min=7, max=366)] = 28,
    block: Annotated[str, typer.Option("--block", help="day or half-day")] = "day",
    compare: Annotated[
        str, typer.Option("--compare", help="off,on or champion,challenger: what is drawn for each block")
    ] = "off,on",
    wash_out: Annotated[
        float | None,
        typer.Option(
            "--wash-out", help="Hours of each block that are not analysed; by default as slew rates need"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the draw; by default drawn and recorded")
    ] = None,
    name: Annotated[str, typer.Option("--name")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a trial: on and off by day or half day, pairs of alike blocks; and say how long it has to be."""
    from pipelines.errors import SavingsError
    from pipelines.savings.trials.plan import ARMS, make_plan, power_of, write_plan
    from pipelines.site.file import find_site
    from pipelines.telemetry.store import Store

    settings = open_home(home)
    loaded = find_site(site, settings)
    arms = next((each for each in ARMS if ",".join(each) == compare.replace(" ", "")), None)
    if arms is None or block not in ("day", "half-day"):
        raise SavingsError(
            f'a trial compares off,on or champion,challenger by day or half-day, found "{compare}" by "{block}"; '
            "choose those"
        )
    begin = pd.Timestamp(start or datetime.now(UTC) + pd.Timedelta(days=1))
    begin = begin.tz_localize(loaded.local_zone) if begin.tz is None else begin
    made = make_plan(
        loaded,
        start=begin,
        days=days,
        block="day" if block == "day" else "half-day",
        arms=arms,
        wash_out_h=wash_out,
        seed=seed,
        name=name,
    )
    write_plan(made, out)
    result = {
        "plan": made.model_dump(mode="json"),
        "digest": made.digest(),
        "power": power_of(loaded, Store(settings.store, loaded), made),
        "out": out,
    }
    emit(result, as_json, _show_plan)


@app.command("start")
def start_(site: SiteOption, file: PlanFile, by: By, why: Why, home: HomeOption = None) -> None:
    """Start a trial: serve follows it in mode auto, from its first block on."""
    from pipelines.operations.standing_orders import standing
    from pipelines.operations.trial_orders import order_trial
    from pipelines.savings.trials.plan import read_plan

    described, operations = opened(site, home)
    made = read_plan(file)
    number = order_trial(operations, described, made, by=person(home, by), why=why)
    mode = standing(operations.orders(), datetime.now(UTC)).mode
    more = (
        ""
        if mode == "auto"
        else f"; the mode is {mode}: only auto writes, so order it before the trial begins"
    )
    typer.echo(f"trial {number} ({made.name}) runs from {made.start:%Y-%m-%d} to {made.end:%Y-%m-%d}{more}")


@app.command()
def stop(
    site: SiteOption,
    number: Annotated[int, typer.Option("--number", help="Of the trial, as show lists it")],
    by: By,
    why: Why,
    home: HomeOption = None,
) -> None:
    """Withdraw a trial; it stays in the ledger, and the model decides again."""
    from pipelines.operations.trial_orders import withdraw

    _, operations = opened(site, home)
    withdraw(operations, number, by=person(home, by), why=why)
    typer.echo(f"trial {number} is withdrawn by {by}")


@app.command("show")
def show_(site: SiteOption, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List trials of the ledger and the block in force."""
    from pipelines.operations.trial_orders import block_in_force, trials_in

    _, operations = opened(site, home)
    orders = operations.orders()
    now = block_in_force(orders, datetime.now(UTC))
    result = {
        "trials": [
            {
                "number": each.order.id, "name": each.plan.name, "start": each.plan.start, "end": each.plan.end,
                "arms": each.plan.arms, "by": each.order.by, "why": each.order.why,
            }
            for each in trials_in(orders)
        ],
        "now": None if now is None else now[1].model_dump(mode="json"),
    }  # fmt: skip
    emit(result, as_json, _show_trials)


@app.command("analyse")
def analyse_(site: SiteOption, file: PlanFile, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say what a trial saved: differences within pairs adjusted for load and weather, and what the draw itself says."""
    import json

    from pipelines.operations.adjustments import adjustments_in
    from pipelines.operations.trial_orders import told_of
    from pipelines.savings.trials.analyse import analyse
    from pipelines.savings.trials.plan import read_plan

    settings = open_home(home)
    described, operations = opened(site, home)
    made = read_plan(file)
    found = analyse(
        described, settings, made, told_of(operations, made), adjustments=adjustments_in(operations.orders())
    )
    result = {
        "trial": json.loads(found.part.model_dump_json()),
        "boundary": found.boundary,
        "left_out": {str(block + 1): why for block, why in found.left_out.items()},
        "pairs_without_readings": found.result.without,
        "unadjusted_kw": found.result.raw_kw,
        "balance": found.balance,
    }
    emit(result, as_json, _show_analysis)


def _show_plan(result: dict[str, Any], console: Console) -> None:
    made, power = result["plan"], result["power"]
    first, second = made["arms"]
    console.print(
        f"[bold]{made['name']}[/bold]: {len(made['blocks'])} blocks of a {made['block']}, {first} or {second} "
        f"by the draw of seed {made['seed']}; the first {made['wash_out_h']:g} h of each are not analysed"
    )
    if power["why_not"]:
        console.print(f"How long it has to be is not known: {power['why_not']}", markup=False)
    else:
        table = Table("saving, of what is metered", "days until it is shown with 90 % power")
        for share, needed in power["days_needed"].items():
            table.add_row(share, "over 2,000 pairs" if needed is None else f"{needed:,}")
        console.print(table)
        console.print(
            f"This plan shows savings from {power['least_saving_shown']:.1%} on ({power['boundary']})",
            markup=False,
        )
    console.print(f"Plan: {result['out']}", soft_wrap=True)


def _show_trials(result: dict[str, Any], console: Console) -> None:
    table = Table("number", "trial", "from", "to", "compares", "by", "why")
    for each in result["trials"]:
        table.add_row(
            str(each["number"]), each["name"], f"{each['start']:%Y-%m-%d}", f"{each['end']:%Y-%m-%d}",
            ", ".join(each["arms"]), escape(each["by"]), escape(each["why"]),
        )  # fmt: skip
    console.print(table)
    now = result["now"]
    console.print("No trial is under way" if now is None else f"Now: {now['arm']} until {now['end']}")


def _show_analysis(result: dict[str, Any], console: Console) -> None:
    from pipelines.savings.document import trial_text
    from pipelines.savings.schema import TrialPart

    console.print(trial_text(TrialPart.model_validate(result["trial"])), soft_wrap=True, markup=False)
    console.print(f"Without adjustment {result['unadjusted_kw']:,.1f} kW; {result['boundary']}", markup=False)
    for name, (first, second) in result["balance"].items():
        console.print(f"  mean {name}: {first:,.1f} and {second:,.1f}", style="dim")
    for block, why in result["left_out"].items():
        console.print(f"Block {block} is left out: {why}", style="yellow", markup=False)
