"""Scenarios of the site's own record: a period as it was, or the present held for a day.

Weather and IT load are the store's, and setpoints that a study does not sweep are those recorded. IT power becomes
utilisation of the plant's servers at the recorded rack inlet: under other setpoints they do the same work.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import simulator
from models.twin.run import utilization_for_power
from pipelines.errors import ScenarioError
from pipelines.files import write_csv
from pipelines.simulation.recorded_inputs import (
    ASSUMED_WETBULB,
    LONGEST_GAP_HOURS,
    SETPOINT_HOURS,
    closed,
    is_read,
    recorded_setpoints,
    recorded_weather,
)
from pipelines.simulation.studies.grid import SETPOINT_RANGES, WHOLE, settable
from pipelines.simulation.studies.scenario import WhatIf
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import contradictory, plant_table
from pipelines.telemetry.store import Store
from simulator.it import server_power_w

USUAL_INLET_C = 21.0  # where rack inlets are not metered
MOST_LOAD_ERROR = 0.05  # of the recorded mean, by which the plant's servers may miss IT power
GAP = pd.Timedelta(hours=LONGEST_GAP_HOURS)
WEATHER = {"outdoor_drybulb_c": "outdoor drybulb", "outdoor_wetbulb_c": "outdoor wetbulb"}
LOAD, PRESSURE, UTILIZATION = "it_kw", "outdoor_pressure_pa", "it_utilization_frac"


class Recorded(NamedTuple):
    """A scenario of the record, and what a reader must know of it."""

    scenario: WhatIf
    notes: tuple[str, ...]


class _Rows(NamedTuple):
    """Drivers on the site's intervals, and its setpoints by the simulator's fields."""

    drivers: pd.DataFrame  # weather, `LOAD` and the worst rack inlet
    setpoints: dict[str, np.ndarray]
    notes: tuple[str, ...]


def parsed_period(text: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """ "2025-10-20..2025-10-27" as UTC: from the first day up to the last, which is excluded.

    Raises:
        ScenarioError: no two times.
    """
    first, _, last = text.partition("..")
    times = pd.to_datetime(pd.Series([first, last]), utc=True, format="ISO8601", errors="coerce")
    if times.isna().any():
        raise ScenarioError(
            f'a recorded period must read first..last, days in UTC, got "{text}"; e.g. 2025-10-20..2025-10-27'
        )
    return times[0], times[1]


def recorded_scenario(
    site: Site,
    store: Store,
    plant: simulator.Plant,
    start: pd.Timestamp,
    end: pd.Timestamp,
    *,
    folder: Path,
    held: simulator.Setpoints | None = None,
) -> Recorded:
    """The scenario of whole days from `start` up to `end` (UTC, `end` excluded), with the mean of each setpoint.

    plant: whose servers draw the recorded IT power. folder: for the CSV of weather and load, named by its content.
    held: a fitted twin's setpoints, for those that the site neither records nor declares.

    Raises:
        ScenarioError: no whole days; weather or IT power is not metered, has a gap longer than
            `LONGEST_GAP_HOURS`, or does not fit the plant's servers.
        StoreError: there is no telemetry.
    """
    days, rest = divmod(end - start, pd.Timedelta(days=1))
    if days < 1 or rest:
        raise ScenarioError(
            f"a recorded period must be whole days, first day..day after the last, got {start:%Y-%m-%d %H:%M} to "
            f"{end:%Y-%m-%d %H:%M}; e.g. 2025-10-20..2025-10-27"
        )
    rows = _rows(site, store, start - GAP, end + GAP)
    inside = (rows.drivers.index >= start) & (rows.drivers.index < end)
    drivers = rows.drivers.reindex(rows.drivers.index[inside])
    _refuse_gaps(site, drivers)
    table = drivers[[*WEATHER, PRESSURE]].assign(**{UTILIZATION: _utilization(site, plant, drivers)})
    path = _written(table, folder, f"{site.name}-{start:%Y%m%d}-{end:%Y%m%d}")
    means = {field: float(np.nanmean(v[inside])) for field, v in rows.setpoints.items() if _known(v[inside])}
    scenario = WhatIf().changed(
        title=f"as recorded, {start:%Y-%m-%d} to {end:%Y-%m-%d}",
        start=start.to_pydatetime(),
        days=int(days),
        weather={"csv": path},
        load={"csv": path},
        setpoints=_undeclared(site, held) | _settable(means),
    )
    return Recorded(scenario, rows.notes)


def present_scenario(
    site: Site,
    store: Store,
    plant: simulator.Plant,
    *,
    at: pd.Timestamp | None = None,
    held: simulator.Setpoints | None = None,
) -> Recorded:
    """A day of constant weather, IT load and setpoints: the last that were known by `at` (UTC).

    at: by default the end of the telemetry. plant, held: as of `recorded_scenario`.

    Raises:
        ScenarioError: weather or IT power is not metered, was not read in the `LONGEST_GAP_HOURS` before, or does
            not fit the plant's servers.
        StoreError: there is no telemetry.
    """
    end = (_newest(site, store) if at is None else at).floor(site.interval)
    rows = _rows(site, store, end - pd.Timedelta(hours=SETPOINT_HOURS), end)
    recent = rows.drivers[rows.drivers.index >= end - GAP]
    last = recent.ffill().tail(1)
    _refuse_unknown(site, last, end)
    values = {name: round(float(last[name].iloc[0]), 3) for name in (*WEATHER, PRESSURE)}
    latest = {field: float(v[np.isfinite(v)][-1]) for field, v in rows.setpoints.items() if _known(v)}
    scenario = WhatIf().changed(
        title=f"as of {end:%Y-%m-%d %H:%M} UTC",
        start=end.to_pydatetime(),
        days=1,
        weather={
            "drybulb_c": values["outdoor_drybulb_c"],
            "wetbulb_c": min(values["outdoor_wetbulb_c"], values["outdoor_drybulb_c"]),
            "pressure_pa": values[PRESSURE],
        },
        load={"constant": round(float(_utilization(site, plant, last)[0]), 5)},
        setpoints=_undeclared(site, held) | _settable(latest),
    )
    return Recorded(scenario, rows.notes)


def _newest(site: Site, store: Store) -> pd.Timestamp:
    span = store.span()
    if span is None:
        raise ScenarioError(
            f'site "{site.name}" must have telemetry to hold the present; '
            f"run: coldaisle ingest --site {site.name} FILE..."
        )
    return span[1]


def _rows(site: Site, store: Store, start: pd.Timestamp, end: pd.Timestamp) -> _Rows:
    """The record on every interval of [start, end), short gaps closed."""
    if not site.meters.it:
        raise ScenarioError(
            f'site "{site.name}" must meter IT power to be simulated as recorded, [meters] names none; '
            "give a scenario file with [load]"
        )
    clock = pd.date_range(start.ceil(site.interval), end, freq=site.interval, inclusive="left", name="time")
    plant = plant_table(site, store.read(start, end).reindex(clock))
    weather = recorded_weather(site, plant)
    if weather is None and clock.size:
        raise ScenarioError(
            f'site "{site.name}" must have outdoor drybulb or wetbulb read between {start:%Y-%m-%d %H:%M} and '
            f"{end:%Y-%m-%d %H:%M} UTC, none is; choose another time, ingest its export, or give a scenario file "
            "with [weather]"
        )
    inlet_c = plant["rack_inlet_c"] if is_read(plant, "rack_inlet_c") else pd.Series(np.nan, index=clock)
    load_kw = closed(plant[LOAD].mask(contradictory(plant)), site)
    inlets_c = closed(inlet_c, site).ffill().bfill().fillna(USUAL_INLET_C)
    drivers = pd.DataFrame(weather).assign(**{LOAD: load_kw, "rack_inlet_c": inlets_c})
    notes = () if is_read(plant, "outdoor_wetbulb_c") else (f"not recorded, assumed: {ASSUMED_WETBULB}",)
    return _Rows(drivers, recorded_setpoints(site, plant), notes)


def _refuse_gaps(site: Site, drivers: pd.DataFrame) -> None:
    for name, words in (WEATHER | {LOAD: "IT power"}).items():
        silent = drivers.index[drivers[name].isna()]
        if len(silent):
            raise ScenarioError(
                f"gaps of at most {LONGEST_GAP_HOURS:g} h are closed, {words} stays unknown for "
                f"{len(silent) * site.interval / pd.Timedelta(hours=1):.1f} h of the period, first at "
                f"{silent[0]:%Y-%m-%d %H:%M} UTC; choose another period, or ingest its export; see: "
                f"coldaisle quality --site {site.name}"
            )


def _refuse_unknown(site: Site, last: pd.DataFrame, end: pd.Timestamp) -> None:
    for name, words in (WEATHER | {LOAD: "IT power"}).items():
        if last.empty or last[name].isna().any():
            raise ScenarioError(
                f"{words} must have been read in the {LONGEST_GAP_HOURS:g} h before {end:%Y-%m-%d %H:%M} UTC, it was "
                f"not; ingest newer exports, or give --at; see: coldaisle quality --site {site.name}"
            )


def _utilization(site: Site, plant: simulator.Plant, drivers: pd.DataFrame) -> np.ndarray:
    """Utilisation 0-1 of the plant's servers that draws the recorded IT power, (rows,): the same in every hall."""
    it_w = 1e3 * drivers[LOAD].to_numpy(dtype=float)
    inlet_c = drivers["rack_inlet_c"].to_numpy(dtype=float)
    utilization, drawn_w = (np.asarray(v, dtype=float) for v in _compiled_utilization()(plant, it_w, inlet_c))
    if abs(drawn_w.mean() - it_w.mean()) > MOST_LOAD_ERROR * it_w.mean():
        raise ScenarioError(
            f"IT power of {it_w.mean() / 1e3:,.0f} kW must be what the plant's servers can draw, they draw "
            f"{drawn_w.min() / 1e3:,.0f} to {drawn_w.max() / 1e3:,.0f} kW at most or idle; correct it_kw in [twin], "
            f"or run: coldaisle twin --site {site.name}"
        )
    return np.clip(utilization, 0.0, 1.0)


