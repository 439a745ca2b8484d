"""`coldaisle demo`: the main job on a simulated site, end to end."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli.common import HomeOption, JsonOption, emit, open_home, progress_console


def demo(
    days: Annotated[int, typer.Option(help="Days of history under operators' trials", min=28)] = 56,
    run_days: Annotated[int, typer.Option(help="Days of closed loop", min=2)] = 7,
    seed: Annotated[int, typer.Option(help="Of the random site, weather and load")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate a site, learn it from its telemetry, recommend setpoints and measure what they save."""
    from pipelines.evaluation.demo import run_demo
    from pipelines.simulation.demo_site import Scenario

    started = time.monotonic()

    def say(line: str) -> None:
        progress_console.print(f"[dim]{time.monotonic() - started:5.0f} s[/dim]  {escape(line)}")

    settings = open_home(home)
    result = run_demo(settings, Scenario(history_days=days, run_days=run_days, seed=seed), say)
    say("done")
    emit(result, as_json, show)


def demo_sites(
    sites: Annotated[int, typer.Option(help="How many", min=1, max=1000)] = 3,
    days: Annotated[int, typer.Option(help="Days of history, up to now", min=7, max=730)] = 28,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make simulated sites for the schedules: a site file each, and exports in its inbox."""
    from pipelines.simulation.demo_fleet import make_site

    settings, names = open_home(home), []
    for number in range(sites):
        names.append(make_site(settings, number, days=days).name)
        progress_console.print(f"[dim]{names[-1]}: {days} days of exports in its inbox[/dim]")
    emit({"home": str(settings.home), "sites": names}, as_json, _show_sites)


def _show_sites(result: dict[str, Any], console: Console) -> None:
    names = result["sites"]
    console.print(f"{len(names)} sites in {result['home']}: {names[0]} to {names[-1]}", soft_wrap=True)


def show(result: dict[str, Any], console: Console) -> None:
    """The table of runs, and the savings with their intervals."""
    from pipelines.cli.backtest import show_backtest
    from pipelines.cli.evaluate import outcomes, saving_line
    from pipelines.cli.recommend import show as show_recommendation

    show_backtest(result["backtest"], console)
    console.rule("recommendation at the end of the history")
    show_recommendation(result["recommendation"], console)
    console.rule("closed loop, same weather and load")
    console.print(outcomes(result["controls"]))
    for name, saved in result["saving"].items():
        console.print(saving_line(name, saved))
    console.print(f"\nPlot:      {result['plot']}", soft_wrap=True)
    console.print(
        f"Console:   .venv/bin/coldaisle dashboard --home {result['home']}",
        soft_wrap=True,
    )
    console.print(
        f"MLflow:    .venv/bin/mlflow ui --backend-store-uri {result['tracking_uri']}", soft_wrap=True
    )
