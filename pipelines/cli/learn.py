"""`coldaisle train` and `coldaisle backtest`."""

from datetime import datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import (
    HomeOption,
    JsonOption,
    SiteOption,
    emit,
    open_home,
    progress_console,
    utc,
)


def train(
    site: SiteOption,
    until: Annotated[
        datetime | None, typer.Option("--until", help="Learn from telemetry before this time, UTC")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of initial weights and shuffling")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn the site from its telemetry and register the models, compared with the present champions."""
    from pipelines.site import find_site
    from pipelines.train import train as learn

    settings = open_home(home)
    result = learn(find_site(site, settings), settings, until=utc(until), seed=seed, progress=_say)
    emit(result, as_json, show_training)


def backtest(
    site: SiteOption,
    interval: Annotated[
        Literal["site", "hour"], typer.Option("--interval", help="Rows as recorded, or hourly means")
    ] = "site",
    seed: Annotated[int, typer.Option("--seed", help="Of initial weights and shuffling")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the network with simple models on the last 30 % of every stretch of the record."""
    from pipelines.backtest import backtest as compare
    from pipelines.site import find_site

    settings = open_home(home)
    result = compare(find_site(site, settings), settings, interval=interval, seed=seed, progress=_say)
    emit(result, as_json, show_backtest)


def _say(line: str) -> None:
    progress_console.print(line, style="dim", markup=False)


def show_training(result: dict[str, Any], console: Console) -> None:
    for kind, report in result["kinds"].items():
        title = (
            f"{result['site']}, {kind}: {result['figure_name']} on {report['held_out_rows']} held-out rows"
        )
        console.print(_scores(report["scores"], title))
        for target, error in report["target_mae"].items():
            console.print(f"  held-out mean absolute error of {target}: {error:.4g}")
        _show_left_out(report, console)
        console.print(
            f"  {report['model']} version {report['version']} is {report['alias']}: {report['why']}"
        )
    console.print(
        f"Took {result['seconds']:.0f} s; runs are in MLflow at {result['tracking_uri']}", style="dim"
    )


def show_backtest(result: dict[str, Any], console: Console) -> None:
    rows = f"{result['train_rows']} rows learned from, {result['held_out_rows']} held out"
    console.print(
        _scores(result["by_time"], f"{result['site']}: {result['figure_name']}, {result['split']}, {rows}")
    )
    console.print(_scores(result["shuffled"], result["shuffled_split"]))
    _show_left_out(result, console)
    console.print(result["verdict"])


def _scores(scores: list[dict[str, Any]], title: str) -> Table:
    columns = {
        "mae_figure": ("MAE", ".4f"), "mae_kw_per_ton": ("MAE kW/ton", ".4f"),
        "cv_rmse_cooling": ("CV(RMSE)", ".1%"), "nmbe_cooling": ("NMBE", "+.1%"),
    }  # fmt: skip
    shown = {key: label for key, label in columns.items() if key in scores[0]}
    caption = "MAE of the figure; CV(RMSE) and NMBE of cooling power, + where predicted too low"
    table = Table("model", *(label for label, _ in shown.values()), title=title, caption=caption)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in scores:
        table.add_row(row["model"], *(format(row[key], form) for key, (_, form) in shown.items()))
    return table


def _show_left_out(report: dict[str, Any], console: Console) -> None:
    for reason, rows in report["left_out"].items():
        if rows:
            console.print(f"  {rows} rows left out: {reason}", style="dim", markup=False)
    for note in report["notes"]:
        console.print(f"  {note}", style="dim", markup=False)
