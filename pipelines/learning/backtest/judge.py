"""From the folds' predictions to scores: errors by model, regime, hour, load and season, and what intervals cover."""

from typing import Any

import numpy as np
import pandas as pd

from models.efficiency.online_intervals import Rows, follow
from models.evaluate import coverage_interval, cv_rmse, mae, nmbe
from pipelines.learning.backtest.run import FoldResult
from pipelines.learning.backtest.task import Task
from pipelines.learning.efficiency.dataset import COOLING
from pipelines.learning.efficiency.scores import MIXTURE, PERSISTENCE, SERVED
from pipelines.learning.efficiency.selection import choose, history_of
from pipelines.learning.folds import Fold
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import KW_PER_TON

SEASONS = {12: "Dec-Feb", 1: "Dec-Feb", 2: "Dec-Feb", 3: "Mar-May", 4: "Mar-May", 5: "Mar-May",
           6: "Jun-Aug", 7: "Jun-Aug", 8: "Jun-Aug", 9: "Sep-Nov", 10: "Sep-Nov", 11: "Sep-Nov"}  # fmt: skip
TERCILES = ("low load", "middle load", "high load")
MODEL = "served model"


CARRIED = ", last error carried"


def judged(task: Task, folds: list[Fold], results: list[FoldResult]) -> pd.DataFrame:
    """One row per row judged, index time: position, fold, measured, two columns per model, lower, upper, in_support.

    A model's second column has its last error carried on. SERVED is the model that had the least error in the folds
    before (MODEL says which), carried on, with its interval. Rows are those that every model, persistence included, has
    an answer for.
    """
    table = pd.concat(
        _fold_rows(task, number, fold, result)
        for number, (fold, result) in enumerate(zip(folds, results, strict=True))
    ).sort_index()
    table = table[table[list(results[0].predicted)].notna().all(axis=1)]
    followed = {}
    for model in results[0].predicted:
        rows = _rows_of(table, model)
        before = history_of(model, results[0].past, lag=round(task.delay / task.step))
        mean, half, _ = follow(before, rows, task.delay.to_timedelta64())
        followed[model] = pd.DataFrame({"mean": mean, "half": half}, index=table.index)
        table[model + CARRIED] = mean
    # Only the mixture predicts the hour ahead under other setpoints.
    return _with_served(table, {MIXTURE: followed[MIXTURE]} if task.horizon else followed)


def _fold_rows(task: Task, number: int, fold: Fold, result: FoldResult) -> pd.DataFrame:
    rows = np.flatnonzero(fold.test)
    return pd.DataFrame(result.predicted, index=task.index[rows]).assign(
        position=rows,
        fold=number,
        measured=task.measured[rows],
        size=result.size,
        tercile=result.tercile,
        in_support=result.in_support,
    )


def _rows_of(table: pd.DataFrame, model: str) -> Rows:
    return Rows(
        times=pd.DatetimeIndex(table.index).tz_convert(None).to_numpy(),
        predicted=table[model].to_numpy(),
        measured=table["measured"].to_numpy(),
        size=table["size"].to_numpy(),
        tercile=table["tercile"].to_numpy(),
        in_support=table["in_support"].to_numpy(),
        counts=np.ones(len(table), bool),
    )


def _with_served(table: pd.DataFrame, followed: dict[str, pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for number in sorted(table["fold"].unique()):
        before, now = table[table["fold"] < number], table[table["fold"] == number]
        errors = {
            model: float((before["measured"] - before[model + CARRIED]).abs().mean()) for model in followed
        }
        model = choose(errors)[0] if len(before) else MIXTURE
        of = followed[model].loc[now.index]
        parts.append(
            pd.DataFrame(
                {SERVED: of["mean"], "lower": of["mean"] - of["half"], "upper": of["mean"] + of["half"]}
            ).assign(**{MODEL: model})
        )
    return table.join(pd.concat(parts))


def scores(
    site: Site, task: Task, table: pd.DataFrame, folds: list[Fold], results: list[FoldResult]
) -> list[dict]:
    """One row per model: errors over all rows judged and in each regime, with the last error carried, skill."""
    by_model = []
    for model in (SERVED, *results[0].predicted):
        error = (table["measured"] - table[model]).abs()
        row: dict[str, Any] = {"model": model, "mae_figure": float(error.mean())}
        if task.per_load and not site.meters.it:
            row["mae_kw_per_ton"] = row["mae_figure"] * KW_PER_TON
        if PERSISTENCE in table:
            row["skill"] = 1.0 - row["mae_figure"] / mae(
                table["measured"].to_numpy(), table[PERSISTENCE].to_numpy()
            )
        row["mae_last_error_carried"] = None
        if model not in (SERVED, PERSISTENCE):
            row["mae_last_error_carried"] = float((table["measured"] - table[model + CARRIED]).abs().mean())
        row |= _cooling_scores(task, table, folds, results, model)
        for name, rows in task.regimes.items():
            inside = rows[table["position"]]
            row[f"mae {name}"] = float(error[inside].mean()) if inside.any() else None
        by_model.append(row)
    return by_model


def _cooling_scores(
    task: Task, table: pd.DataFrame, folds: list[Fold], results: list[FoldResult], model: str
) -> dict[str, float]:
    if task.cooling_kw is None:
        return {}
    ratio = np.full(len(task.rows), np.nan)
    if model == SERVED and COOLING in dict(task.rows.same_as):
        ratio[table["position"]] = table[SERVED]
    elif all(model in result.cooling for result in results):
        for fold, result in zip(folds, results, strict=True):
            ratio[fold.test] = result.cooling[model]
    else:
        return {}
    rows = table["position"].to_numpy()
    expected_kw = (ratio * task.load_kw)[rows]
    there = np.isfinite(expected_kw)
    measured_kw, expected_kw = task.cooling_kw[rows][there], expected_kw[there]
    return {
        "cv_rmse_cooling": cv_rmse(measured_kw, expected_kw),
        "nmbe_cooling": nmbe(measured_kw, expected_kw),
    }


def slices(site: Site, task: Task, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Error and coverage of what is served by season, load, hour and size of the figure, and by regime."""
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
