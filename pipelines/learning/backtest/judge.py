"""From the folds' predictions to scores: errors by model, regime, hour, load and season, and what intervals cover."""

from typing import Any

import numpy as np
import pandas as pd

from models.evaluate import coverage_interval, cv_rmse, mae, nmbe
from models.online.aggregation import Regret, aggregated
from models.online.correction import Correction, corrected
from models.online.ensemble import Ensemble
from models.online.intervals import Rows
from pipelines.learning.backtest.run import FoldResult
from pipelines.learning.backtest.task import Task
from pipelines.learning.efficiency.dataset import COOLING
from pipelines.learning.efficiency.scores import ALL_BUT_NETWORKS, MIXTURE, NETWORK, PERSISTENCE, SERVED
from pipelines.learning.efficiency.selection import WITH_NETWORKS
from pipelines.learning.folds import Fold
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import KW_PER_TON

SEASONS = {12: "Dec-Feb", 1: "Dec-Feb", 2: "Dec-Feb", 3: "Mar-May", 4: "Mar-May", 5: "Mar-May",
           6: "Jun-Aug", 7: "Jun-Aug", 8: "Jun-Aug", 9: "Sep-Nov", 10: "Sep-Nov", 11: "Sep-Nov"}  # fmt: skip
TERCILES = ("low load", "middle load", "high load")
CARRIED = ", last error carried"


def judged(task: Task, folds: list[Fold], results: list[FoldResult]) -> tuple[pd.DataFrame, str]:
    """One row per row judged, index time: position, fold, measured, two columns per model, lower, upper, in_support.

    A model's second column has its last error carried on. SERVED is their weighted mean, with its interval, and
    ALL_BUT_NETWORKS that of the models without networks. Rows are those that every model, persistence included, has an
    answer for. The second result is what is served in the end, in words.
    """
    table = pd.concat(
        _fold_rows(task, number, fold, result)
        for number, (fold, result) in enumerate(zip(folds, results, strict=True))
    ).sort_index()
    names = list(results[0].predicted)
    table = table[table[names].notna().all(axis=1)]
    rows, lag, delay = _rows_of(table), round(task.delay / task.step), task.delay.to_timedelta64()

    # Only the mixture predicts the hour ahead under other setpoints.
    together = [MIXTURE] if task.horizon else [MIXTURE, *(n for n in names if n not in (MIXTURE, NETWORK))]
    ensemble = Ensemble.of(tuple(together), results[0].past, lag=lag, uncorrected=(PERSISTENCE,))
    served = ensemble.follow({name: table[name].to_numpy() for name in together}, rows, delay)
    columns = {SERVED: served.mean, "lower": served.mean - served.half, "upper": served.mean + served.half}
    each = served.corrected | _corrected_alone(table, [n for n in names if n not in together], rows, delay)
    columns |= {name + CARRIED: each[name] for name in names}
    simple = [name for name in together if name not in WITH_NETWORKS]
    if simple:
        means = np.stack([each[name] for name in simple], axis=1)
        columns[ALL_BUT_NETWORKS], _ = aggregated(
            means, rows.measured, rows.times, delay, regret=Regret.none(len(simple)), counts=rows.counts
        )
    return table.assign(**columns), served.ensemble.described()


def _corrected_alone(
    table: pd.DataFrame, names: list[str], rows: Rows, delay: np.timedelta64
) -> dict[str, np.ndarray]:
    """Predictions (n,) of models that are not served, corrected by their errors; persistence does so by itself."""
    before = [Correction.none() if name == PERSISTENCE else Correction() for name in names]
    means, _ = corrected(
        before, table[names].to_numpy(), rows.measured, rows.times, delay, size=rows.size, counts=rows.counts
    )
    return dict(zip(names, means.T, strict=True))


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


def _rows_of(table: pd.DataFrame) -> Rows:
    return Rows(
        times=pd.DatetimeIndex(table.index).tz_convert(None).to_numpy(),
        measured=table["measured"].to_numpy(),
        size=table["size"].to_numpy(),
        tercile=table["tercile"].to_numpy(),
        in_support=table["in_support"].to_numpy(),
        counts=np.ones(len(table), bool),
    )


def scores(
    site: Site, task: Task, table: pd.DataFrame, folds: list[Fold], results: list[FoldResult]
) -> list[dict]:
    """One row per model: errors over all rows judged and in each regime, with the last error carried, skill."""
    by_model = []
    together = [name for name in (SERVED, ALL_BUT_NETWORKS) if name in table]
    for model in (*together, *results[0].predicted):
        error = (table["measured"] - table[model]).abs()
        row: dict[str, Any] = {"model": model, "mae_figure": float(error.mean())}
        if task.per_load and not site.meters.it:
            row["mae_kw_per_ton"] = row["mae_figure"] * KW_PER_TON
        if PERSISTENCE in table:
            row["skill"] = 1.0 - row["mae_figure"] / mae(
                table["measured"].to_numpy(), table[PERSISTENCE].to_numpy()
            )
        row["mae_last_error_carried"] = None
        if model not in (*together, PERSISTENCE):
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
    if model in (SERVED, ALL_BUT_NETWORKS) and COOLING in dict(task.rows.same_as):
        ratio[table["position"]] = table[model]
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
