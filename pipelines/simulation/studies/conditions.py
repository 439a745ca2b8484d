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
from simulator.load import generated_utilization
from simulator.weather import generated_weather

LONGEST_GAP_HOURS = 6
DEGREES_AN_HOUR = 15.0  # the earth's turn


class Conditions:
    """Drivers by seed, for one site and scenario; files are read once.

    Generated weather and load follow the site's solar time; EPW and CSV are the same for every seed.

    Raises:
        WeatherError, ScenarioError: on making, where a file does not give the period.
    """

    def __init__(self, site: Site, scenario: WhatIf) -> None:
        self._scenario = scenario
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
        scenario = self._scenario
        if scenario.weather.epw is None:
            return None
        epw = epw_weather.read_epw(scenario.weather.epw)
        for name, hours in epw.filled.items():
            self.notes.append(
                f"weather file: {hours} h of {name} were missing and are interpolated or derived"
            )
        return epw_weather.weather_table(epw, scenario.start_utc, steps=scenario.steps, dt_s=scenario.dt_s)

    def _read_load(self) -> np.ndarray | None:
        scenario = self._scenario
        if scenario.load.constant is not None:
            return np.full(scenario.steps, scenario.load.constant)
        return None if scenario.load.csv is None else _csv_load(scenario, scenario.load.csv)

    def _read_carbon(self) -> np.ndarray:
        """On each step, (steps,); NaN where the scenario gives none: carbon is then unknown rather than zero."""
        scenario = self._scenario
        if scenario.carbon.csv is not None:
            return _csv_series(scenario, scenario.carbon.csv, "kg_per_kwh", highest=np.inf)
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


def _csv_load(scenario: WhatIf, path: Path) -> np.ndarray:
    return _csv_series(scenario, path, "it_utilization_frac", highest=1.0)


def _csv_series(scenario: WhatIf, path: Path, column: str, *, highest: float) -> np.ndarray:
    """A CSV's values on the scenario's steps: each holds from its time on until the next."""
    allowed = f"in 0 to {highest:g}" if np.isfinite(highest) else "at or above 0"
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
    outside = series[(series < 0) | (series > highest)]
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