@cache
def _compiled_utilization() -> Any:
    """`(plant, it_w, inlet_c) -> utilisation, power drawn (W)`, each (rows,); halls share load by their rated power."""

    def one(plant: simulator.Plant, it_w: jax.Array, inlet_c: jax.Array) -> tuple[jax.Array, jax.Array]:
        rated_w = plant.servers.rated_w
        inlets_c = jnp.full_like(rated_w, inlet_c)
        busy = utilization_for_power(plant, it_w * rated_w / rated_w.sum(), inlets_c)
        chips_w, fans_w = server_power_w(plant.servers, busy, inlets_c)
        return (busy * rated_w).sum() / rated_w.sum(), (chips_w + fans_w).sum()

    return jax.jit(jax.vmap(one, in_axes=(None, 0, 0)))


def _written(table: pd.DataFrame, folder: Path, name: str) -> Path:
    """A CSV named by its content, so that a record that changes makes another study."""
    table = table.round({**dict.fromkeys(WEATHER, 3), PRESSURE: 0, UTILIZATION: 5})
    digest = hashlib.sha256(table.to_csv().encode()).hexdigest()[:12]
    path = Path(folder) / f"{name}-{digest}.csv"
    write_csv(table, path)
    return path


def _undeclared(site: Site, held: simulator.Setpoints | None) -> dict[str, float]:
    if held is None:
        return {}
    declared = settable(site)
    return {name: float(getattr(held, name)) for name in SETPOINT_RANGES if name not in declared}


def _known(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).any())


def _settable(setpoints: dict[str, float]) -> dict[str, float]:
    return {
        name: float(round(value)) if name in WHOLE else round(value, 2) for name, value in setpoints.items()
    }
