"""The demo's scenario: a plant unlike its nameplate, generated weather and load, weeks of history."""

from dataclasses import dataclass

import jax
import pandas as pd

import simulator
from pipelines.simulation.plant import SimulatedPlant, nameplate_plant
from pipelines.site.file import Site
from simulator.load import generated_utilization
from simulator.weather import generated_weather

START = pd.Timestamp("2025-09-01", tz="UTC")  # a Monday, as the generated load expects
DT_S = 300.0


@dataclass(frozen=True)
class Scenario:
    """Length of the history and of the run after it, and the seed of plant, weather and load.

    plant_spread: lognormal spread of the plant's parameters around the nameplate.
    """

    history_days: int = 56
    run_days: int = 7
    seed: int = 0
    climate: str = "temperate"
    plant_spread: float = 0.1


def simulated_plant(site: Site, scenario: Scenario) -> SimulatedPlant:
    """The scenario's plant at its first step. coldaisle sees only its telemetry."""
    plant_key, weather_key, load_key, meter_key = jax.random.split(jax.random.key(scenario.seed), 4)
    steps = round((scenario.history_days + scenario.run_days) * 86_400 / DT_S)
    weather = generated_weather(
        weather_key, steps=steps, dt_s=DT_S, climate=scenario.climate, start_day=float(START.dayofyear - 1)
    )
    plant = simulator.perturb_plant(plant_key, nameplate_plant(site), relative=scenario.plant_spread)
    drivers = simulator.Drivers(
        outdoor_drybulb_c=weather.outdoor_drybulb_c,
        outdoor_wetbulb_c=weather.outdoor_wetbulb_c,
        pressure_pa=weather.pressure_pa,
        it_utilization=generated_utilization(load_key, steps=steps, dt_s=DT_S),
    )
    return SimulatedPlant(
        plant=plant,
        state=simulator.init(plant),
        drivers=drivers,
        meters=simulator.Meters.typical(),
        key=meter_key,
        start=START,
        dt_s=DT_S,
    )


def history_steps(scenario: Scenario) -> int:
    """Steps of `DT_S` in the scenario's history."""
    return round(scenario.history_days * 86_400 / DT_S)
