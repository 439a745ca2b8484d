"""Load and weather of the next hours: the site's own forecast where it records one, else seasonal-naive."""

from typing import Any

import numpy as np
import pandas as pd

from models.forecast import seasonal_forecast, seasonal_naive
from pipelines.errors import ModelError
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table

DAY, WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)
# What is forecast -> the season it repeats with, and the quantity of a site's own forecast of it.
SEASONS = {"load_kw": WEEK, "outdoor_wetbulb_c": DAY, "outdoor_drybulb_c": DAY}
RECORDED = {
    "load_kw": "forecast_load_kw",
    "outdoor_wetbulb_c": "forecast_wetbulb_c",
    "outdoor_drybulb_c": "forecast_drybulb_c",
}
LEADS_HOURS = (1.0, 3.0, 6.0, 24.0)
PERSISTENCE, SEASONAL, SITE = "persistence", "seasonal-naive, last error carried", "the site's forecast"


def lead_hours(site: Site, name: str) -> float | None:
    """How far ahead the site's own forecast of `name` reaches; None where it records none."""
    points = [point for point in site.points if point.quantity == RECORDED.get(name)]
    return points[0].lead_hours if points else None


def change_ahead(site: Site, plant: pd.DataFrame, name: str, ahead: pd.Timedelta) -> pd.Series:
    """Expected mean of `name` over the time `ahead` after each row, less the row's reading; 0 without a forecast.

    plant: a plant table with a regular step. A site's forecast is in the row at which it was known, for `lead_hours`
    later; in between the value is interpolated from the present reading. Where that is missing, seasonal-naive.
    """
    now = plant[name]
    steps = round(ahead / site.interval)
    season = round(SEASONS[name] / site.interval)
    naive = seasonal_naive(now.to_numpy(dtype=float), season=season, steps=steps)
    expected = pd.Series(naive.mean(axis=1), now.index)
    lead = lead_hours(site, name)
    if lead is not None and RECORDED[name] in plant:
        way = np.minimum(np.arange(1, steps + 1) * site.interval.total_seconds() / 3600 / lead, 1.0)
        recorded = now + (plant[RECORDED[name]] - now) * float(way.mean())
        expected = recorded.where(recorded.notna(), expected)
    return (expected - now).fillna(0.0).where(now.notna())


def forecast_report(site: Site, table: pd.DataFrame) -> dict[str, Any]:
    """Mean absolute error of each forecast by quantity and lead, on the rows that all have. Raises ModelError."""
    plant = plant_table(site, table).asfreq(f"{site.interval_minutes}min")
    rows = [
        row
        for name in SEASONS
        if name in plant and plant[name].notna().any()
        for row in _scores(site, plant, name)
    ]
    if not rows:
        raise ModelError(
            f'site "{site.name}" has nothing to forecast for a week and a day; ingest more telemetry'
        )
    return {"site": site.name, "rows": rows}


def _scores(site: Site, plant: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    now, lead, rows = plant[name], lead_hours(site, name), []
    for hours in sorted({*LEADS_HOURS, *([lead] if lead else [])}):
        steps = round(pd.Timedelta(hours=hours) / site.interval)
        if steps < 1:
            continue
        forecasts = {PERSISTENCE: now}
        season = round(SEASONS[name] / site.interval)
        naive = seasonal_forecast(now.to_numpy(dtype=float), season=season, steps=steps)
        forecasts[SEASONAL] = pd.Series(naive, now.index)
        if lead == hours:
            forecasts[SITE] = plant[RECORDED[name]]
        error = pd.DataFrame(forecasts).sub(now.shift(-steps), axis=0).abs()
        error = error[now.shift(season).notna()].dropna()
        if len(error):
            row: dict[str, Any] = {"quantity": name, "lead_hours": hours, "rows": len(error)}
            rows.append(row | {forecast: float(error[forecast].mean()) for forecast in forecasts})
    return rows
