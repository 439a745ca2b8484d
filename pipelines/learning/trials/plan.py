"""A plan of setpoint trials for a site whose record has none: safe, bounded, and as informative as the risk allows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.exploration import Slot, design, spread_over
from models.setpoints import Bounds, quantity_of
from pipelines import files
from pipelines.errors import ScenarioError
from pipelines.learning.trials.envelope import TrialEnvelope, trial_envelope
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable
from pipelines.telemetry.plant_table import plant_table

SLOT_HOURS = 4  # long enough to reach the setpoint and stay there
SLOTS_A_DAY = 24 // SLOT_HOURS
REST_SLOT = 0  # of each day, at the default: what the trials are compared with
CANDIDATES = 512  # a power of two, as Sobol sequences want
CONDITIONS = ("load_kw", "outdoor_wetbulb_c")
LEAST_RECORD = pd.Timedelta(days=14)
CURVATURE_K = 3.0  # a temperature trial of this size shows a plant's curvature
POWER_AT_RISK_PER_K = 0.03  # of cooling power: 1.5 % per °F, the usual rule for a chiller's lift
POWER_AT_RISK_PER_SWITCH = 0.1  # of cooling power, for switching a plant's mode
SEASON_DAYS = 15  # either side of a trial's date, whose hours give its weather and load
RECORD_ROWS = 2_000


@dataclass(frozen=True)
class Plan:
    """Trials in time order: setpoints by tag in the tag's unit, each row holds until the next; the last is the default.

    gained_nats: information over doing nothing; risk_kwh: energy that trials may cost, by rule of thumb;
    envelope: the reasons why trials are safe, in words.
    """

    table: pd.DataFrame
    gained_nats: float
    risk_kwh: float
    budget_kwh: float
    safe_because: tuple[str, ...]

    def write(self, path: Path) -> Path:
        """A CSV of `time` (UTC) and a column per setpoint tag; empty cells mean the default."""
        stamped = self.table.assign(time=pd.DatetimeIndex(self.table.index).strftime("%Y-%m-%dT%H:%M:%SZ"))
        files.write_csv(stamped[["time", *self.table.columns]], path, index=False)
        return path


def explore_plan(
    site: Site, table: pd.DataFrame, *, start: pd.Timestamp, weeks: int = 4, risk_share: float = 0.15
) -> Plan:
    """Trials in `weeks` weeks spread over the year from `start`, from the record `table` (the store's).

    risk_share: energy at risk, as a share of the cooling energy of those weeks.

    Raises ScenarioError where the site declares no setpoints, the record is too short, or nothing is safe.
    """
    if not site.setpoints:
        raise ScenarioError(
            f"site {site.name} declares no setpoints, so nothing can be tried; add [[setpoints]]"
        )
    plant = plant_table(site, table)
    if len(plant) == 0 or plant.index[-1] - plant.index[0] < LEAST_RECORD:
        raise ScenarioError(
            f"the record of {site.name} must span at least {LEAST_RECORD.days} days to plan from; ingest more"
        )
    bounds = Settable.of(site)
    names = list(bounds.names)
    hourly = plant.reindex(columns=[*names, *CONDITIONS, "cooling_kw"]).resample("1h").mean()
    safe = trial_envelope(site, plant)
    scale, times = _usual_sizes(bounds), _slot_times(start, weeks)
    slots = [_slot(time, hourly, safe, names) for time in times]
    cooling_kw = float(hourly["cooling_kw"].median())
    budget_kwh = risk_share * cooling_kw * weeks * 168.0
    conditions = hourly[list(CONDITIONS)].dropna()
    record = hourly[[*names, *CONDITIONS]].dropna().to_numpy()
    record = record[:: max(1, len(record) // RECORD_ROWS)]
    everywhere = spread_over(bounds.low, bounds.high, bounds, CANDIDATES)
    try:
        trials = design(
            bounds, scale, slots, everywhere, record, (conditions.mean().to_numpy(), _spread(conditions)),
            lambda rows: cooling_kw * _share_at_risk(bounds, scale, rows[:, : len(names)]), budget_kwh=budget_kwh,
        )  # fmt: skip
    except ValueError as cause:
        raise ScenarioError(f"no plan for {site.name}: {cause}") from cause
    return Plan(
        _by_tag(site, times, trials.setpoints), trials.gained_nats, trials.risk_kwh, budget_kwh, safe.reasons
    )


def _usual_sizes(bounds: Bounds) -> np.ndarray:
    """Usual size of a trial of each setpoint (k,)."""
    span = bounds.high - bounds.low
    kelvin = np.array([quantity_of(name).endswith("_c") for name in bounds.names])
    return np.where(kelvin, np.minimum(CURVATURE_K, span), span / 2)


def _slot_times(start: pd.Timestamp, weeks: int) -> pd.DatetimeIndex:
    """Slots of `weeks` weeks, evenly over a year from `start`: each season has its own weather."""
    apart = pd.Timedelta(days=365) / weeks
    first = [(start + apart * (week + 0.5)).normalize() - pd.Timedelta(days=3) for week in range(weeks)]
    step, count = pd.Timedelta(hours=SLOT_HOURS), 7 * SLOTS_A_DAY
    return pd.DatetimeIndex([monday + step * slot for monday in first for slot in range(count)], name="time")


def _slot(time: pd.Timestamp, hourly: pd.DataFrame, safe: TrialEnvelope, names: list[str]) -> Slot:
    """Conditions as the record has them at that season and hour of the day."""
    index = pd.DatetimeIndex(hourly.index)
    days = np.abs((index.dayofyear.to_numpy() - time.dayofyear + 182) % 365 - 182)
    season = hourly[days <= max(SEASON_DAYS, int(days.min()) + SEASON_DAYS // 2)]
    hours = [(time.hour + hour) % 24 for hour in range(SLOT_HOURS)]
    by_hour = season[list(CONDITIONS)].groupby(pd.DatetimeIndex(season.index).hour)
    typical, warm, cold = (
        by_hour.quantile(share).reindex(hours).ffill().bfill() for share in (0.5, 0.9, 0.1)
    )
    warm_c, cold_c = float(warm["outdoor_wetbulb_c"].max()), float(cold["outdoor_wetbulb_c"].min())
    return Slot(
        conditions=typical.to_numpy(),
        rests=time.hour // SLOT_HOURS == REST_SLOT,
        allowed=lambda setpoints: safe.allowed(dict(zip(names, setpoints.T, strict=True)), warm_c, cold_c),
    )


def _spread(conditions: pd.DataFrame) -> np.ndarray:
    return np.maximum(conditions.std().to_numpy(), 1e-6)


def _share_at_risk(bounds: Bounds, scale: np.ndarray, setpoints: np.ndarray) -> np.ndarray:
    """Share of cooling power (n,) that setpoints (n, k) may cost; those of one quantity share its allowance."""
    moved = np.abs(setpoints - bounds.default)
    per_unit = np.where(bounds.binary, POWER_AT_RISK_PER_SWITCH, POWER_AT_RISK_PER_K * CURVATURE_K / scale)
    alike = np.zeros(len(scale))
    for columns in bounds.groups.values():
        alike[list(columns)] = len(columns)
    return moved @ (per_unit / alike)


def _by_tag(site: Site, times: pd.DatetimeIndex, setpoints: np.ndarray) -> pd.DataFrame:
    columns = {}
    for number, setpoint in enumerate(site.setpoints):
        point = site.by_tag[setpoint.tag]
        slope, offset = point.to_canonical
        columns[setpoint.tag] = ((setpoints[:, number] - offset) / slope).round(3)
    plan = pd.DataFrame(columns, index=times)
    plan = plan.mask(np.isclose(setpoints, [each.default for each in site.setpoints]))
    ends = times[
        times.to_series().diff().shift(-1).fillna(pd.Timedelta(days=1)) > pd.Timedelta(hours=SLOT_HOURS)
    ]
    rests = pd.DataFrame(np.nan, index=ends + pd.Timedelta(hours=SLOT_HOURS), columns=plan.columns)
    return pd.concat([plan, rests]).sort_index().rename_axis("time")
