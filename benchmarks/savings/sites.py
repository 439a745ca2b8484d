"""Random simulated sites: a baseline under default control, then the same time twice, under default and controlled."""

import dataclasses
import os
import tempfile
import zlib
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import simulator
from models.pretraining.sites import SPREAD, STRUCTURES, nameplate
from simulator.load import generated_utilization
from simulator.types import Plant, Sensors, Setpoints, State
from simulator.weather import CLIMATES, Climate, generated_weather

DT_S = 300.0
STEPS_AN_HOUR = round(3600 / DT_S)
MONTH_H = 730  # what is simulated at once
LONGEST = 12  # months of baseline
BETTER_COP = 4.0 / 3.0  # of chillers that replace others
NOTHING_SAVED = 0.3  # share of the sites where the controlled year is run like the default one
GROWTHS = (0.0, 0.1, 0.3)  # of IT load over a year from the end of the baseline on
READ = (
    "it_w", "facility_w", "chiller_w", "chw_pump_w", "cw_pump_w", "tower_fan_w", "crah_fan_w", "ups_loss_w",
    "rack_inlet_c", "it_utilization", "outdoor_drybulb_c", "outdoor_wetbulb_c",
)  # fmt: skip
TRUE = ("it_w", "facility_w", "cooling_w")


class Sites(NamedTuple):
    """Hourly means of n sites of one structure.

    read: what meters read, (n, hours), baseline and then the reporting period under control. default, controlled:
    the truth in the reporting period, (n, hours), without control and with control throughout. growth (n,): of IT
    load a year; climate: (n,) names; start_day (n,): day of the year on which the baseline begins. on: (n, hours) of
    the reporting period in which control was on.
    """

    read: dict[str, np.ndarray]
    default: dict[str, np.ndarray]
    controlled: dict[str, np.ndarray]
    growth: np.ndarray
    climate: np.ndarray
    start_day: np.ndarray
    on: np.ndarray


def simulated(
    seed: int,
    sites: int,
    *,
    baseline: int,
    reporting: int,
    on: np.ndarray | None = None,
    replaced: int | None = None,
) -> Sites:
    """Sites drawn by the seed, from the cache folder where it holds them already (SAVINGS_CACHE in the environment).

    baseline, reporting: months. The structure of the chilled-water side is that of `seed` modulo three.
    on: (n, hours) of the reporting period in which control is on (a trial); None: throughout. replaced: month of the
    reporting period from which on the chillers are better ones, with control and without; None: never.
    """
    folder = Path(os.environ.get("SAVINGS_CACHE", Path(tempfile.gettempdir()) / "coldaisle-savings"))
    kind = "year" if on is None else f"trial-{zlib.crc32(np.packbits(on).tobytes()):08x}"
    kind += "" if replaced is None else f"-replaced-{replaced}"
    path = folder / f"{seed}-{sites}-{baseline}-{reporting}-{kind}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = _simulated(seed, sites, baseline, reporting, on, replaced)
        arrays = {
            f"{name}/{key}": values
            for name in ("read", "default", "controlled")
            for key, values in getattr(made, name).items()
        }
        whole = path.with_suffix(".partial.npz")
        np.savez(
            whole,
            **arrays,
            **{name: getattr(made, name) for name in ("growth", "climate", "start_day", "on")},
        )
        whole.rename(path)
    with np.load(path) as kept:
        parts = {
            name: {key.split("/")[1]: kept[key] for key in kept.files if key.startswith(f"{name}/")}
            for name in ("read", "default", "controlled")
        }
        return Sites(**parts, **{name: kept[name] for name in ("growth", "climate", "start_day", "on")})


