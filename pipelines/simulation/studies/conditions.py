"""A scenario's inputs that cannot be chosen, on its steps: weather, IT load and carbon intensity."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import pipelines.simulation.epw as epw_weather
import simulator
from pipelines.errors import ScenarioError
from pipelines.simulation.studies.scenario import WhatIf
from pipelines.site.file import Site
from simulator.control import DRYBULB_C, PRESSURE_PA, WETBULB_C
from simulator.load import generated_utilization
from simulator.psychrometrics import pressure_at_altitude_pa
from simulator.weather import generated_weather

LONGEST_GAP_HOURS = 6
DEGREES_AN_HOUR = 15.0  # the earth's turn
PRESSURE = "outdoor_pressure_pa"  # which a CSV need not have
WEATHER_RANGES = {"outdoor_drybulb_c": DRYBULB_C, "outdoor_wetbulb_c": WETBULB_C, PRESSURE: PRESSURE_PA}


class Conditions:
    """Drivers by seed, for one site and scenario; files are read once.

    Generated weather and load follow the site's solar time; what a file gives, and constant weather, is the same for
    every seed.

    Raises:
        WeatherError, ScenarioError: on making, where a file does not give the period.
    """

    def __init__(self, site: Site, scenario: WhatIf) -> None:
        self._scenario = scenario
        self._standard_pa = float(pressure_at_altitude_pa(site.location.altitude_m))
        solar = scenario.start_utc + pd.Timedelta(hours=site.location.longitude / DEGREES_AN_HOUR)
        day = solar.hour / 24 + solar.minute / 1440
        self._day_of_year, self._day_of_week = solar.dayofyear - 1 + day, solar.weekday() + day
        self.notes: list[str] = []
        self._weather = self._read_weather()
        self._load = self._read_load()
        self.carbon_kg_per_kwh = self._read_carbon()

    def drivers(self, seed: int) -> simulator.Drivers:
        """Drivers of one seed, leaves (steps,) in NumPy."""
        scenario = self._scenario
        _, weather_key, load_key, _ = jax.random.split(jax.random.key(seed), 4)
        if self._load is not None:
            load = jnp.asarray(self._load)
        else:
            shape = scenario.load.model_dump(exclude={"constant", "csv"})
            load = generated_utilization(
                load_key, steps=scenario.steps, dt_s=scenario.dt_s, start_day=self._day_of_week, **shape
            )
        if self._weather is not None:
            drivers = epw_weather.drivers(self._weather, np.asarray(load))
        else:
            made = generated_weather(
                weather_key,
                steps=scenario.steps,
                dt_s=scenario.dt_s,
                climate=scenario.weather.climate,
                start_day=self._day_of_year,
            )
            drivers = simulator.Drivers(
                made.outdoor_drybulb_c, made.outdoor_wetbulb_c, made.pressure_pa, load
            )
        return jax.tree.map(np.asarray, drivers)

    def _read_weather(self) -> pd.DataFrame | None:
        scenario, chosen = self._scenario, self._scenario.weather
        if chosen.drybulb_c is not None or chosen.csv is not None:
            return _given_weather(scenario, self._standard_pa)
        if chosen.epw is None:
            return None
        epw = epw_weather.read_epw(chosen.epw)
        for name, hours in epw.filled.items():
            self.notes.append(
                f"weather file: {hours} h of {name} were missing and are interpolated or derived"
            )
        return epw_weather.weather_table(epw, scenario.start_utc, steps=scenario.steps, dt_s=scenario.dt_s)

    def _read_load(self) -> np.ndarray | None:
        scenario = self._scenario
        if scenario.load.constant is not None:
            return np.full(scenario.steps, scenario.load.constant)
        if scenario.load.csv is None:
            return None
        return _csv_series(scenario, scenario.load.csv, "it_utilization_frac", (0.0, 1.0))

    def _read_carbon(self) -> np.ndarray:
        """On each step, (steps,); NaN where the scenario gives none: carbon is then unknown rather than zero."""
        scenario = self._scenario
        if scenario.carbon.csv is not None:
            return _csv_series(scenario, scenario.carbon.csv, "kg_per_kwh", (0.0, np.inf))
        constant = scenario.carbon.kg_per_kwh
        return np.full(scenario.steps, np.nan if constant is None else constant)


def plant_of(nameplate: simulator.Plant, scenario: WhatIf, seed: int) -> simulator.Plant:
    """The seed's plant: the nameplate perturbed by the scenario's spread."""
    plant_key, *_ = jax.random.split(jax.random.key(seed), 4)
    return simulator.perturb_plant(plant_key, nameplate, relative=scenario.plant_spread)


def times_of(scenario: WhatIf) -> pd.DatetimeIndex:
    """Starts of the scenario's steps, UTC, (steps,)."""
    step = pd.Timedelta(minutes=scenario.step_minutes)
    return pd.date_range(scenario.start_utc, periods=scenario.steps, freq=step)


