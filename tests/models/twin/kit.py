"""A small simulated site whose truth is known, for the tests of fitting: its record, with meters' noise."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

import simulator
from models.twin import Conditions, Inputs, Record, Twin, predict
from models.twin.run import CHANNELS, Controlled, channel
from simulator.load import generated_utilization
from simulator.meters import Meters, observe
from simulator.weather import generated_weather

DT_S = 300.0
HOUR = 12
NAMEPLATE = {"it_kw": 1000.0, "chillers": 2, "tower_cells": 2}
METERED = tuple(name for name in CHANNELS if not name.endswith("_speed") and name != "it_utilization")
NOISE = replace(Meters.typical(), relative_bias=jnp.zeros(()), temperature_bias_k=jnp.zeros(()))


def nameplate() -> Controlled:
    """Both chillers always run: which of them does is not what is to be found here."""
    plant = simulator.default_plant(**NAMEPLATE)
    together = {"stage_up_load_ratio": 0.05, "stage_down_load_ratio": 0.0, "minimum_load_ratio": 0.05}
    chillers = replace(plant.chillers, **{name: jnp.asarray(value) for name, value in together.items()})
    return Controlled(replace(plant, chillers=chillers), simulator.default_setpoints(plant))


def inputs_of(hours: int, *, seed: int = 0, economizer: bool = False) -> Inputs:
    """Weather and load by generators; operators move a setpoint every five hours."""
    steps, random = hours * HOUR, np.random.default_rng(seed)
    weather_key, load_key = jax.random.split(jax.random.key(seed))
    weather = generated_weather(weather_key, steps=steps, dt_s=DT_S, start_day=100.0)
    load = generated_utilization(load_key, steps=steps, dt_s=DT_S, daily_swing=0.2)

    def held(low: float, high: float) -> np.ndarray:
        return np.repeat(random.uniform(low, high, steps // 60 + 1), 60)[:steps]

    chosen = {"supply_air_c": held(18, 26), "chw_supply_c": held(7, 14), "cw_supply_c": held(18, 28)}
    chosen["economizer_enable"] = np.full(steps, float(economizer))
    return Inputs(
        setpoints=chosen,
        outdoor_drybulb_c=np.asarray(weather.outdoor_drybulb_c),
        outdoor_wetbulb_c=np.asarray(weather.outdoor_wetbulb_c),
        pressure_pa=np.asarray(weather.pressure_pa),
        it_w=(4e5 + 5e5 * np.asarray(load, dtype=float))[:, None],
    )


def as_twin(controlled: Controlled) -> Twin:
    return Twin(controlled, NAMEPLATE, (), {}, DT_S, metered_it=True)


def sensors_of(truth: Controlled, inputs: Inputs) -> simulator.Sensors:
    return predict(as_twin(truth), inputs.setpoints, Conditions(*inputs[1:]))


def record_of(truth: Controlled, inputs: Inputs, *, seed: int = 0) -> Record:
    """What the historian of `truth` holds."""
    sensors = sensors_of(truth, inputs)
    read = observe(NOISE, sensors, jax.random.key(seed))
    measured = {name: np.asarray(channel(read, name), dtype=float) for name in METERED}
    measured["overhead_w"] = np.asarray(read.facility_w, dtype=float) - inputs.it_w[:, 0]
    units = {"chillers": int(truth.plant.chillers.units), "towers": int(truth.plant.tower.cells)}
    running = {"chillers": np.asarray(sensors.chillers_running, dtype=float)}
    return Record(DT_S, inputs, measured, running, units, metered_it=True)
