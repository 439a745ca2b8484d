"""From the folds' predictions to figures: errors by model, regime, hour, load and season, and what intervals cover."""

from typing import Any

import numpy as np
import pandas as pd

from models.evaluate import coverage_interval, cv_rmse, mae, nmbe
from models.intervals import Scores, rolling_half_widths
from pipelines.backtest.folds import Fold
from pipelines.backtest.run import FoldResult
from pipelines.backtest.task import Task
from pipelines.features import KW_PER_TON
from pipelines.scores import SERVED
from pipelines.site import Site

SEASONS = {12: "Dec-Feb", 1: "Dec-Feb", 2: "Dec-Feb", 3: "Mar-May", 4: "Mar-May", 5: "Mar-May",
           6: "Jun-Aug", 7: "Jun-Aug", 8: "Jun-Aug", 9: "Sep-Nov", 10: "Sep-Nov", 11: "Sep-Nov"}  # fmt: skip
TERCILES = ("low load", "middle load", "high load")
PERSISTENCE = "persistence, last reading"


def judged(site: Site, task: Task, folds: list[Fold], results: list[FoldResult]) -> pd.DataFrame:
    """One row per row judged, index time: position, fold, measured, a column per model, lower, upper, in_support.

    Rows are those that every model, persistence included, has an answer for.
    """
    parts = []
    for number, (fold, result) in enumerate(zip(folds, results, strict=True)):
        rows = np.flatnonzero(fold.test)
        part = pd.DataFrame(result.predicted, index=task.index[rows])
        parts.append(
            part.assign(
                position=rows,
                fold=number,
                measured=task.measured[rows],
                size=result.size,
                tercile=result.tercile,
                in_support=result.in_support,
            )
        )
    table = pd.concat(parts).sort_index()
    half = _half_widths(site, task, table, results[0].past)
    table = table.assign(lower=table[SERVED] - half, upper=table[SERVED] + half)
    return table[table[list(results[0].predicted)].notna().all(axis=1)]


def _half_widths(site: Site, task: Task, table: pd.DataFrame, past: Scores) -> np.ndarray:
    """Half-widths of 90 % intervals, each from errors known before its row."""
    score = ((table["measured"] - table[SERVED]).abs() / table["size"]).to_numpy()
    new = Scores(score, table["tercile"].to_numpy())
    delay = 1 + round(task.horizon / (task.index[1:] - task.index[:-1]).min())
    return rolling_half_widths(past, new, delay=delay) * table["size"].to_numpy()


def scores(
    site: Site, task: Task, table: pd.DataFrame, folds: list[Fold], results: list[FoldResult]
) -> list[dict]:
    """One row per model: errors over all rows judged and in each regime, with the last error carried, skill."""
    models = list(results[0].predicted)
    reference = (
        mae(table["measured"].to_numpy(), table[PERSISTENCE].to_numpy()) if PERSISTENCE in models else None
    )
    found = []
    for model in models:
        error = (table["measured"] - table[model]).to_numpy()
        row: dict[str, Any] = {"model": model, "mae_figure": float(np.abs(error).mean())}
        if task.per_load and not site.meters.it:
            row["mae_kw_per_ton"] = row["mae_figure"] * KW_PER_TON
        if reference is not None:
            row["skill"] = 1.0 - row["mae_figure"] / reference
        row["mae_last_error_carried"] = _mae_carried(table, error, model)
        row |= _cooling_scores(task, table, folds, results, model)
        for name, rows in task.regimes.items():
            inside = rows[table["position"]]
            row[f"mae {name}"] = float(np.abs(error[inside]).mean()) if inside.any() else None
        found.append(row)
    return found


def _mae_carried(table: pd.DataFrame, error: np.ndarray, model: str) -> float | None:
    """MAE where the last error is carried on, by the share that errors of earlier folds were carried on.

    None for persistence, which carries the reading itself, and with a single fold, where there are no earlier errors.
    """
    fold = table["fold"].to_numpy()
    if model == PERSISTENCE or len(np.unique(fold)) < 2:
        return None
    step = np.diff(table.index.to_numpy())
    follows = np.concatenate([[False], step == step.min()])
    last = np.where(follows, np.concatenate([[0.0], error[:-1]]), 0.0)
    corrected = error.copy()
    for number in np.unique(fold)[1:]:
        before, now = (fold < number) & follows, fold == number
        squares = float(last[before] @ last[before])
        share = float(np.clip(error[before] @ last[before] / squares, 0.0, 1.0)) if squares else 0.0
        corrected[now] -= share * last[now]
    return float(np.abs(corrected).mean())


def _cooling_scores(
    task: Task, table: pd.DataFrame, folds: list[Fold], results: list[FoldResult], model: str
) -> dict[str, float]:
    if task.cooling_kw is None or not all(model in result.cooling for result in results):
        return {}
    ratio = np.full(len(task.rows), np.nan)
    for fold, result in zip(folds, results, strict=True):
        ratio[fold.test] = result.cooling[model]
    rows = table["position"].to_numpy()
    expected_kw = (ratio * task.load_kw)[rows]
    there = np.isfinite(expected_kw)
    measured_kw, expected_kw = task.cooling_kw[rows][there], expected_kw[there]
    return {
        "cv_rmse_cooling": cv_rmse(measured_kw, expected_kw),
        "nmbe_cooling": nmbe(measured_kw, expected_kw),
    }


def slices(site: Site, task: Task, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Error and coverage of the served mixture by season, load, hour and size of the figure, and by regime."""
    values = table["measured"] + task.offset
    bins = pd.qcut(values, 4, duplicates="drop")
    local = pd.DatetimeIndex(table.index).tz_convert(site.sources[0].time_zone)
    groups: dict[str, Any] = {
        "overall": np.full(len(table), "all"),
        "season": [SEASONS[month] for month in local.month],
        "load": [TERCILES[number] for number in table["tercile"]],
        task.unit: [f"{interval.left:.3g} to {interval.right:.3g}" for interval in bins],
        "hour": [f"{hour // 3 * 3:02d} to {hour // 3 * 3 + 3:02d} h" for hour in local.hour],
        "support": np.where(table["in_support"], "in support", "out of support"),
    }
    for name, rows in task.regimes.items():
        groups["regime"] = np.where(rows[table["position"]], name, "otherwise")
    return [
        {"by": by, "group": str(group), **_slice(rows)}
        for by, names in groups.items()
        for group, rows in table.groupby(np.asarray(names), sort=True)
    ]


def _slice(rows: pd.DataFrame) -> dict[str, Any]:
    error = (rows["measured"] - rows[SERVED]).to_numpy()
    covered = rows["measured"].between(rows["lower"], rows["upper"]).to_numpy()
    day = pd.DatetimeIndex(rows.index).floor("D").to_numpy()
    low, high = coverage_interval(covered, day)
    return {
        "rows": len(rows),
        "mae": float(np.abs(error).mean()),
        "bias": float(error.mean()),
        "coverage": float(covered.mean()),
        "coverage_low": low,
        "coverage_high": high,
    }