def _given_weather(scenario: WhatIf, standard_pa: float) -> pd.DataFrame:
    """Constant weather, or a CSV's, on the scenario's steps, as `epw.drivers` takes it."""
    chosen = scenario.weather
    if chosen.csv is None:
        pressure_pa = standard_pa if chosen.pressure_pa is None else chosen.pressure_pa
        values = {"outdoor_drybulb_c": chosen.drybulb_c, "outdoor_wetbulb_c": chosen.wetbulb_c}
        return pd.DataFrame(values | {"outdoor_pressure_pa": pressure_pa}, index=times_of(scenario))
    columns = {
        name: _csv_series(scenario, chosen.csv, name, span)
        for name, span in WEATHER_RANGES.items()
        if name != PRESSURE or PRESSURE in _columns(chosen.csv)
    }
    return pd.DataFrame({PRESSURE: standard_pa} | columns, index=times_of(scenario))


def _columns(path: Path) -> list[str]:
    try:
        return [*pd.read_csv(path, nrows=0).columns]
    except (OSError, ValueError) as cause:
        raise ScenarioError(f"file {path} cannot be read as a CSV: {cause}; correct it") from cause


def _csv_series(scenario: WhatIf, path: Path, column: str, span: tuple[float, float]) -> np.ndarray:
    """A CSV's values on the scenario's steps: each holds from its time on until the next."""
    lowest, highest = span
    allowed = f"in {lowest:g} to {highest:g}" if np.isfinite(highest) else f"at or above {lowest:g}"
    try:
        table = pd.read_csv(path)
        times = pd.to_datetime(table["time"], utc=True, format="ISO8601")
        values = pd.to_numeric(table[column])
    except (OSError, ValueError, KeyError) as cause:
        raise ScenarioError(
            f"file {path} must be a CSV with time (ISO 8601, UTC where it has no zone) and "
            f"{column} ({allowed}): {cause}; correct it"
        ) from cause
    series = pd.Series(values.to_numpy(dtype=float), index=times).dropna().sort_index()
    outside = series[(series < lowest) | (series > highest)]
    if len(outside):
        raise ScenarioError(
            f"file {path}: {column} must lie {allowed}, got {outside.iloc[0]:g} at "
            f"{outside.index[0]:%Y-%m-%d %H:%M} UTC; correct it"
        )
    series = series[~series.index.duplicated(keep="last")]
    longest = pd.Timedelta(hours=LONGEST_GAP_HOURS)
    held = series.reindex(times_of(scenario), method="ffill", tolerance=longest)
    if held.isna().any():
        raise ScenarioError(
            f"file {path}: gaps of at most {LONGEST_GAP_HOURS} h are held over, no {column} is given for "
            f"{held.index[held.isna()][0]:%Y-%m-%d %H:%M} UTC; extend the file or move start"
        )
    return held.to_numpy()
