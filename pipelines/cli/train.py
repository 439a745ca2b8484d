"""`coldaisle train`: learn a site's models from its stored telemetry and register them."""

from datetime import datetime
from typing import Annotated, Any

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
from pipelines.cli.scores import scores_table, show_left_out


def train(
    site: SiteOption,
    until: Annotated[
        datetime | None, typer.Option("--until", help="Learn from telemetry before this time, UTC")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of initial weights and shuffling")] = 0,
    warm: Annotated[
        bool, typer.Option("--warm", help="Start networks from the present champion's, where they fit")
    ] = False,
    next_hour: Annotated[
        bool, typer.Option(help="Learn what the next hour brings, too; it takes as long as the rest")
    ] = True,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn the site from its telemetry and register the models, compared with the present champions."""
    from pipelines.learning.train import train as learn
    from pipelines.site.file import find_site

    settings = open_home(home)
    result = learn(
        find_site(site, settings),
        settings,
        until=utc(until),
        seed=seed,
        warm=warm,
        next_hour=next_hour,
        progress=say,
    )
    emit(result, as_json, show_training)


def show_training(result: dict[str, Any], console: Console) -> None:
    for kind, report in result["kinds"].items():
        title = (
            f"{result['site']}, {kind}: {result['figure_name']} on {report['held_out_rows']} held-out rows"
        )
        console.print(scores_table(report["scores"], title))
        for target, error in report["target_mae"].items():
            console.print(f"  held-out mean absolute error of {target}: {error:.4g}")
        for effect in report["effects"]:
            console.print(f"  {_kept(effect)}", highlight=False)
        show_left_out(report, console)
        console.print(
            f"  {report['model']} version {report['version']} is {report['alias']}: {report['why']}"
        )
    ahead = result["next_hour"]
    if ahead and "why_not" in ahead:
        console.print(f"  no model of the next hour: {ahead['why_not']}", markup=False)
    elif ahead:
        console.print(
            f"  {ahead['model']} version {ahead['version']} is {ahead['alias']}: mean overhead of the next hour within "
            f"{ahead['mae_kw']:.3g} kW of time held out, persistence {ahead['mae_kw_persistence']:.3g} kW"
        )
        for target, error in ahead["target_mae"].items():
            console.print(f"    {target}: {error:.4g}", style="dim")
    console.print(
        f"Took {result['seconds']:.0f} s; runs are in MLflow at {result['tracking_uri']}", style="dim"
    )


def _kept(effect: dict[str, Any]) -> str:
    bounds = effect["low_percent_per_k"], effect["high_percent_per_k"]
    low, high = ("any" if bound is None else f"{bound:g}" for bound in bounds)
    known = {(0.0, None): "to rise", (None, 0.0): "to fall"}.get(
        bounds, f"to change by {low} to {high} % per K"
    )
    declared = f"{effect['on']} is declared {known} with {effect['of']}"
    return f"{declared}: broken at {effect['broken_share']:.1%} of the rows"
