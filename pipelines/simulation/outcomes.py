"""What each case of a study amounts to, added up while it runs: only hourly figures leave the compiled call."""

from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import simulator
from pipelines.site import Site
from simulator.metrics import J_PER_KWH

ENERGIES = {
    "facility_kwh": "facility_w", "it_kwh": "it_w", "server_fan_kwh": "server_fan_w",
    "cooling_kwh": "cooling_w", "chiller_kwh": "chiller_w", "chw_pump_kwh": "chw_pump_w",
    "cw_pump_kwh": "cw_pump_w", "tower_fan_kwh": "tower_fan_w", "crah_fan_kwh": "crah_fan_w",
    "ups_loss_kwh": "ups_loss_w", "pdu_loss_kwh": "pdu_loss_w", "transformer_loss_kwh": "transformer_loss_w",
    "lighting_kwh": "lighting_w",
}  # fmt: skip
EXTREMES = {"inlet_max_c": np.max, "inlet_min_c": np.min}  # the other figures add up
COOLING_PARTS = ("chiller_kwh", "chw_pump_kwh", "cw_pump_kwh", "tower_fan_kwh", "crah_fan_kwh")


class Shape(NamedTuple):
    """What a compilation is for. An hour's steps are summed in float32, hours add up in float64.

    blocks: how many parts of `hours` hours the period has; weather is handed over block by block.
    warmup_blocks: run first on the first blocks' weather, not counted. many_plants: plants lead with seeds.
    """

    blocks: int
    hours: int
    warmup_blocks: int
    dt_s: float
    many_plants: bool


class World(NamedTuple):
    """What all cases of a chunk share.

    plants: one plant, or (seeds, ...). drivers: (seeds, blocks, steps). price_per_kwh: (blocks, steps).
    limits_c: rack inlet low and high, dew point high.
    """

    plants: simulator.Plant
    drivers: simulator.Drivers
    price_per_kwh: Array
    limits_c: tuple[float, float, float]


@cache
def compiled_outcomes(shape: Shape) -> Any:
    """`(world, which_seed, setpoints, faults) -> figures` by name, (cases, hours); compiled once a size."""
    return jax.jit(jax.vmap(partial(_case, shape), in_axes=(None, 0, 0, 0)))


def totals(hourly: dict[str, np.ndarray], site: Site, dt_s: float) -> dict[str, np.ndarray]:
    """Figures of each case over the whole period, (cases,), from hourly ones (cases, hours); added in float64.

    Energy in kWh by part; PUE by the site's category (3 where it has none), NaN without IT energy;
    water_evaporated_l, and water_makeup_l with drift and blowdown, which WUE counts; violation_minutes of the worst
    rack's inlet outside the site's envelope.
    """
    whole = {
        name: EXTREMES[name](values, axis=1)
        if name in EXTREMES
        else np.sum(values, axis=1, dtype=float)  # the values are float32
        for name, values in hourly.items()
    }
    return named_figures(whole, site, dt_s) | {"rack_inlet_min_c": whole["inlet_min_c"].astype(float)}


def named_figures(figures: dict[str, np.ndarray], site: Site, dt_s: float) -> dict[str, np.ndarray]:
    """Sums over any span, of any shape, under the names and in the units of a study's tables."""
    found = {name: figures[name] * dt_s / J_PER_KWH for name in ENERGIES}
    metered_kwh = found["it_kwh"] + (found["pdu_loss_kwh"] if site.meters.pue_category == 1 else 0.0)
    litres, makeup = figures["water_kg_s"] * dt_s, figures["makeup_kg_s"] * dt_s  # 1 kg of water is 1 litre
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = {
            "pue": np.where(metered_kwh > 0, found["facility_kwh"] / metered_kwh, np.nan),
            "wue_l_per_kwh": np.where(found["it_kwh"] > 0, makeup / found["it_kwh"], np.nan),
        }
    return {
        **found,
        **ratios,
        "violation_minutes": figures["outside_steps"] * dt_s / 60.0,
        "dew_point_violation_minutes": figures["damp_steps"] * dt_s / 60.0,
        "rack_inlet_max_c": figures["inlet_max_c"],
        "water_evaporated_l": litres,
        "water_makeup_l": makeup,
        "energy_cost": figures["cost_w"] * dt_s / J_PER_KWH,
    }


def _case(shape: Shape, world: World, seed: Array, setpoints: Any, faults: Any) -> dict[str, Array]:
    """Hourly figures of one case, (hours,). Warming up runs through the same scan: a second one doubles compiling."""
    plant = jax.tree.map(lambda leaf: leaf[seed], world.plants) if shape.many_plants else world.plants

    def one_block(state: Any, block: Array) -> tuple[Any, dict[str, Array]]:
        drivers = jax.tree.map(lambda leaf: leaf[seed, block], world.drivers)
        state, sensors = simulator.rollout(plant, state, setpoints, drivers, faults, dt_s=shape.dt_s)
        by_hour = jax.tree.map(lambda leaf: leaf.reshape(shape.hours, -1), sensors)
        return state, _figures(by_hour, world, world.price_per_kwh[block].reshape(shape.hours, -1))

    order = jnp.concatenate([jnp.arange(shape.warmup_blocks), jnp.arange(shape.blocks)])
    _, figures = jax.lax.scan(one_block, simulator.init(plant), order)
    return jax.tree.map(lambda leaf: leaf[shape.warmup_blocks :].reshape(-1), figures)


def _figures(sensors: simulator.Sensors, world: World, price_per_kwh: Array) -> dict[str, Array]:
    """Sums and extremes over the second axis of sensors (hours, steps)."""
    low_c, high_c, dew_point_c = world.limits_c
    inlet_c = sensors.rack_inlet_c
    return {
        **{name: getattr(sensors, field).sum(axis=1) for name, field in ENERGIES.items()},
        "cost_w": (sensors.facility_w * price_per_kwh).sum(axis=1),
        "water_kg_s": sensors.water_evaporated_kg_s.sum(axis=1),
        "makeup_kg_s": (
            sensors.water_evaporated_kg_s + sensors.water_drift_kg_s + sensors.water_blowdown_kg_s
        ).sum(axis=1),
        "outside_steps": ((inlet_c < low_c) | (inlet_c > high_c)).sum(axis=1),
        "damp_steps": (sensors.rack_dew_point_c > dew_point_c).sum(axis=1),
        "inlet_max_c": inlet_c.max(axis=1),
        "inlet_min_c": inlet_c.min(axis=1),
    }
