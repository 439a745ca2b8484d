"""`coldaisle simulate`: what-if studies on a site's simulated plant, one plant or a grid of thousands."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, progress_console

if TYPE_CHECKING:
    from pipelines.simulation.studies.run import Study

BEST_SHOWN = 5
MEASURES = {
    "facility_kwh": "facility kWh", "pue": "PUE", "violation_minutes": "minutes out",
    "rack_inlet_max_c": "inlet max", "water_evaporated_l": "water L",
}  # fmt: skip


def simulate(
    site: SiteOption,
    scenario: Annotated[Path, typer.Option("--scenario", help="A scenario's .toml file")],
    sweep: Annotated[
        str, typer.Option("--sweep", help='"chw_supply_c=6:18:1,supply_air_c=18:27:1", ends included')
    ] = "",
    weather: Annotated[
        Path | None, typer.Option("--weather", help="An EPW file, in place of the scenario's weather")
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
    from pipelines.files import write_page
    from pipelines.learning.twin.bundle import find_twin
    from pipelines.simulation.studies.plot import columns_needed, study_figure
    from pipelines.simulation.studies.run import run_study
    from pipelines.simulation.studies.scenario import read_scenario
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    chosen = read_scenario(scenario)
    if weather is not None:
        chosen = chosen.changed(weather={"epw": weather})
    if days is not None:
        chosen = chosen.changed(days=days)
    twin = None if nameplate else find_twin(loaded, settings)
    with _progress() as bar:
        task = bar.add_task("compiling and simulating")
        study = run_study(
            loaded, chosen, sweep, folder=settings.home / "studies", hourly=hourly,
            plant=None if twin is None else twin.plant,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    axes = list(study.axes)
    title = (
        f"{loaded.title}: {chosen.title or scenario.stem}, {chosen.days} d from {chosen.start_utc:%Y-%m-%d}"
    )
    plot = write_page(
        study_figure(study.table(columns_needed(axes)), axes, title), study.folder / "plot.html"
    )
    emit(
        _result(study, title, plot, hourly) | {"twin": None if twin is None else twin.version}, as_json, show
    )


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=progress_console)


def _result(study: "Study", title: str, plot: Path, hourly: bool) -> dict[str, Any]:
    others = [name for name in study.axes if name != "seed"]
    columns = [*dict.fromkeys([*study.axes, *MEASURES])]
    rows = study.table(columns)
    means = rows.groupby(others)[list(MEASURES)].mean().reset_index() if others else rows
    inside = means[means["violation_minutes"] == 0]
    return {
        "site": study.site,
        "title": title,
        "cases": study.cases,
        "resumed_cases": study.resumed_cases,
        "left_out": study.left_out,
        "inside_envelope": len(inside),
        "averaged_over_seeds": len(study.axes.get("seed", ())) if others else 0,
        "best": (inside if len(inside) else means).nsmallest(BEST_SHOWN, "facility_kwh").to_dict("records"),
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
    inside = "within the envelope" if result["inside_envelope"] else "(no case stays in the envelope)"
    seeds = f", means over {result['averaged_over_seeds']} seeds" if result["averaged_over_seeds"] else ""
    table = Table(title=f"Least facility energy {inside}{seeds}")
    for name in result["best"][0]:
        words = MEASURES.get(name, name.replace("_", " "))
        table.add_column(words, justify="right", min_width=max(map(len, words.split())))
    for row in result["best"]:
        table.add_row(*(format(value, ",.4g" if abs(value) < 100 else ",.0f") for value in row.values()))
    return table
