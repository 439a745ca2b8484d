"""`coldaisle effects`: the effect of each setpoint on power, in percent per K, with an interval."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, progress_console, utc


def effects(
    site: SiteOption,
    start: Annotated[
        datetime | None, typer.Option("--from", help="Learn from telemetry from this time on, UTC")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="and before this one")] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="A quantity, e.g. chw_supply_sp_c; by default every setpoint"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of initial weights and shuffling")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate the effect of each setpoint on the plant's power, all else equal, within the record's support."""
    from pipelines.console.tables import Tables
    from pipelines.learning.effects.effects import effects as learn
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    result = learn(
        loaded, settings, start=utc(start), end=utc(end), inputs=inputs, seed=seed,
        progress=lambda line: progress_console.print(line, style="dim", markup=False),
    )  # fmt: skip
    Tables(settings, loaded.name).write("effects", result)
    emit(result, as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    """The effect of each setpoint on power, % per K with an interval."""
    period = " to ".join(f"{result[name]:%Y-%m-%d}" for name in ("from", "to"))
    table = Table(
        "setpoint", "range", "power of",
        title=f"{result['site']}: effect of one K more, {period}, {result['rows']:,} rows",
        caption="change of each power itself, and as a share of the plant's; all else equal, load too; where a row's "
        "setpoint could move by half a K either way within the record",
    )  # fmt: skip
    for name in ("per K", "its 90 % interval", "of the plant", "rows"):
        table.add_column(name, justify="right")
    for row in result["effects"]:
        unit = "" if row["unit"] == 1.0 else f" per {row['unit']:g}"
        table.add_row(
            row["of"], f"{row['lowest']:.3g} to {row['highest']:.3g}", row["on"], f"{row['percent']:+.2f} %{unit}",
            f"{row['low']:+.2f} to {row['high']:+.2f}", f"{row['percent_of_plant']:+.2f} %", f"{row['rows']:,}",
            end_section=row["on"] == "cooling plant",
        )  # fmt: skip
    console.print(table)
    for declared in result["declared"]:
        console.print(
            f"  {declared['on']} with {declared['of']}: declared, broken at {declared['broken_share']:.1%} of the rows"
        )
    for name in result["silent"]:
        console.print(f"  {name}: too few rows could be moved inside the record", style="dim")
    for note in result["notes"]:
        console.print(f"  {note}", style="dim", markup=False)
    console.print(f"Plot: {result['plot']}", soft_wrap=True)
