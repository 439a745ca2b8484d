"""Tables of scores that training and backtests show alike."""

from typing import Any

from rich.console import Console
from rich.table import Table


def scores_table(scores: list[dict[str, Any]], title: str) -> Table:
    """Errors of the figure, one row for each model."""
    columns = {
        "mae_figure": ("MAE", ".4f"), "mae_kw_per_ton": ("MAE kW/ton", ".4f"), "skill": ("skill", "+.0%"),
        "mae_last_error_carried": ("MAE, last error carried", ".4f"),
        "mae_kw": ("MAE kW", ".4g"), "cv_rmse": ("CV(RMSE)", ".1%"), "nmbe": ("NMBE", "+.1%"),
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


def cascade_table(scores: list[dict[str, Any]], title: str) -> Table:
    """Errors of cooling power, kW and shares, one row for each model."""
    table = Table("model", title=title, caption="NMBE: + where predicted too low")
    columns = {"mae_kw": ("MAE, kW", ".2f"), "cv_rmse": ("CV(RMSE)", ".1%"), "nmbe": ("NMBE", "+.1%")}
    for label, _ in columns.values():
        table.add_column(label, justify="right")
    for row in scores:
        cells = ("" if row.get(key) is None else format(row[key], form) for key, (_, form) in columns.items())
        table.add_row(row["model"], *cells)
    return table


def horizon_table(scores: list[dict[str, Any]], title: str, figure: str) -> Table:
    """Errors of forecasts by target and lead, beside the simple ones; skill is against persistence."""
    columns = {
        "rows": ("rows", ","), "mae": ("MAE", ".4g"), "persistence": ("persistence", ".4g"),
        "seasonal-naive": ("seasonal-naive", ".4g"), "gradient boosting": ("boosting", ".4g"),
        "skill_rmse": ("skill, RMSE", "+.2f"), "skill_mae": ("skill, MAE", "+.2f"), "coverage": ("coverage", ".1%"),
    }  # fmt: skip
    shown = {key: of for key, of in columns.items() if any(key in row for row in scores)}
    caption = "skill: 1 - error / persistence's; coverage: of the 90 % interval"
    table = Table("target", "ahead", title=title, caption=caption)
    for label, _ in shown.values():
        table.add_column(label, justify="right")
    for number, row in enumerate(scores):
        new = not number or scores[number - 1]["target"] != row["target"]
        name = figure if row["target"] == "figure" else row["target"]
        cells = (format(row[key], form) for key, (_, form) in shown.items())
        table.add_row(name if new else "", ahead(row["lead_min"]), *cells)
    return table


def ahead(lead_min: float) -> str:
    """A lead in minutes, from an hour on in hours."""
    return f"{lead_min:g} min" if lead_min < 60 else f"{lead_min / 60:g} h"


def show_left_out(report: dict[str, Any], console: Console) -> None:
    """Rows that were left out, by reason, and the notes of a report."""
    for reason, rows in report["left_out"].items():
        if rows:
            console.print(f"  {rows} rows left out: {reason}", style="dim", markup=False)
    for note in report["notes"]:
        console.print(f"  {note}", style="dim", markup=False)


def show_alias(report: dict[str, Any], console: Console) -> None:
    """The alias of a new version and why; for a challenger the command that makes it champion."""
    console.print(
        f"  {report['model']} version {report['version']} is {report['alias']}: {report['why']}", markup=False
    )
    if report.get("promote"):
        console.print("  It decides in shadow and is judged when its time is over: coldaisle models compare")
        console.print(f"  To put it in charge at once: {report['promote']}", markup=False, soft_wrap=True)
