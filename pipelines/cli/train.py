"""`coldaisle train`: learn a site's models from its stored telemetry and register them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from pipelines.cli.common import (
    HomeOption,
    JsonOption,
    SiteOption,
    emit,
    open_home,
    say,
    utc,
)
from pipelines.cli.scores import cascade_table, horizon_table, scores_table, show_alias, show_left_out

TrainedKind = Literal["efficiency", "cascade", "horizon"]


def train(
    site: SiteOption,
    until: Annotated[
        datetime | None, typer.Option("--until", help="Learn from telemetry before this time, UTC")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of initial weights and shuffling")] = 0,
    warm: Annotated[
        bool, typer.Option("--warm", help="Start networks from the present champion's, where they fit")
    ] = False,
    only: Annotated[TrainedKind | None, typer.Option("--only", help="Learn this kind of model alone")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn the site from its telemetry and register the models, compared with the present champions."""
    from pipelines.console.prepare import prepare
    from pipelines.learning.train import train as learn
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    result = learn(
        loaded,
        settings,
        until=utc(until),
        seed=seed,
        warm=warm,
        only=only,
        progress=say,
    )
    prepare(loaded, settings, ("models",))
    emit(result, as_json, show_training)


def show_training(result: dict[str, Any], console: Console) -> None:
    """Each kind's scores beside simple models, and the alias of its new version."""
    shown = {"efficiency": _show_efficiency, "cascade": _show_cascade, "horizon": _show_horizon}
    for kind, report in result["kinds"].items():
        if "why_not" in report:
            console.print(f"  no {kind}: {report['why_not']}", markup=False)
            continue
        shown[kind](result, report, console)
        show_alias(report, console)
    console.print(
        f"Took {result['seconds']:.0f} s; runs are in MLflow at {result['tracking_uri']}", style="dim"
    )


def _show_efficiency(result: dict[str, Any], report: dict[str, Any], console: Console) -> None:
    title = (
        f"{result['site']}, efficiency: {result['figure_name']} on {report['held_out_rows']} held-out rows"
    )
    console.print(scores_table(report["scores"], title))
    for target, error in report["target_mae"].items():
        console.print(f"  held-out mean absolute error of {target}: {error:.4g}")
    for effect in report["effects"]:
        console.print(f"  {_kept(effect)}", highlight=False)
    show_left_out(report, console)


def _show_cascade(result: dict[str, Any], report: dict[str, Any], console: Console) -> None:
    if report.get("scores"):
        console.print(
            cascade_table(report["scores"], f"{result['site']}, cascade: cooling power on weeks held out")
        )
    if report.get("verdict"):
        console.print(report["verdict"])


def _show_horizon(result: dict[str, Any], report: dict[str, Any], console: Console) -> None:
    title = f"{result['site']}, horizon: MAE on the last {report['held_out_rows']} rows, held out"
    console.print(horizon_table(report["scores"], title, report["figure_name"]))
    console.print(report["verdict"])


def _kept(effect: dict[str, Any]) -> str:
    bounds = effect["low_percent_per_k"], effect["high_percent_per_k"]
    low, high = ("any" if bound is None else f"{bound:g}" for bound in bounds)
    direction = {(0.0, None): "to rise", (None, 0.0): "to fall"}.get(
        bounds, f"to change by {low} to {high} % per K"
    )
    declared = f"{effect['on']} is declared {direction} with {effect['of']}"
    return f"{declared}: broken at {effect['broken_share']:.1%} of the rows"
