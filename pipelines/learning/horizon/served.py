"""The next hours of a site from its newest telemetry, by the champion."""

from typing import Any

import numpy as np
import pandas as pd

from models.horizon import Horizon, Record, forecast, peak
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.horizon.bundle import Bundle, load_horizon
from pipelines.learning.horizon.dataset import record_of, regular
from pipelines.learning.horizon.scores import UNITS
from pipelines.site.file import Site
from pipelines.telemetry.latest import allowed_age
from pipelines.telemetry.plant_table import figure_name, plant_table
from pipelines.telemetry.store import Store

OLDEST = pd.Timedelta(hours=3)  # telemetry may be this old: after that the first leads have passed
HISTORY = pd.Timedelta(days=37)  # four weeks of forecasts to watch, with the week before and a day
LONGEST_H = 24
# Of these a day's peak is given, the first that a site has.
PEAK_OF = ("facility_kw", "cooling_kw")


def next_hours(
    site: Site, settings: Settings, *, at: pd.Timestamp | None = None, hours: int = LONGEST_H
) -> dict[str, Any]:
    """Forecasts of every target with their 90 % intervals, from what was known at a time (UTC), by default now.

    Raises ModelError without a champion that fits the site, without telemetry or with telemetry over OLDEST (or what
    the control loop allows, if that is more) at that time; StoreError and TrackingError as the store and MLflow do.
    """
    if not 1 <= hours <= LONGEST_H:
        raise ModelError(f"a forecast reaches 1 to {LONGEST_H} h ahead, not {hours}; give --hours within it")
    bundle = load_horizon(site, settings)
    asked = pd.Timestamp.now(tz="UTC") if at is None else at
    plant = _plant(site, settings, asked)
    known_at = plant.index[-1] + site.interval
    names, targets = list(bundle.served.names), list(bundle.served.mixtures)
    record = record_of(site, plant, names, targets)
    learned_until = pd.Timestamp(bundle.metadata["learned_until"])
    fresh_from = int((plant.index <= learned_until).sum())
    leads = [lead for lead in _leads(bundle.served, hours) if known_at + pd.Timedelta(minutes=lead) > asked]
    told = {target: _target(site, bundle, record, target, leads, fresh_from, known_at) for target in targets}
    return {
        "site": site.name,
        "figure_name": figure_name(site),
        "at": asked,
        "known_at": known_at,
        "age_minutes": (asked - known_at) / pd.Timedelta(minutes=1),
        "model": bundle.served.version,
        "learned_until": learned_until,
        "targets": told,
        "peak": _peak(bundle.served, record, fresh_from, known_at, told),
    }


def _plant(site: Site, settings: Settings, at: pd.Timestamp) -> pd.DataFrame:
    table = Store(settings.store, site).read(at - HISTORY - site.interval, at)
    table = table[table.index <= at - site.interval]
    allowed = max(OLDEST, allowed_age(site))
    if table.empty:
        raise ModelError(
            f'site "{site.name}" has no telemetry in the {HISTORY.days} days before {at:%Y-%m-%d %H:%M} UTC; '
            f"run: coldaisle ingest --site {site.name} FILE, or give a time that it covers with --at"
        )
    end = table.index[-1] + site.interval
    if at - end > allowed:
        raise ModelError(
            f"telemetry may be at most {allowed / pd.Timedelta(hours=1):g} h old to forecast from; that of site "
            f'"{site.name}" ends at {end:%Y-%m-%d %H:%M} UTC, {(at - end) / pd.Timedelta(hours=1):.1f} h before; run: '
            f"coldaisle ingest --site {site.name} FILE, or forecast from then with --at {end:%Y-%m-%dT%H:%M}"
        )
    return regular(plant_table(site, table), site.interval_minutes)


def _leads(horizon: Horizon, hours: int) -> list[float]:
    """The learned leads under an hour, then every hour (every learned lead, where the interval is longer)."""
    first = min(horizon.leads_min)
    hourly = [60.0 * hour for hour in range(1, hours + 1) if 60 * hour >= first]
    return sorted({*(lead for lead in horizon.leads_min if lead < 60), *hourly})


def _target(
    site: Site, bundle: Bundle, record: Record, target: str, leads: list[float], fresh_from: int, known_at: pd.Timestamp
) -> dict[str, Any]:  # fmt: skip
    rows = np.array([len(record) - 1])
    told = forecast(bundle.served, record, target, rows, tuple(leads), fresh_from=fresh_from)
    title = figure_name(site) if target == "figure" else TITLES[target]
    if not np.isfinite(told.mean).all():
        read = np.flatnonzero(np.isfinite(record.readings[target]))
        since = known_at - (len(record) - 1 - read[-1]) * site.interval if len(read) else None
        why = f"missing since {since:%Y-%m-%d %H:%M} UTC" if since is not None else "missing for weeks"
        return {"title": title, "unit": UNITS[target], "present": None, "leads": [], "why_not": why}
    ahead = [
        {
            "lead_min": lead,
            "time": known_at + pd.Timedelta(minutes=lead),
            "mean": float(told.mean[number, 0]),
            "lower": float(told.lower[number, 0]),
            "upper": float(told.upper[number, 0]),
        }
        for number, lead in enumerate(leads)
    ]
    present = float(told.candidates[0, 0, 0])
    return {"title": title, "unit": UNITS[target], "present": present, "leads": ahead, "why_not": ""}


TITLES = {
    "cooling_kw": "cooling power",
    "facility_kw": "facility power",
    "overhead_kw": "overhead",
    "rack_inlet_c": "worst rack inlet",
}


def _peak(
    horizon: Horizon, record: Record, fresh_from: int, known_at: pd.Timestamp, told: dict[str, Any]
) -> dict[str, Any] | None:
    """The highest hourly mean expected within a day, and around when; None where it cannot be said."""
    target = next((name for name in PEAK_OF if name in horizon.mixtures), None)
    if target is None or told[target]["why_not"]:
        return None
    rows = np.array([len(record) - 1])
    means = forecast(horizon, record, target, rows, horizon.leads_min, fresh_from=fresh_from).mean[:, 0]
    mean, lower, upper = peak(means, horizon.leads_min, horizon.mixtures[target].peak)
    if not np.isfinite(mean):
        return None
    around = known_at + pd.Timedelta(minutes=float(horizon.leads_min[int(np.argmax(means))]))
    return {
        "target": target, "title": TITLES[target], "unit": UNITS[target], "around": around,
        "mean": mean, "lower": lower, "upper": upper,
    }  # fmt: skip
