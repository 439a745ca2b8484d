"""A control driven against a simulated plant, and what it saved against another on the same weather and load."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from pipelines.features import plant_table
from pipelines.simulation.plant import SimulatedPlant
from pipelines.simulation.trials import slewed
from pipelines.site import Site

DECISION_HOURS = 1.0
MEMORY = pd.Timedelta(hours=6)  # of telemetry that a control may look back on

Control = Callable[[pd.DataFrame, pd.Timestamp], dict[str, float]]
"""From the interval table of the last hours and the time to goals by setpoint quantity; what is absent stays."""


@dataclass(frozen=True)
class Saving:
    """Energy saved over the run, with a 90 % interval from the spread of its days (Student's t).

    Days are paired: same weather, same load. `proven` where the interval lies above zero.
    """

    facility_kwh: float
    facility_low_kwh: float
    facility_high_kwh: float
    cooling_kwh: float
    cooling_share: float
    cooling_share_low: float
    cooling_share_high: float

    @property
    def proven(self) -> bool:
        return self.facility_low_kwh > 0.0


def drive(
    plant: SimulatedPlant,
    site: Site,
    control: Control,
    *,
    start_setpoints: dict[str, float],
    history: pd.DataFrame,
    hours: int,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Telemetry of `hours` under a control that decides every hour, its goals slewed as the site allows.

    history: telemetry before the run, at the plant's step, for the control's first decisions.
    """
    steps = round(DECISION_HOURS * 3600.0 / plant.dt_s)
    seen, current, runs = history, dict(start_setpoints), []
    for hour in range(hours):
        recent = seen[seen.index >= plant.now - MEMORY]
        goals = current | control(interval_means(site, recent), plant.now)
        schedule = _towards(site, current, goals, plant.times(steps))
        plant, telemetry = plant.run(schedule)
        current = last_values(schedule)
        runs.append(telemetry)
        seen = pd.concat([recent, telemetry])
        if progress:
            progress(hour + 1, hours)
    return pd.concat(runs)


def last_values(schedule: pd.DataFrame) -> dict[str, float]:
    """The last row by column."""
    return {str(name): float(value) for name, value in schedule.iloc[-1].items()}


def interval_means(site: Site, telemetry: pd.DataFrame) -> pd.DataFrame:
    """Telemetry by quantity as the store would hold it: means over the site's intervals, its own columns."""
    named = telemetry.rename(columns={point.quantity: point.column for point in site.points})
    return named.reindex(columns=site.columns).resample(site.interval).mean().dropna(how="all")


def outcome(site: Site, telemetry: pd.DataFrame) -> dict[str, float]:
    """Energy, PUE, thermal violations and setpoint moves of a run, from its meters."""
    plant = plant_table(site, interval_means(site, telemetry))
    hours = site.interval_minutes / 60.0
    inlet_c, envelope = telemetry["rack_inlet_c"], site.envelope
    outside = (inlet_c > envelope.rack_inlet_max_c) | (inlet_c < envelope.rack_inlet_min_c)
    step_minutes = (telemetry.index[1] - telemetry.index[0]) / pd.Timedelta(minutes=1)
    facility_kwh, it_kwh = (float(plant[name].sum() * hours) for name in ("facility_kw", "it_kw"))
    return {
        "facility_kwh": facility_kwh,
        "it_kwh": it_kwh,
        "cooling_kwh": float(plant["cooling_kw"].sum() * hours),
        "pue": facility_kwh / it_kwh,
        "rack_inlet_max_c": float(inlet_c.max()),
        "violation_minutes": float(outside.sum() * step_minutes),
        "setpoint_moves": _moves(site, telemetry),
    }


def saving(site: Site, baseline: pd.DataFrame, other: pd.DataFrame) -> Saving:
    """What `other` saved against `baseline`, both driven by the same weather and load."""
    before, after = (_daily_kwh(site, telemetry) for telemetry in (baseline, other))
    facility, cooling = (
        before["facility_kw"] - after["facility_kw"],
        before["cooling_kw"] - after["cooling_kw"],
    )
    low, high = _interval(facility)
    cooling_low, cooling_high = _interval(cooling)
    total = float(before["cooling_kw"].sum())
    return Saving(
        facility_kwh=float(facility.sum()),
        facility_low_kwh=low,
        facility_high_kwh=high,
        cooling_kwh=float(cooling.sum()),
        cooling_share=float(cooling.sum()) / total,
        cooling_share_low=cooling_low / total,
        cooling_share_high=cooling_high / total,
    )


def _towards(
    site: Site, current: dict[str, float], goals: dict[str, float], times: pd.DatetimeIndex
) -> pd.DataFrame:
    step = times[1] - times[0]
    rows = pd.DataFrame([current, *([goals] * len(times))], index=times.insert(0, times[0] - step))
    return slewed(site, rows, step_hours=step / pd.Timedelta(hours=1)).iloc[1:]


def _daily_kwh(site: Site, telemetry: pd.DataFrame) -> pd.DataFrame:
    plant = plant_table(site, interval_means(site, telemetry))[["facility_kw", "cooling_kw"]]
    return plant.resample("D").sum() * site.interval_minutes / 60.0


def _interval(daily: pd.Series, level: float = 0.9) -> tuple[float, float]:
    """Interval of the sum of days, from their spread."""
    n = len(daily)
    if n < 2:
        return -np.inf, np.inf
    half = stats.t.ppf(0.5 + level / 2, n - 1) * daily.std(ddof=1) * np.sqrt(n)
    return float(daily.sum() - half), float(daily.sum() + half)


def _moves(site: Site, telemetry: pd.DataFrame) -> float:
    names = [site.quantity_of(setpoint) for setpoint in site.setpoints]
    hourly = telemetry[names].resample("h").last()
    return float((hourly.diff().abs() > 1e-6).to_numpy().sum())
