"""`coldaisle train` and `coldaisle backtest`."""

from datetime import datetime
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
    progress_console,
    utc,
)

COVERAGE = 0.9
_FORECAST = ("quantity", "lead_hours", "rows")


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
    from pipelines.site import find_site
    from pipelines.train import train as learn

    settings = open_home(home)
    result = learn(
        find_site(site, settings),
        settings,
        until=utc(until),
        seed=seed,
        warm=warm,
        next_hour=next_hour,
        progress=_say,
    )
    emit(result, as_json, show_training)


def backtest(
    site: SiteOption,
    interval: Annotated[
        Literal["site", "hour"], typer.Option("--interval", help="Rows as recorded, or hourly means")
    ] = "site",
    target: Annotated[
        Literal["figure", "next-hour", "forecast"],
        typer.Option(
            "--target",
            help="PUE or kW per kW at the same instant, what the next hour brings, or load and weather ahead",
        ),
    ] = "figure",
    hold_out: Annotated[
        Literal["walk-forward", "every-fourth-week", "last-30-percent"],
        typer.Option("--hold-out", help="Which weeks are predicted by models that never saw them"),
    ] = "walk-forward",
    window_weeks: Annotated[
        int | None,
        typer.Option("--window-weeks", min=2, help="Walk forward on so many weeks, else on all before"),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Ways of making the model; the simplest good one is kept")
    ] = False,
    support: Annotated[
        bool, typer.Option("--support", help="Are rows beyond the record flagged, and rows inside not?")
    ] = False,
    predictions: Annotated[
        Path | None,
        typer.Option(
            "--predictions", help="CSV of time, target, measured, prediction, lower, upper, in_support"
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; by default as helps")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of initial weights and shuffling")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what is served with simple models, refitted week by week on what came before."""
    from pipelines.backtest import backtest as judge
    from pipelines.site import find_site

    settings = open_home(home)
    found = find_site(site, settings)
    if target == "forecast":
        from pipelines.forecast import forecast_report
        from pipelines.store import Store

        emit(forecast_report(found, Store(settings.store, found).read()), as_json, show_forecast)
        return
    if support:
        from pipelines.backtest.support import support_report

        emit(support_report(found, settings, target=target, interval=interval), as_json, show_support)
        return
    if compare:
        from pipelines.backtest.compare import compare as compared

        kept = compared(found, settings, target=target, interval=interval, hold_out=hold_out,
                        window_weeks=window_weeks, workers=workers, seed=seed, progress=_say)  # fmt: skip
        emit(kept, as_json, show_comparison)
        return
    result = judge(
        found,
        settings,
        target=target,
        interval=interval,
        hold_out=hold_out,
        window_weeks=window_weeks,
        predictions=predictions,
        workers=workers,
        seed=seed,
        progress=_say,
    )
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
        for effect in report["effects"]:
            console.print(f"  {_kept(effect)}", highlight=False)
        _show_left_out(report, console)
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


def show_forecast(result: dict[str, Any], console: Console) -> None:
    names = list(dict.fromkeys(name for row in result["rows"] for name in row if name not in _FORECAST))
    table = Table("quantity", "hours ahead", "rows", *names, title=f"{result['site']}: forecasts, MAE")
    for row in result["rows"]:
        figures = ("" if name not in row else f"{row[name]:.4g}" for name in names)
        table.add_row(row["quantity"], f"{row['lead_hours']:g}", f"{row['rows']:,}", *figures)
    console.print(table)


def show_support(result: dict[str, Any], console: Console) -> None:
    title = f"{result['site']}: rows beyond what was learned from, and rows inside"
    table = Table("quantity", "hidden end", "rows beyond", "flagged", "rows inside", "flagged", title=title)
    for row in result["rows"]:
        beyond, inside = (f"{row['rows_beyond']:,}", f"{row['recall']:.1%}"), f"{row['rows_inside']:,}"
        table.add_row(row["quantity"], row["end"], *beyond, inside, f"{row['false_alarms']:.1%}")
    console.print(table)
    console.print(result["summary"])


def show_comparison(result: dict[str, Any], console: Console) -> None:
    title = f"{result['site']}: {result['figure_name']}, {result['folds']} folds, last error carried"
    table = Table("configuration, simplest first", "MAE", "behind the best", "standard error", title=title)
    for row in result["configurations"]:
        name = f"[bold]{row['configuration']}[/bold] (kept)" if row["configuration"] == result["kept"] else ""
        behind = f"{row['behind_best']:.2g}", f"{row['standard_error']:.2g}"
        table.add_row(name or row["configuration"], f"{row['mae']:.4g}", *behind)
    console.print(table)
    console.print(f"Kept for coldaisle train: {result['why']}.")


def show_backtest(result: dict[str, Any], console: Console) -> None:
    rows = f"{result['train_rows']} rows learned from, {result['held_out_rows']} held out"
    console.print(
        _scores(result["by_time"], f"{result['site']}: {result['figure_name']}, {result['split']}, {rows}")
    )
    if result["shuffled"]:
        console.print(_scores(result["shuffled"], result["shuffled_split"]))
    _show_left_out(result, console)
    console.print(_slices(result["slices"]))
    if result["further"]:
        console.print(_further(result["further"]))
    top = list(result["sensitivity"].items())[:5]
    console.print("Leans most on " + ", ".join(f"{name} ({grows:+.4f})" for name, grows in top))
    console.print(result["verdict"])


def _scores(scores: list[dict[str, Any]], title: str) -> Table:
    columns = {
        "mae_figure": ("MAE", ".4f"), "mae_kw_per_ton": ("MAE kW/ton", ".4f"), "skill": ("skill", "+.0%"),
        "mae_last_error_carried": ("MAE, last error carried", ".4f"),
        "cv_rmse_cooling": ("CV(RMSE)", ".1%"), "nmbe_cooling": ("NMBE", "+.1%"),
    }  # fmt: skip
    columns |= {key: (key.replace("mae ", "MAE, "), ".4g") for key in scores[0] if key.startswith("mae ")}
    shown = {key: of for key, of in columns.items() if any(row.get(key) is not None for row in scores)}
    caption = "skill: over persistence; CV(RMSE) and NMBE of cooling power, + where predicted too low"
    table = Table("model", *(label for label, _ in shown.values()), title=title, caption=caption)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in scores:
        cells = ("" if row.get(key) is None else format(row[key], form) for key, (_, form) in shown.items())
        table.add_row(row["model"], *cells)
    return table


def _slices(rows: list[dict[str, Any]]) -> Table:
    caption = "interval of the coverage: bootstrap of whole days; 90 % are meant to be covered"
    table = Table(
        "by",
        "group",
        title="what is served: where it errs and what its 90 % intervals cover",
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


def _show_left_out(report: dict[str, Any], console: Console) -> None:
    for reason, rows in report["left_out"].items():
        if rows:
            console.print(f"  {rows} rows left out: {reason}", style="dim", markup=False)
    for note in report["notes"]:
        console.print(f"  {note}", style="dim", markup=False)
