"""Rows for the next hour: present state and held setpoints, and the resulting changes of meters and racks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.efficiency.learn import Parts, Rows
from pipelines.errors import ModelError
from pipelines.learning.efficiency.dataset import worth_their_rows
from pipelines.learning.next_hour.forecast import change_ahead, lead_hours
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import submeters_of

HORIZON = pd.Timedelta(hours=1)
PARTS = Parts(backbone="lines")  # setpoints are compared on it, far from what the record holds
OTHER = "other_kw"  # overhead that no submeter sees
LEAST_VARIATION = 1e-6  # kW or K: below it a target is constant but for rounding
CHANGE, RATE = "_change", "rack_inlet_rate_k_per_h"
HIGHEST, LOWEST = (
    ("rack_inlet_c", "rack_dew_point_c"),
    ("aisle_pressure_pa", "loop_pressure_pa"),
)  # the hour's worst
_WORST = (*HIGHEST, *LOWEST)
_STATE = (
    "load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c", "chw_supply_c", "chw_return_c", "cw_supply_c",
    "supply_air_c", "return_air_c", "rack_inlet_c", "chw_flow_kg_s", "chiller_on",
)  # fmt: skip


@dataclass(frozen=True)
class NextHour:
    """Rows whose targets are changes from the present reading, and what is needed to turn them back into readings.

    present (n rows): the latest reading of each meter, of `overhead_kw` and of what has limits. overhead_kw (n,):
    measured mean of the next hour. submeters: those whose sum, with OTHER, is the overhead; constant_other_kw is what
    OTHER is where it does not vary and is no target.
    """

    rows: Rows
    index: pd.DatetimeIndex
    present: pd.DataFrame
    overhead_kw: np.ndarray
    submeters: list[str]
    constant_other_kw: float
    left_out: dict[str, int]
    notes: list[str]

    def overhead_of(self, predicted: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
        """Mean overhead of the next hour in kW: submeters as they read now, their changes, and the rest."""
        now_kw = self.present[self.submeters].to_numpy()[rows].sum(axis=1)
        change_kw = sum(predicted[name + CHANGE] for name in self.submeters)
        return now_kw + change_kw + predicted.get(OTHER, self.constant_other_kw)

    def further(self) -> dict[str, np.ndarray]:
        """Measured values of the targets that are not overhead: name of the target -> (n,), as predicted."""
        wanted = [
            name for name in self.rows.targets if name.removesuffix(CHANGE) not in (*self.submeters, OTHER)
        ]
        return {name: self.rows.target(name) for name in wanted if name != "overhead_kw" + CHANGE}


def next_hour(site: Site, plant: pd.DataFrame) -> NextHour:
    """Rows to predict the next hour from the present reading and the setpoints held in it.

    In the record the held setpoint is its mean over the hour, which was chosen and so is no forecast.
    Raises ModelError where nothing is left.
    """
    plant = plant.asfreq(f"{site.interval_minutes}min")
    now = plant.ffill(limit=1)
    submeters = submeters_of(site, plant)
    inputs = inputs_of(site, now, submeters)
    targets = _targets(plant, now, submeters)
    overhead_kw = _next_mean(plant["overhead_kw"])
    running = plant["figure"].notna()
    change_kw = (overhead_kw - now["overhead_kw"])[running]
    names, notes = worth_their_rows(inputs[running], [str(name) for name in inputs.columns], change_kw)
    inputs = inputs[names]
    complete_inputs, complete_targets = (
        inputs.notna().all(axis=1),
        targets.notna().all(axis=1) & overhead_kw.notna(),
    )
    kept = plant.index[complete_inputs & complete_targets & plant["figure"].notna()]
    left_out = {
        "an input is missing": int((~complete_inputs).sum()),
        "the next hour is missing": int((~complete_targets).sum()),
    }
    if len(kept) == 0:
        raise ModelError(
            f'site "{site.name}" has no hour with every reading before and after it ({len(plant)} rows); '
            f"see: coldaisle quality --site {site.name}"
        )
    rows = Rows(
        inputs=tuple(inputs.columns),
        targets=tuple(targets.columns),
        x=inputs.loc[kept].to_numpy(dtype=float),
        y=targets.loc[kept].to_numpy(dtype=float),
        load_kw=now.loc[kept, "load_kw"].to_numpy(dtype=float),
    )
    other_kw = float(_other_kw(plant, submeters)[kept].mean())
    present = now.loc[kept, [*submeters, *(name for name in _WORST if name in now), "overhead_kw"]]
    return NextHour(
        rows,
        pd.DatetimeIndex(kept),
        present,
        overhead_kw[kept].to_numpy(),
        submeters,
        other_kw,
        left_out,
        notes,
    )


def _targets(plant: pd.DataFrame, now: pd.DataFrame, submeters: list[str]) -> pd.DataFrame:
    changing = ["overhead_kw", *submeters, *(["it_kw"] if plant["it_kw"].notna().any() else [])]
    targets = {name + CHANGE: _next_mean(plant[name]) - now[name] for name in changing}
    targets[OTHER] = _other_kw(plant, submeters)
    for name in _WORST:
        if name in plant:
            readings = _next(plant[name])
            worst = (
                readings.max(axis=1, skipna=False) if name in HIGHEST else readings.min(axis=1, skipna=False)
            )
            targets[name + CHANGE] = worst - now[name]
    if "rack_inlet_c" in plant:
        hour = pd.concat([_next(plant["rack_inlet_c"]), now["rack_inlet_c"]], axis=1)
        swing_k = hour.max(axis=1, skipna=False) - hour.min(axis=1, skipna=False)
        targets[RATE] = swing_k / (HORIZON / pd.Timedelta(hours=1))
    table = pd.DataFrame(targets)
    return table.loc[:, table.std() > LEAST_VARIATION]


def _other_kw(plant: pd.DataFrame, submeters: list[str]) -> pd.Series:
    metered_kw = sum((_next_mean(plant[name]) for name in submeters), pd.Series(0.0, plant.index))
    return _next_mean(plant["overhead_kw"]) - metered_kw


def inputs_of(site: Site, now: pd.DataFrame, submeters: list[str]) -> pd.DataFrame:
    """State, setpoints held, and what drives change: moves, differences and trends.

    now: a plant table with a regular step. The held setpoint is its mean over the hour after a row.
    """
    inputs = {name: now[name] for name in (*_STATE, *submeters) if name in now}
    for setpoint in site.setpoints:
        name = site.setpoint_name(setpoint)
        inputs[name] = _next_mean(now[name])
        inputs[f"{name}_move"] = inputs[name] - now[name]
        achieved = name.replace("_sp_c", "_c")
        if achieved != name and achieved in now:
            inputs[f"{name}_gap"] = now[name] - now[achieved]
    if {"rack_inlet_c", "supply_air_c"} <= set(now):
        inputs["rack_inlet_gap"] = now["rack_inlet_c"] - now["supply_air_c"]
    inputs["load_forecast_trend"] = change_ahead(site, now, "load_kw", HORIZON)
    # Without a forecast of its own a site's wetbulb an hour on is little else than the present one and its trend.
    if lead_hours(site, "outdoor_wetbulb_c") is not None and "outdoor_wetbulb_c" in now:
        inputs["wetbulb_forecast_trend"] = change_ahead(site, now, "outdoor_wetbulb_c", HORIZON)
    for name in ("load_kw", "outdoor_wetbulb_c"):
        if name in now:
            inputs[f"{name}_trend"] = now[name] - now[name].shift(freq=HORIZON).reindex(now.index)
    times = pd.DatetimeIndex(now.index)
    hour = times.hour + times.minute / 60
    inputs["hour_sin"] = pd.Series(np.sin(hour * np.pi / 12), now.index)
    inputs["hour_cos"] = pd.Series(np.cos(hour * np.pi / 12), now.index)
    inputs["weekend"] = pd.Series((times.dayofweek >= 5).astype(float), now.index)
    return pd.DataFrame(inputs)


def _next(series: pd.Series) -> pd.DataFrame:
    """The readings of the hour after each row, one column each."""
    return pd.concat([series.shift(-step) for step in range(1, _rows_in(HORIZON, series) + 1)], axis=1)


def _rows_in(length: pd.Timedelta, series: pd.Series) -> int:
    step = pd.DatetimeIndex(series.index).freq
    if step is None:
        raise ValueError("the table has no regular step; call asfreq before")
    return round(length.value / step.nanos)


def _next_mean(series: pd.Series) -> pd.Series:
    """Mean of the hour after each row; none with fewer than half its readings."""
    readings = _next(series)
    return readings.mean(axis=1).where(readings.notna().mean(axis=1) >= 0.5)
