"""`coldaisle backtest`: the served models beside simple ones, on time that none of them was fitted to."""

from pathlib import Path
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
    say,
)
from pipelines.cli.scores import horizon_table, scores_table, show_left_out

COVERAGE = 0.9
_FORECAST = ("quantity", "lead_hours", "rows")


def backtest(
    site: SiteOption,
    interval: Annotated[
        Literal["site", "hour"], typer.Option("--interval", help="Rows as recorded, or hourly means")
    ] = "site",
    target: Annotated[
        Literal["figure", "next-hour", "forecast", "cascade", "horizon"],
        typer.Option(
            "--target",
            help="figure: PUE or kW per kW at the same instant; next-hour; forecast: load and weather ahead; "
            "cascade: cooling power as predicted by the model that chooses setpoints; "
            "horizon: the next 24 hours, refitted every four weeks",
        ),
    ] = "figure",
    hold_out: Annotated[
        Literal["walk-forward", "every-fourth-week", "last-30-percent"],
        typer.Option("--hold-out", help="Which weeks are held out and predicted"),
    ] = "walk-forward",
    window_weeks: Annotated[
        int | None,
        typer.Option(
            "--window-weeks", min=2, help="Walk forward on the last so many weeks; by default on all before"
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare model configurations and keep the simplest good one")
    ] = False,
    support: Annotated[
        bool,
        typer.Option(
            "--support", help="Check that rows beyond the record are flagged, and rows inside are not"
        ),
    ] = False,
    predictions: Annotated[
        Path | None,
        typer.Option(
            "--predictions", help="CSV of time, target, measured, prediction, lower, upper, in_support"
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Number of processes; by default what is fastest")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of initial weights and shuffling")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the served model with simple ones, all refitted week by week on the weeks before."""
    from pipelines.console.prepare import prepare
    from pipelines.learning.backtest import backtest as judge
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    if target == "forecast":
        from pipelines.learning.next_hour.forecast import forecast_report
        from pipelines.telemetry.store import Store

        emit(forecast_report(loaded, Store(settings.store, loaded).read()), as_json, show_forecast)
        return
    if target == "cascade":
        from pipelines.learning.backtest.cascade import backtest_cascade

        report = backtest_cascade(
            loaded, settings, hold_out=hold_out, window_weeks=window_weeks, progress=say
        )
        emit(report, as_json, show_cascade)
        return
    if target == "horizon":
        from pipelines.learning.backtest.horizon import backtest_horizon

        forecasts = backtest_horizon(loaded, settings, by_hour=interval == "hour", seed=seed, progress=say)
        emit(forecasts, as_json, show_horizon)
        return
    if support:
        from pipelines.learning.backtest.support import support_report

        emit(support_report(loaded, settings, target=target, interval=interval), as_json, show_support)
        return
    if compare:
        from pipelines.learning.backtest.compare import compare as compared

        kept = compared(loaded, settings, target=target, interval=interval, hold_out=hold_out,
                        window_weeks=window_weeks, workers=workers, seed=seed, progress=say)  # fmt: skip
        emit(kept, as_json, show_comparison)
        return
    result = judge(
        loaded,
        settings,
        target=target,
        interval=interval,
        hold_out=hold_out,
        window_weeks=window_weeks,
        predictions=predictions,
        workers=workers,
        seed=seed,
        progress=say,
    )
    prepare(loaded, settings, ("models",))
    emit(result, as_json, show_backtest)


def show_forecast(result: dict[str, Any], console: Console) -> None:
    """Errors of forecasts by quantity and hours ahead."""
    names = list(dict.fromkeys(name for row in result["rows"] for name in row if name not in _FORECAST))
    table = Table("quantity", "hours ahead", "rows", *names, title=f"{result['site']}: forecasts, MAE")
    for row in result["rows"]:
        figures = ("" if name not in row else f"{row[name]:.4g}" for name in names)
        table.add_row(row["quantity"], f"{row['lead_hours']:g}", f"{row['rows']:,}", *figures)
    console.print(table)


def show_cascade(result: dict[str, Any], console: Console) -> None:
    """Errors of cooling power, the cascade beside simple models."""
    title = (
        f"{result['site']}: cooling power, {result['split']}, {result['held_out_rows']} settled rows held out"
    )
    console.print(scores_table(result["by_time"], title))
    console.print(result["verdict"])


def show_horizon(result: dict[str, Any], console: Console) -> None:
    """Errors and coverage by target and lead."""
    title = f"{result['site']}: the next hours, intervals of {result['interval_minutes']:g} min, {result['split']}"
    console.print(horizon_table(result["scores"], title, result["figure_name"]))


def show_support(result: dict[str, Any], console: Console) -> None:
    """How many rows beyond the record, and inside it, were flagged."""
    title = f"{result['site']}: rows beyond the record learned from, and rows inside"
    table = Table("quantity", "hidden end", "rows beyond", "flagged", "rows inside", "flagged", title=title)
    for row in result["rows"]:
        beyond, inside = (f"{row['rows_beyond']:,}", f"{row['recall']:.1%}"), f"{row['rows_inside']:,}"
        table.add_row(row["quantity"], row["end"], *beyond, inside, f"{row['false_alarms']:.1%}")
    console.print(table)
    console.print(result["summary"])


def show_comparison(result: dict[str, Any], console: Console) -> None:
    """Configurations, the simplest first, and which one is kept."""
    title = f"{result['site']}: {result['figure_name']}, {result['folds']} folds, last error carried"
    table = Table("configuration, simplest first", "MAE", "behind the best", "standard error", title=title)
    for row in result["configurations"]:
        name = f"[bold]{row['configuration']}[/bold] (kept)" if row["configuration"] == result["kept"] else ""
        behind = f"{row['behind_best']:.2g}", f"{row['standard_error']:.2g}"
        table.add_row(name or row["configuration"], f"{row['mae']:.4g}", *behind)
    console.print(table)
    console.print(f"Kept for coldaisle train: {result['why']}.")


def show_backtest(result: dict[str, Any], console: Console) -> None:
    """Scores, slices and intervals of a backtest of the figure."""
    rows = f"{result['train_rows']} rows learned from, {result['held_out_rows']} held out"
    console.print(
        scores_table(
            result["by_time"], f"{result['site']}: {result['figure_name']}, {result['split']}, {rows}"
        )
    )
    if result["shuffled"]:
        console.print(scores_table(result["shuffled"], result["shuffled_split"]))
    show_left_out(result, console)
    console.print(_slices(result["slices"]))
    if result["further"]:
        console.print(_further(result["further"]))
    top = list(result["sensitivity"].items())[:5]
    console.print("Most sensitive to " + ", ".join(f"{name} ({grows:+.4f})" for name, grows in top))
    console.print(result["verdict"])


def _slices(rows: list[dict[str, Any]]) -> Table:
    caption = "interval of the coverage: bootstrap of whole days; 90 % should be covered"
    table = Table(
        "by",
        "group",
        title="served model: errors by group and coverage of its 90 % intervals",
        caption=caption,
    )
    for name in ("rows", "MAE", "bias", "coverage", "its 90 % interval", "holds 90 %"):
        table.add_column(name, justify="right")
    for row in rows:
        low, high = row["coverage_low"], row["coverage_high"]
        figures = (f"{row['rows']:,}", f"{row['mae']:.4g}", f"{row['bias']:+.4g}", f"{row['coverage']:.1%}")
        holds = "yes" if low <= COVERAGE <= high else "no"
        table.add_row(row["by"], row["group"], *figures, f"{low:.1%} to {high:.1%}", holds)
    return table


def _further(rows: list[dict[str, Any]]) -> Table:
    table = Table("target", title="other targets of the next hour")
    for name in ("RMSE", "MAE", "RMSE of no change"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row["target"], f"{row['rmse']:.4g}", f"{row['mae']:.4g}", f"{row['rmse_no_change']:.4g}"
        )
    return table
