"""`coldaisle simulate`: what-if studies on a site's simulated plant, one plant or a grid of thousands."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, progress_console, utc
from pipelines.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    import simulator
    from pipelines.config import Settings
    from pipelines.simulation.studies.recorded import Recorded
    from pipelines.simulation.studies.run import Study
    from pipelines.site.file import Site

BEST_SHOWN = 5
OUT = "any_violation_minutes"
MEASURES = {
    "facility_kwh": "facility kWh", "pue": "PUE", OUT: "minutes out",
    "rack_inlet_high_minutes": "too warm", "rack_inlet_low_minutes": "too cold",
    "dew_point_violation_minutes": "too damp", "change_violation_minutes": "too fast",
    "aisle_pressure_violation_minutes": "aisle pressure",
    "rack_inlet_max_c": "inlet max", "water_evaporated_l": "water L",
}  # fmt: skip


def simulate(
    site: SiteOption,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="A scenario's .toml file")] = None,
    recorded: Annotated[
        str,
        typer.Option(
            "--recorded",
            help="In place of a scenario: the site's own weather, load and setpoints, 2025-10-20..2025-10-27 (UTC)",
        ),
    ] = "",
    present: Annotated[
        bool,
        typer.Option(
            "--present", help="In place of a scenario: a day of the newest weather, load and setpoints"
        ),
    ] = False,
    at: Annotated[
        datetime | None, typer.Option("--at", help="UTC; the present of --present, by default the newest")
    ] = None,
    sweep: Annotated[
        str,
        typer.Option(
            "--sweep",
            help='"chw_supply_c=6:18:1,supply_air_c=18|20.5|23", ends included; "auto": the site\'s own setpoints',
        ),
    ] = "",
    weather: Annotated[
        Path | None,
        typer.Option("--weather", help="An EPW file, or a CSV's weather, in place of the scenario's"),
    ] = None,
    days: Annotated[int | None, typer.Option("--days", help="In place of the scenario's days")] = None,
    nameplate: Annotated[
        bool,
        typer.Option(
            "--nameplate", help="The plant of the site file's [twin], even where a fitted twin exists"
        ),
    ] = False,
    hourly: Annotated[bool, typer.Option("--hourly", help="Keep every case's hours as well")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate what setpoints, weather or faults would do; run again, the same command resumes an interrupted study."""
    _refuse_unclear(scenario, recorded, present, at)
    from pipelines.files import write_page
    from pipelines.learning.twin.bundle import find_twin
    from pipelines.simulation.plant import simulated
    from pipelines.simulation.studies.plot import columns_needed, study_figure
    from pipelines.simulation.studies.run import run_study
    from pipelines.simulation.studies.scenario import read_scenario
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    twin = None if nameplate else find_twin(loaded, settings)
    plant = simulated(loaded, None if twin is None else twin.plant)
    held = None if twin is None else twin.setpoints
    chosen, notes = (
        (read_scenario(scenario), ())
        if scenario
        else _of_the_record(loaded, settings, plant, held, recorded, utc(at))
    )
    if weather is not None:
        chosen = chosen.changed(weather={"csv" if weather.suffix.lower() == ".csv" else "epw": weather})
    if days is not None:
        chosen = chosen.changed(days=days)
    with _progress() as bar:
        task = bar.add_task("compiling and simulating")
        study = run_study(
            loaded, chosen, sweep, folder=settings.home / "studies", hourly=hourly, plant=plant,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    axes = list(study.axes)
    named = chosen.title or (scenario.stem if scenario else "")
    title = f"{loaded.title}: {named}, {chosen.days} d from {chosen.start_utc:%Y-%m-%d}"
    plot = write_page(
        study_figure(study.table(columns_needed(axes)), axes, title), study.folder / "plot.html"
    )
    result = _result(study, title, plot, hourly)
    result["notes"] = [*notes, *result["notes"]]
    emit(result | {"twin": None if twin is None else twin.version}, as_json, show)


def _refuse_unclear(scenario: Path | None, recorded: str, present: bool, at: datetime | None) -> None:
    given = [
        name
        for name, value in (("--scenario", scenario), ("--recorded", recorded), ("--present", present))
        if value
    ]
    if len(given) != 1:
        raise ScenarioError(
            "a study needs one of --scenario FILE, --recorded FIRST..LAST and --present, got "
            f"{' and '.join(given) or 'none'}; give one of them"
        )
    if at is not None and not present:
        raise ScenarioError(f"--at is the present of --present, got it with {given[0]}; leave it out")


def _of_the_record(
    site: "Site",
    settings: "Settings",
    plant: "simulator.Plant",
    held: "simulator.Setpoints | None",
    recorded: str,
    at: "pd.Timestamp | None",
) -> "Recorded":
    """The scenario of a recorded period, or of the present."""
    from pipelines.simulation.studies.recorded import parsed_period, present_scenario, recorded_scenario
    from pipelines.telemetry.store import Store

    store = Store(settings.store, site)
    if not recorded:
        return present_scenario(site, store, plant, at=at, held=held)
    folder = settings.home / "studies" / "recorded"
    return recorded_scenario(site, store, plant, *parsed_period(recorded), folder=folder, held=held)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=progress_console)


