"""Outcomes of a run, and its saving against another with the same weather and load."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from pipelines.evaluation.closed_loop import Run
from pipelines.site.file import Site
from pipelines.site.tariff import prices_per_kwh
from pipelines.telemetry.plant_table import plant_table

LEVEL = 0.9
RUNNING_SHARE = 0.05  # of a chiller's highest power, above which it runs
MOVED_K = 0.25  # between decisions: a smaller change does not count as a move
SOLVER_K = 0.1  # outside the envelope by less is a solver's numerical noise


@dataclass(frozen=True)
class Saving:
    """Energy saved over the run, kWh, with a 90 % interval from the spread of its days (Student's t).

    Days are paired: same weather, same load.
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
        """Whether the interval of facility energy lies above zero."""
        return self.facility_low_kwh > 0.0


def plant_of(site: Site, run: Run) -> pd.DataFrame:
    """Plant-level columns of a run's true telemetry at the plant's own step, with its other columns."""
    named = run.telemetry.rename(columns={point.quantity: point.column for point in site.points})
    plant = plant_table(site, named)
    others = run.telemetry.columns.difference([*plant.columns, *site.columns])
    return plant.join(run.telemetry[others])


def outcome(site: Site, run: Run) -> dict[str, float]:
    """Energy (kWh), PUE, highest hourly power (kW), thermal violations (minutes), moves and decisions of a run.

    NaN for what the site does not measure.
    """
    plant = plant_of(site, run)
    step = plant.index[1] - plant.index[0]
    hours, minutes = step / pd.Timedelta(hours=1), step / pd.Timedelta(minutes=1)
    facility_kwh, it_kwh, cooling_kwh = (
        float(plant[name].sum(min_count=1) * hours) for name in ("facility_kw", "it_kw", "cooling_kw")
    )
    cost = (
        plant["facility_kw"].to_numpy() * prices_per_kwh(site.tariff, pd.DatetimeIndex(plant.index)) * hours
    )
    return {
        "facility_kwh": facility_kwh,
        "it_kwh": it_kwh,
        "cooling_kwh": cooling_kwh,
        "pue": facility_kwh / it_kwh if it_kwh > 0.0 else np.nan,
        "peak_kw": float(plant["facility_kw"].rolling("1h").mean().max()),
        "energy_cost": float(cost.sum()),
        **_thermal(site, plant, minutes),
        **_movements(site, run),
        "chiller_starts": _starts(plant),
        "clamped": float(run.clamped),
        "errors": float(run.errors),
        "decisions": float(len(run.seconds)),
        "decision_p95_s": float(np.quantile(run.seconds, 0.95)) if run.seconds else np.nan,
    }


def saving(site: Site, baseline: Run, other: Run) -> Saving:
    """Saving of `other` against `baseline`, both driven with the same weather and load."""
    before, after = (_daily_kwh(site, run) for run in (baseline, other))
    return saving_of_days(before, after)


def saving_of_days(before: pd.DataFrame, after: pd.DataFrame) -> Saving:
    """Saving from paired daily energy, facility_kw and cooling_kw in kWh."""
    facility, cooling = (before[name] - after[name] for name in ("facility_kw", "cooling_kw"))
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


def _thermal(site: Site, plant: pd.DataFrame, minutes: float) -> dict[str, float]:
    """Minutes outside the envelope; NaN for what nothing measures."""
    envelope = site.envelope
    if "rack_inlet_c" not in plant:
        return {"rack_inlet_max_c": np.nan, "violation_minutes": np.nan, "jump_minutes": np.nan}
    inlet_c = plant["rack_inlet_c"]
    outside = inlet_c > envelope.rack_inlet_max_c + SOLVER_K
    outside |= inlet_c < envelope.rack_inlet_min_c - SOLVER_K
    if "rack_dew_point_c" in plant:
        outside |= plant["rack_dew_point_c"] > envelope.dew_point_max_c + SOLVER_K
    jumps = inlet_c.diff(max(1, round(60.0 / minutes))).abs() > envelope.rate_k_per_h
    return {
        "rack_inlet_max_c": float(inlet_c.max()),
        "violation_minutes": float(outside.sum() * minutes),
        "jump_minutes": float(jumps.sum() * minutes),
    }


def _movements(site: Site, run: Run) -> dict[str, float]:
    binary = {site.setpoint_name(each) for each in site.setpoints if each.kind == "binary"}
    moved = run.asked.diff().abs()
    switches = moved[[name for name in moved if name in binary]] > 0.5
    moves = moved[[name for name in moved if name not in binary]] > MOVED_K
    return {"setpoint_moves": float(moves.sum().sum()), "switches": float(switches.sum().sum())}


def _starts(plant: pd.DataFrame) -> float:
    if "chiller_on" in plant:
        running = plant["chiller_on"].round()
    elif "chiller_kw" in plant:
        running = (plant["chiller_kw"] > RUNNING_SHARE * plant["chiller_kw"].max()).astype(float)
    else:
        return np.nan
    return float(running.diff().clip(lower=0.0).sum())


def _daily_kwh(site: Site, run: Run) -> pd.DataFrame:
    plant = plant_of(site, run)[["facility_kw", "cooling_kw"]]
    hours = (plant.index[1] - plant.index[0]) / pd.Timedelta(hours=1)
    day = (plant.index - plant.index[0]) // pd.Timedelta(days=1)
    return plant.groupby(day).sum() * hours


def _interval(daily: pd.Series) -> tuple[float, float]:
    """Interval of the sum of days, from their spread."""
    n = len(daily)
    if n < 2:
        return -np.inf, np.inf
    half = stats.t.ppf(0.5 + LEVEL / 2, n - 1) * daily.std(ddof=1) * np.sqrt(n)
    return float(daily.sum() - half), float(daily.sum() + half)
