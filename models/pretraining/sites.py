"""Hours of random sites: plant, climate, load and trials drawn by a key, simulated side by side."""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import simulator
from simulator.load import generated_utilization
from simulator.types import Plant, Setpoints
from simulator.weather import CLIMATES, Climate, generated_weather

DT_S, DAYS, SETTLED_HOURS = 300.0, 28, 48
STEPS_AN_HOUR = round(3600 / DT_S)
STRUCTURES = ("series", "parallel", "none")
SPREAD = 0.12  # of a plant's parameters around its nameplate
TRIED, TRIAL_HOURS, TRIED_SHARE = 0.7, 6, 0.4  # share of sites that try setpoints, for so long, so often
# Setpoint -> its usual value, how far a site's own lies from it, and the ends of what is tried, in °C.
TRIALS = {
    "supply_air_c": (20.0, 3.0, 17.0, 25.0),
    "chw_supply_c": (10.0, 3.0, 7.0, 15.0),
    "cw_supply_c": (24.0, 3.0, 18.0, 29.0),
}
READINGS = (
    "it_w", "coil_heat_w", "facility_w", "ups_loss_w", "cooling_w", "chiller_w", "chw_pump_w", "cw_pump_w",
    "tower_fan_w", "crah_fan_w", "chillers_running", "towers_running", "chw_pump_speed", "cw_pump_speed",
    "tower_fan_speed", "crah_fan_speed", "chw_supply_c", "chw_return_c", "chw_flow_kg_s", "cw_supply_c",
    "supply_air_c", "supply_air_setpoint_c", "chw_supply_setpoint_c", "cw_supply_setpoint_c", "airflow_ratio",
    "economizer_enable", "outdoor_drybulb_c", "outdoor_wetbulb_c",
)  # fmt: skip


def simulated_hours(seed: int, sites: int, *, days: int = DAYS) -> dict[str, np.ndarray]:
    """Hourly means of READINGS for so many random sites of one structure: reading -> (sites, hours).

    The structure of the chilled-water side is that of `seed` modulo three, since it is no number to draw. Read by
    ordinary meters; the first two days, in which a plant settles, are left out.
    """
    random = np.random.default_rng(seed)
    plants = [nameplate(random, STRUCTURES[seed % len(STRUCTURES)]) for _ in range(sites)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *plants)
    drawn = [list(CLIMATES.values())[random.integers(len(CLIMATES))] for _ in range(sites)]
    climates = jax.tree.map(lambda *figures: jnp.asarray(figures), *drawn)
    keys = jax.random.split(jax.random.key(seed), sites)
    hours = np.asarray(_sites(keys, stacked, climates, days * 24))[:, :, SETTLED_HOURS:]
    return {name: hours[:, number] for number, name in enumerate(READINGS)}


def nameplate(random: np.random.Generator, economizer: Any) -> Plant:
    """A plant of 0.3 to 3 MW, drawn."""
    return simulator.default_plant(
        it_kw=float(np.exp(random.uniform(np.log(300.0), np.log(3000.0)))),
        chillers=int(random.integers(2, 6)),
        tower_cells=int(random.integers(2, 6)),
        chiller_cop=float(random.uniform(4.5, 7.0)),
        economizer=economizer,
    )


@partial(jax.jit, static_argnums=3)
def _sites(keys: Array, plants: Plant, climates: Climate, hours: int) -> Array:
    return jax.vmap(partial(_site, hours=hours))(keys, plants, climates)


def _site(key: Array, plant: Plant, climate: Climate, *, hours: int) -> Array:
    """Hourly means (readings, hours) of one site."""
    keys = jax.random.split(key, 6)
    plant = simulator.perturb_plant(keys[0], plant, relative=SPREAD)
    drivers = _drivers(keys[1], climate, hours * STEPS_AN_HOUR)
    setpoints = _setpoints(keys[2], plant.control.fallback, hours)
    _, sensors = simulator.rollout(plant, simulator.init(plant), setpoints, drivers, dt_s=DT_S)
    read = simulator.observe(simulator.Meters.typical(), sensors, keys[3])
    series = jnp.stack([getattr(read, name) for name in READINGS])
    return jnp.nanmean(series.reshape(len(READINGS), hours, STEPS_AN_HOUR), axis=2)


def _drivers(key: Array, climate: Climate, steps: int) -> simulator.Drivers:
    """Weather of a season of the climate, and a load of its own size and rhythm."""
    keys = jax.random.split(key, 4)
    day = jax.random.uniform(keys[0], (), minval=0.0, maxval=365.0 - DAYS)
    weather = generated_weather(keys[1], steps=steps, dt_s=DT_S, climate=climate, start_day=day)
    mean, swing, weekend, growth, noise = jax.random.uniform(keys[2], (5,))
    load = generated_utilization(
        keys[3], steps=steps, dt_s=DT_S, mean=0.5, daily_swing=0.02 + 0.15 * swing,
        weekend_drop=0.1 * weekend, growth_per_year=0.3 * (growth - 0.5), noise=0.01 + 0.05 * noise,
    )  # fmt: skip
    return simulator.Drivers(
        outdoor_drybulb_c=weather.outdoor_drybulb_c,
        outdoor_wetbulb_c=weather.outdoor_wetbulb_c,
        pressure_pa=weather.pressure_pa,
        it_utilization=jnp.clip(load + 0.5 * (mean - 0.5), 0.02, 1.0),
    )


def _setpoints(key: Array, fallback: Setpoints, hours: int) -> Setpoints:
    """A site's own setpoints and, at most sites, trials of a few hours."""
    keys = jax.random.split(key, 3 + 2 * len(TRIALS))
    tries = jax.random.bernoulli(keys[0], TRIED)
    blocks = -(-hours // TRIAL_HOURS)

    def tried(of: Array, low: float, high: float, usual: Array) -> Array:
        which, value = jax.random.split(of)
        now = jax.random.bernoulli(which, TRIED_SHARE, (blocks,)) & tries
        held = jnp.where(now, jax.random.uniform(value, (blocks,), minval=low, maxval=high), usual)
        return jnp.repeat(held, TRIAL_HOURS * STEPS_AN_HOUR)[: hours * STEPS_AN_HOUR]

    values = {
        name: tried(
            keys[3 + 2 * number], low, high,
            usual + own * jax.random.uniform(keys[4 + 2 * number], (), minval=-1.0, maxval=1.0),
        )
        for number, (name, (usual, own, low, high)) in enumerate(TRIALS.items())
    }  # fmt: skip
    enabled = jax.random.bernoulli(keys[1])
    economizer = jnp.where(enabled, jnp.round(tried(keys[2], 0.0, 1.0, jnp.ones(()))), 0.0)
    return dataclasses.replace(fallback, **values, economizer_enable=economizer)