def _simulated(
    seed: int, sites: int, baseline: int, reporting: int, on: np.ndarray | None, replaced: int | None
) -> Sites:
    random = np.random.default_rng(seed)
    plants = [nameplate(random, STRUCTURES[seed % len(STRUCTURES)]) for _ in range(sites)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *plants)
    names = np.array([list(CLIMATES)[random.integers(len(CLIMATES))] for _ in range(sites)])
    climates = jax.tree.map(lambda *figures: jnp.asarray(figures), *[CLIMATES[name] for name in names])
    growth = np.array([GROWTHS[random.integers(len(GROWTHS))] for _ in range(sites)], np.float32)
    saving = (random.uniform(size=sites) >= NOTHING_SAVED).astype(np.float32)
    start_day = random.uniform(0.0, 365.0, sites).astype(np.float32)
    keys = jax.random.split(jax.random.key(seed), sites)
    made = _prepared(keys, stacked, climates, growth, saving, start_day)
    usual = _months(made, LONGEST - baseline, LONGEST)
    state, before = _run(made.plant, made.state, usual)
    after = _months(made, LONGEST, LONGEST + reporting)
    better = _months(made._replace(default=made.chosen), LONGEST, LONGEST + reporting)
    default, controlled = (_run_replaced(made.plant, state, each, replaced) for each in (after, better))
    under = controlled
    if on is not None:
        _, under = _run(
            made.plant, state, [_switched(*each) for each in zip(after, better, _cut(on), strict=True)]
        )
    together = jax.tree.map(lambda *parts: np.concatenate(parts, axis=1), *before, *under)
    read = jax.device_get(_read(jax.vmap(jax.random.fold_in, (0, None))(keys, 1), together))
    true = [
        {name: np.concatenate([getattr(each, name) for each in of], axis=1) for name in TRUE}
        for of in (default, controlled)
    ]
    own = {name: np.asarray(getattr(read, name), np.float32) for name in READ}
    hours = np.ones((sites, reporting * MONTH_H), bool) if on is None else on
    return Sites(own, true[0], true[1], growth, names, start_day, hours)


class _Prepared(NamedTuple):
    plant: Plant
    state: State
    drivers: simulator.Drivers
    default: Setpoints
    chosen: Setpoints


@jax.jit
def _prepared(
    keys: Array, plants: Plant, climates: Climate, growth: Array, saving: Array, start_day: Array
) -> _Prepared:
    return jax.vmap(_site)(keys, plants, climates, growth, saving, start_day)


def _site(
    key: Array, plant: Plant, climate: Climate, growth: Array, saving: Array, start_day: Array
) -> _Prepared:
    keys = jax.random.split(key, 5)
    plant = simulator.perturb_plant(keys[0], plant, relative=SPREAD)
    drivers = _drivers(keys[1], climate, growth, start_day)
    default = _default(keys[2], plant.control.fallback)
    chosen = _controlled(keys[3], default, drivers.outdoor_wetbulb_c, saving)
    held = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, drivers.outdoor_wetbulb_c.shape), default)
    return _Prepared(plant, simulator.init(plant), drivers, held, chosen)


def _months(made: _Prepared, first: int, last: int) -> list[tuple[Setpoints, simulator.Drivers]]:
    """Setpoints and drivers of each month, leaves (n, steps of a month)."""
    steps = MONTH_H * STEPS_AN_HOUR

    def cut(month: int) -> tuple[Setpoints, simulator.Drivers]:
        part = slice(month * steps, (month + 1) * steps)
        return jax.tree.map(lambda leaf: leaf[:, part], (made.default, made.drivers))

    return [cut(month) for month in range(first, last)]


