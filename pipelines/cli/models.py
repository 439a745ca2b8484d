"""`coldaisle models`: versions of a site's models, who put which in charge, the gate, and the way back."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, opened, person, say, utc

app = typer.Typer(no_args_is_help=True)

KindName = Literal["efficiency", "cascade", "twin", "horizon"]
KindOption = Annotated[KindName, typer.Option("--kind", help="Kind of model")]
ByOption = Annotated[str, typer.Option("--by", help="Name of whoever does it")]
WhyOption = Annotated[str, typer.Option("--why", help="Why")]


@app.command("list")
def listed(site: SiteOption, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List versions of every kind: in charge or challenger, learned until, error, who put it in charge."""
    from pipelines.console.models import models_of
    from pipelines.site.file import find_site

    settings = open_home(home)
    emit(models_of(find_site(site, settings), settings), as_json, _show_list)


@app.command()
def show(
    site: SiteOption,
    at: Annotated[
        datetime | None, typer.Option("--at", help="Who was in charge then, UTC; by default now")
    ] = None,
    decision: Annotated[
        int | None, typer.Option("--decision", help="What stands behind this decision")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which models were in charge at a time, or the model, data and code behind a decision."""
    from pipelines.operations.promotion import record_charges
    from pipelines.operations.provenance import behind_decision, in_charge_then

    described, operations = opened(site, home)
    record_charges(operations, described, open_home(home))
    if decision is not None:
        emit(behind_decision(operations, described, open_home(home), decision), as_json, _show_provenance)
        return
    moment = utc(at)
    then = datetime.now(UTC) if moment is None else moment.to_pydatetime()
    emit(in_charge_then(operations, then), as_json, _show_in_charge)


@app.command()
def compare(site: SiteOption, kind: KindOption, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Judge the challenger as the gate does, without consequences."""
    from pipelines.evaluation.gate import compare as find
    from pipelines.site.file import find_site

    settings = open_home(home)
    say(f"judging the challenger of {site} on the time since it was trained")
    emit(find(find_site(site, settings), kind, settings).as_dict(), as_json, show_verdict)


@app.command()
def promote(
    site: SiteOption,
    kind: KindOption,
    by: ByOption,
    why: WhyOption,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Number of the version")] = None,
    challenger: Annotated[bool, typer.Option("--challenger", help="The present challenger")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version the champion, whatever its errors; name and reason are recorded."""
    from pipelines.operations.promotion import order_promotion

    if challenger == (version is not None):
        raise typer.BadParameter("give either --version N or --challenger")
    described, operations = opened(site, home)
    settings = open_home(home)
    charge = order_promotion(
        operations, described, kind, settings, version=version, by=person(home, by), why=why
    )
    _tell(charge, described, settings, as_json)


@app.command()
def rollback(
    site: SiteOption,
    kind: KindOption,
    by: ByOption,
    why: WhyOption,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the champion before the present one back in charge. MLflow need not answer."""
    from pipelines.operations.alarms.notifier import wait_until_sent
    from pipelines.operations.promotion import order_rollback

    described, operations = opened(site, home)
    settings = open_home(home)
    charge = order_rollback(operations, described, kind, settings, by=person(home, by), why=why)
    wait_until_sent()
    _tell(charge, described, settings, as_json)


def _tell(charge: Any, site: Any, settings: Any, as_json: bool) -> None:
    from pipelines.console.prepare import prepare

    prepare(site, settings, ("models",))
    result = {
        "model": charge.model, "version": charge.version, "replaced": charge.replaced, "at": charge.at,
        "by": charge.who.name, "why": charge.who.why,
    }  # fmt: skip
    emit(result, as_json, _show_charge)


def _show_charge(result: dict[str, Any], console: Console) -> None:
    replaced = f"replaces version {result['replaced']}" if result["replaced"] else "is the first"
    console.print(
        f"{result['model']} version {result['version']} is champion and {replaced} ({result['by']}: {result['why']})",
        markup=False,
        soft_wrap=True,
    )
    console.print("A running coldaisle serve decides with it within seconds.", markup=False)


def show_verdict(result: dict[str, Any], console: Console) -> None:
    """What the gate found: a row a check, then the conclusion."""
    title = f"{result['site']}, {result['kind']}: version {result['challenger']} against version {result['champion']}"
    table = Table("check", "found", "asked", "met", title=title)
    marks = {True: "yes", False: "[red]no[/red]", None: "not judged"}
    for check in result["checks"]:
        table.add_row(check["name"], escape(check["found"]), escape(check["asked"]), marks[check["met"]])
    console.print(table)
    console.print(f"{result['conclusion']}: {escape(result['why'])}", soft_wrap=True)


def _show_list(result: dict[str, Any], console: Console) -> None:
    if result["why_not"]:
        console.print(escape(result["why_not"]), style="yellow")
    if not result["kinds"]:
        console.print("no model is trained yet")
    for kind, known in result["kinds"].items():
        table = Table("version", "", "learned until", "in charge since (UTC)", "by", "why", title=kind)
        for each in known["versions"]:
            alias = {known["champion"]: "champion", known["challenger"]: "challenger"}.get(
                each["version"], ""
            )
            since = each.get("promoted_at")
            table.add_row(
                str(each["version"]), alias, (each["parameters"].get("learned_until") or "")[:16],
                f"{since:%Y-%m-%d %H:%M}" if since else "", escape(str(each.get("promoted_by") or "")),
                escape(str(each.get("promoted_why") or "")),
            )  # fmt: skip
        console.print(table)


def _show_in_charge(result: dict[str, Any], console: Console) -> None:
    console.print(f"In charge of {result['site']} at {result['at']:%Y-%m-%d %H:%M} UTC:")
    table = Table("kind", "version", "since (UTC)", "by", "why", "run", "code")
    for each in result["models"]:
        table.add_row(
            each["kind"], str(each["version"]), f"{each['since']:%Y-%m-%d %H:%M}", escape(each["by"]),
            escape(each["why"]), str(each["run_id"] or "")[:8], str(each["code"] or ""),
        )  # fmt: skip
    console.print(table)
    if not result["models"]:
        console.print("none: the site's own rule decided, or nothing was recorded")
    last = result["decision"]
    if last is not None:
        console.print(
            f"Last decision before: {last['number']}, {last['at']:%H:%M}, by {escape(str(last['model']))}"
        )


def _show_provenance(result: dict[str, Any], console: Console) -> None:
    for name, value in result.items():
        if value not in (None, ""):
            console.print(f"{name.replace('_', ' ')}: {escape(str(value))}", soft_wrap=True, highlight=False)
