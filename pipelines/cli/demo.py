"""`coldaisle demo`: the main job on a simulated site, end to end."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, emit, open_home, progress_console


def demo(
    days: Annotated[int, typer.Option(help="Days of history under operators' trials", min=28)] = 56,
    run_days: Annotated[int, typer.Option(help="Days driven in closed loop", min=2)] = 7,
    seed: Annotated[int, typer.Option(help="Which random site, weather and load")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate a site, learn it from its telemetry, recommend setpoints and measure what they save."""
    from pipelines.demo import run_demo
    from pipelines.simulation.scenario import Scenario

    started = time.monotonic()

    def say(line: str) -> None:
        progress_console.print(f"[dim]{time.monotonic() - started:5.0f} s[/dim]  {escape(line)}")

    settings = open_home(home)
    result = run_demo(settings, Scenario(history_days=days, run_days=run_days, seed=seed), say)
    say("done")
    emit(result, as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    from pipelines.cli.learn import show_backtest
    from pipelines.cli.recommend import show as show_recommendation

    show_backtest(result["backtest"], console)
    console.rule("recommendation at the end of the history")
    show_recommendation(result["recommendation"], console)
    console.rule("closed loop, same weather and load")
    console.print(_controls(result["controls"]))
    console.print(_saving(result["saving"]))
    console.print(f"\nPlot:      {result['plot']}", soft_wrap=True)
    console.print(
        f"Dashboard: COLDAISLE_HOME={result['home']} .venv/bin/streamlit run dashboards/app.py",
        soft_wrap=True,
    )
    console.print(
        f"MLflow:    .venv/bin/mlflow ui --backend-store-uri {result['tracking_uri']}", soft_wrap=True
    )


def _controls(controls: dict[str, dict[str, float]]) -> Table:
    rows = {
        "facility_kwh": ("facility energy, kWh", ",.0f"), "it_kwh": ("IT energy, kWh", ",.0f"),
        "cooling_kwh": ("cooling energy, kWh", ",.0f"), "pue": ("PUE", ".4f"),
        "rack_inlet_max_c": ("warmest rack inlet, °C", ".1f"),
        "violation_minutes": ("minutes outside the envelope", ",.0f"),
        "setpoint_moves": ("setpoint moves", ",.0f"),
    }  # fmt: skip
    table = Table("", *(name for name in controls))
    for column in table.columns[1:]:
        column.justify = "right"
    for key, (label, form) in rows.items():
        table.add_row(label, *(format(outcome[key], form) for outcome in controls.values()))
    return table


def _saving(saving: dict[str, float]) -> str:
    interval = f"90 % interval {saving['facility_low_kwh']:,.0f} to {saving['facility_high_kwh']:,.0f} kWh"
    if not saving["proven"]:
        return f"No saving is claimed: {saving['facility_kwh']:,.0f} kWh of facility energy, {interval}."
    return (
        f"Saved {saving['facility_kwh']:,.0f} kWh of facility energy ({interval});\n"
        f"cooling energy {saving['cooling_share']:.1%} less "
        f"({saving['cooling_share_low']:.1%} to {saving['cooling_share_high']:.1%})."
    )
