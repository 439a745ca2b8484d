"""Walk-forward of the next hours: refitted every four weeks on all time before, judged on the four weeks after."""

from typing import Any

import numpy as np

from models.horizon import Forecast, Record, forecast
from models.horizon.series import earlier
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.backtest import hourly
from pipelines.learning.efficiency.training import one_thread_each
from pipelines.learning.horizon.dataset import readings_of, record_of, regular, targets_of
from pipelines.learning.horizon.scores import score
from pipelines.learning.horizon.training import learned_from
from pipelines.learning.job import Progress
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, plant_table
from pipelines.telemetry.store import Store

REFIT_WEEKS, FIRST_WEEKS, LEAST_WEEKS = 4, 8, 2
WATCHED_H = 5 * 168.0  # before a fold: a week of features and four of forecasts


def backtest_horizon(
    site: Site, settings: Settings, *, by_hour: bool, seed: int, progress: Progress
) -> dict[str, Any]:
    """Errors and coverage by target and lead; forecasts are made once an hour.

    by_hour: from hourly means instead of the site's intervals. Raises ModelError where the record is too short,
    StoreError without one.
    """
    record = _record(site, settings, by_hour)
    week = record.rows_in(168.0)
    first = FIRST_WEEKS * week if len(record) > (FIRST_WEEKS + 1) * week else LEAST_WEEKS * week
    if len(record) <= first + week:
        raise ModelError(
            f'site "{site.name}" has {len(record) / week:.1f} weeks of telemetry; to walk forward takes over '
            f"{LEAST_WEEKS + 1}; ingest more"
        )
    folds: dict[str, list[tuple[Forecast, np.ndarray]]] = {}
    starts = list(range(first, len(record), REFIT_WEEKS * week))
    leads: tuple[float, ...] = ()
    with one_thread_each():
        for number, start in enumerate(starts, start=1):
            learned = learned_from(site, record.cut(0, start), seed)
            progress(f"fold {number} of {len(starts)}")
            leads = learned.served.leads_min
            before = max(0, start - record.rows_in(WATCHED_H))
            window = record.cut(before, min(len(record), start + REFIT_WEEKS * week))
            rows = np.arange(start - before, len(window), record.rows_in(1.0))
            for target in record.targets:
                told = forecast(learned.served, window, target, rows, leads, fresh_from=start - before)
                later = [
                    earlier(record.readings[target], -record.rows_in(lead / 60.0))[before + rows]
                    for lead in leads
                ]
                folds.setdefault(target, []).append((told, np.stack(later)))
    scores = [row for target, parts in folds.items() for row in _scores(target, leads, parts)]
    split = f"walk-forward, refitted every {REFIT_WEEKS} weeks on all time before, first on {first // week}"
    return {
        "site": site.name,
        "figure_name": figure_name(site),
        "split": split,
        "interval_minutes": record.step_minutes,
        "folds": len(starts),
        "scores": scores,
    }


def _record(site: Site, settings: Settings, by_hour: bool) -> Record:
    table, minutes = Store(settings.store, site).read(), site.interval_minutes
    if by_hour and minutes < 60:
        table, minutes = hourly(site, table), 60
    plant = regular(plant_table(site, table), minutes)
    return record_of(site, plant, readings_of(site, plant), targets_of(site, plant))


def _scores(
    target: str, leads: tuple[float, ...], parts: list[tuple[Forecast, np.ndarray]]
) -> list[dict[str, Any]]:
    rows = []
    for number, lead in enumerate(leads):
        measured = np.concatenate([later[number] for _, later in parts])
        mean, lower, upper = (
            np.concatenate([getattr(told, name)[number] for told, _ in parts])
            for name in ("mean", "lower", "upper")
        )
        row = score(
            target,
            lead,
            measured,
            mean,
            np.concatenate([told.candidates[number] for told, _ in parts], axis=1),
        )
        if row is not None:
            known = np.isfinite(measured + mean)
            inside = (measured >= lower) & (measured <= upper)
            rows.append(row | {"coverage": float(inside[known].mean())})
    return rows