def _result(study: "Study", title: str, plot: Path, hourly: bool) -> dict[str, Any]:
    others = [name for name in study.axes if name != "seed"]
    rows = study.table([*dict.fromkeys([*study.axes, *MEASURES])])
    measures = [name for name in MEASURES if name in rows]
    means = rows.groupby(others)[measures].mean().reset_index() if others else rows
    inside = means[means[OUT] == 0]
    # where no case stays inside, the least time outside comes before energy
    best = (inside if len(inside) else means).sort_values([OUT, "facility_kwh"], kind="stable")
    return {
        "site": study.site,
        "title": title,
        "cases": study.cases,
        "resumed_cases": study.resumed_cases,
        "left_out": study.left_out,
        "inside_envelope": len(inside),
        "averaged_over_seeds": len(study.axes.get("seed", ())) if others else 0,
        "best": best.head(BEST_SHOWN).to_dict("records"),
        "notes": list(study.notes),
        "table": study.path,
        "hours": study.hours_path if hourly else None,
        "plot": plot,
        "seconds": round(study.seconds, 1),
    }


def show(result: dict[str, Any], console: Console) -> None:
    """Outcomes of a study, the best cases first."""
    resumed = f", {result['resumed_cases']:,} of them by an earlier run" if result["resumed_cases"] else ""
    console.print(f"[bold]{escape(result['title'])}[/bold]")
    console.print(f"{result['cases']:,} cases{resumed}, {result['seconds']:.0f} s")
    console.print(f"plant: {result['twin'] or 'nameplate of the site file'}", style="dim")
    for note in result["notes"]:
        console.print(f"  {escape(note)}", style="dim", soft_wrap=True)
    console.print(_best(result))
    console.print(f"Table: {result['table']}\nPlot:  {result['plot']}", soft_wrap=True)
    if result["hours"]:
        console.print(f"Hours: {result['hours']}", soft_wrap=True)


def _best(result: dict[str, Any]) -> Table:
    inside = "Least facility energy within the envelope"
    if not result["inside_envelope"]:
        inside = "Least time outside the envelope (no case stays in it)"
    seeds = f", means over {result['averaged_over_seeds']} seeds" if result["averaged_over_seeds"] else ""
    table = Table(title=f"{inside}{seeds}")
    for name in result["best"][0]:
        words = MEASURES.get(name, name.replace("_", " "))
        table.add_column(words, justify="right", min_width=max(map(len, words.split())))
    for row in result["best"]:
        table.add_row(*(format(value, ",.4g" if abs(value) < 100 else ",.0f") for value in row.values()))
    return table