def _cut(on: np.ndarray) -> list[np.ndarray]:
    return np.split(np.repeat(on, STEPS_AN_HOUR, axis=1), on.shape[1] // MONTH_H, axis=1)


def _switched(usual: tuple, better: tuple, on: np.ndarray) -> tuple[Setpoints, simulator.Drivers]:
    setpoints = jax.tree.map(lambda off, chosen: jnp.where(on, chosen, off), usual[0], better[0])
    return setpoints, usual[1]


def _run(plant: Plant, state: State, months: list[tuple]) -> tuple[State, list[Sensors]]:
    """The state after the months, and hourly means of each, leaves (n, hours)."""
    means = []
    for setpoints, drivers in months:
        state, sensors = _month(plant, state, setpoints, drivers)
        means.append(jax.device_get(sensors))
    return state, means


def _run_replaced(plant: Plant, state: State, months: list[tuple], replaced: int | None) -> list[Sensors]:
    """Hourly means of the months; from month `replaced` on the chillers need a quarter less."""
    if replaced is None:
        return _run(plant, state, months)[1]
    state, first = _run(plant, state, months[:replaced])
    chillers = plant.chillers.replace(rated_cop=plant.chillers.rated_cop * BETTER_COP)  # type: ignore[attr-defined]
    return first + _run(plant.replace(chillers=chillers), state, months[replaced:])[1]  # type: ignore[attr-defined]


@jax.jit
def _month(plants: Plant, states: State, setpoints: Setpoints, drivers: simulator.Drivers):
    return jax.vmap(_hours)(plants, states, setpoints, drivers)


def _hours(plant: Plant, state: State, setpoints: Setpoints, drivers: simulator.Drivers):
    """The state after a rollout, and its hourly means."""

    def hour(now: State, inputs: tuple) -> tuple[State, Sensors]:
        after, sensors = simulator.rollout(plant, now, *inputs, dt_s=DT_S)
        return after, jax.tree.map(lambda leaf: leaf.mean(axis=0), sensors)

    by_hour = jax.tree.map(
        lambda leaf: leaf.reshape(-1, STEPS_AN_HOUR, *leaf.shape[1:]), (setpoints, drivers)
    )
    return jax.lax.scan(hour, state, by_hour)


@jax.jit
def _read(keys: Array, sensors: Sensors) -> Sensors:
    """Hourly readings of ordinary meters, new at the beginning."""
    age_s = 3600.0 * jnp.arange(sensors.it_w.shape[1])
    observe = partial(simulator.observe, simulator.Meters.typical(), calibrated_s=age_s)
    return jax.vmap(lambda key, true: observe(true, key))(keys, sensors)


def _drivers(key: Array, climate: Climate, growth: Array, start_day: Array) -> simulator.Drivers:
    """Weather from the start day on; a load of its own size and rhythm that grows in the reporting period alone."""
    before = LONGEST * MONTH_H * STEPS_AN_HOUR
    steps = 2 * before
    keys = jax.random.split(key, 4)
    weather = generated_weather(keys[1], steps=steps, dt_s=DT_S, climate=climate, start_day=start_day)
    mean, swing, weekend, noise = jax.random.uniform(keys[2], (4,))
    load = generated_utilization(
        keys[3], steps=steps, dt_s=DT_S, mean=0.5, daily_swing=0.02 + 0.13 * swing, weekend_drop=0.1 * weekend,
        growth_per_year=0.0, noise=0.01 + 0.04 * noise,
    )  # fmt: skip
    years = jnp.maximum(jnp.arange(steps) - before, 0) * DT_S / (365 * 86_400.0)
    return simulator.Drivers(
        outdoor_drybulb_c=weather.outdoor_drybulb_c,
        outdoor_wetbulb_c=weather.outdoor_wetbulb_c,
        pressure_pa=weather.pressure_pa,
        it_utilization=jnp.clip((load + 0.3 * (mean - 0.5)) * (1.0 + growth * years), 0.02, 1.0),
    )


def _default(key: Array, fallback: Setpoints) -> Setpoints:
    """A site's own fixed setpoints."""
    supply, chilled, condenser, economizer = jax.random.uniform(key, (4,))
    return dataclasses.replace(
        fallback,
        supply_air_c=18.0 + 4.0 * supply,
        chw_supply_c=7.0 + 4.0 * chilled,
        cw_supply_c=20.0 + 6.0 * condenser,
        economizer_enable=jnp.where(economizer < 0.4, 1.0, 0.0),
    )


def _controlled(key: Array, default: Setpoints, wetbulb_c: Array, saving: Array) -> Setpoints:
    """Warmer air and water and a wetbulb reset, of random strength; the default where nothing is saved."""
    strength, air, chilled, approach, below = jax.random.uniform(key, (5,))
    better = saving * (0.3 + 0.7 * strength)
    supply_c = jnp.minimum(default.supply_air_c + 4.0 * air * better, 25.0)
    reset_c = jnp.clip(wetbulb_c + 3.0 + 4.0 * approach, 12.0, default.cw_supply_c + 1.0)
    condenser_c = default.cw_supply_c + jnp.where(better > 0.4, 1.0, 0.0) * (reset_c - default.cw_supply_c)
    free = (wetbulb_c < 2.0 + 8.0 * below) & (better > 0.5)
    return dataclasses.replace(
        jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, wetbulb_c.shape), default),
        supply_air_c=jnp.broadcast_to(supply_c, wetbulb_c.shape),
        chw_supply_c=jnp.broadcast_to(
            jnp.minimum(default.chw_supply_c + 5.0 * chilled * better, supply_c - 5.0), wetbulb_c.shape
        ),
        cw_supply_c=condenser_c,
        economizer_enable=jnp.where(free, 1.0, default.economizer_enable),
    )
