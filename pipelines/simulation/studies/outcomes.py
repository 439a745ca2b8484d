"""Outcomes of each case of a study, summed while it runs: only hourly values leave the compiled call."""

from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import simulator
from pipelines.site.file import Site
from simulator import metrics
from simulator.envelope import fastest_change_k, violation_minutes

ENERGIES = {
    "facility_kwh": "facility_w", "it_kwh": "it_w", "server_fan_kwh": "server_fan_w",
    "cooling_kwh": "cooling_w", "chiller_kwh": "chiller_w", "chw_pump_kwh": "chw_pump_w",
    "cw_pump_kwh": "cw_pump_w", "tower_fan_kwh": "tower_fan_w", "crah_fan_kwh": "crah_fan_w",
    "ups_loss_kwh": "ups_loss_w", "pdu_loss_kwh": "pdu_loss_w", "transformer_loss_kwh": "transformer_loss_w",
    "lighting_kwh": "lighting_w",
}  # fmt: skip
EXTREMES = {"rack_inlet_max_c": np.max, "rack_inlet_min_c": np.min, "rack_inlet_change_k_h": np.max}
COOLING_PARTS = ("chiller_kwh", "chw_pump_kwh", "cw_pump_kwh", "tower_fan_kwh", "crah_fan_kwh")


class Shape(NamedTuple):
    """What a compilation depends on. An hour's steps are summed in float32, hours in float64.

    blocks: number of parts of `hours` hours in the period; weather is passed block by block. warmup_blocks:
    run first on the first blocks' weather, not counted. many_plants: plants lead with seeds.
    """

    blocks: int
    hours: int
    warmup_blocks: int
    dt_s: float
    many_plants: bool


class World(NamedTuple):
    """Inputs that all cases of a chunk share.

    plants: one plant, or (seeds, ...). drivers: (seeds, blocks, steps). price_per_kwh, carbon_kg_per_kwh (the
    grid's): (blocks, steps). limits_c: rack inlet low and high, dew point high.
    """

    plants: simulator.Plant
    drivers: simulator.Drivers
    price_per_kwh: Array
    carbon_kg_per_kwh: Array
    limits_c: tuple[float, float, float]


@cache
def compiled_outcomes(shape: Shape) -> Any:
    """`(world, which_seed, setpoints, faults) -> outcomes` by name, (cases, hours); compiled once a size."""
    return jax.jit(jax.vmap(partial(_case, shape), in_axes=(None, 0, 0, 0)))


def totals(hourly: dict[str, np.ndarray], site: Site) -> dict[str, np.ndarray]:
    """Outcomes of each case over the period, (cases,), from hourly ones (cases, hours); summed in float64."""
    whole = {
        name: EXTREMES[name](values, axis=1).astype(float)
        if name in EXTREMES
        else np.sum(values, axis=1, dtype=float)  # the values are float32
        for name, values in hourly.items()
    }
    return with_ratios(whole, site)


def with_ratios(figures: dict[str, np.ndarray], site: Site) -> dict[str, np.ndarray]:
    """Sums over any span, with ratios to IT energy, NaN without: PUE by the site's category, WUE, CUE.

    PUE (ISO/IEC 30134-2) is of category 3 where the site gives none. WUE (30134-9) counts evaporation, drift
    and blowdown. CUE: 30134-8.
    """
    it_kwh = figures["it_kwh"]
    metered_kwh = it_kwh + (figures["pdu_loss_kwh"] if site.meters.pue_category == 1 else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return figures | {
            "pue": np.where(metered_kwh > 0, figures["facility_kwh"] / metered_kwh, np.nan),
            "wue_l_per_kwh": np.where(it_kwh > 0, figures["water_makeup_l"] / it_kwh, np.nan),
            "cue_kg_per_kwh": np.where(it_kwh > 0, figures["carbon_kg"] / it_kwh, np.nan),
        }


def _case(shape: Shape, world: World, seed: Array, setpoints: Any, faults: Any) -> dict[str, Array]:
    """Hourly outcomes of one case, (hours,). The warm-up is in the same scan: a second one doubles compilation."""
    plant = jax.tree.map(lambda leaf: leaf[seed], world.plants) if shape.many_plants else world.plants
    steps_an_hour = world.price_per_kwh.shape[1] // shape.hours

    def one_block(carry: tuple[Any, Array], block: Array) -> tuple[tuple[Any, Array], dict[str, Array]]:
        state, inlet_before_c = carry
        drivers = jax.tree.map(lambda leaf: leaf[seed, block], world.drivers)
        state, sensors = simulator.rollout(plant, state, setpoints, drivers, faults, dt_s=shape.dt_s)
        by_hour = jax.tree.map(lambda leaf: leaf.reshape(shape.hours, -1).T, sensors)  # (steps, hours)
        figures = _figures(by_hour, world, block, shape)
        inlet_c = jnp.concatenate([inlet_before_c[:, None], by_hour.rack_inlet_c], axis=1)
        two_hours_c = jnp.concatenate([inlet_c[:, :-1], inlet_c[:, 1:]])  # each hour after the one before it
        change = {"rack_inlet_change_k_h": fastest_change_k(two_hours_c, dt_s=shape.dt_s)}
        return (state, by_hour.rack_inlet_c[:, -1]), figures | change

    order = jnp.concatenate([jnp.arange(shape.warmup_blocks), jnp.arange(shape.blocks)])
    state = simulator.init(plant)
    start = (state, jnp.broadcast_to(state.rack_inlet_c.max(), (steps_an_hour,)))
    _, figures = jax.lax.scan(one_block, start, order)
    return jax.tree.map(lambda leaf: leaf[shape.warmup_blocks :].reshape(-1), figures)


def _figures(sensors: simulator.Sensors, world: World, block: Array, shape: Shape) -> dict[str, Array]:
    """Each hour's figures, (hours,), from sensors (steps, hours)."""
    low_c, high_c, dew_point_c = world.limits_c
    price, carbon = (
        series[block].reshape(shape.hours, -1).T for series in (world.price_per_kwh, world.carbon_kg_per_kwh)
    )
    lost_kg_s = sensors.water_evaporated_kg_s + sensors.water_drift_kg_s + sensors.water_blowdown_kg_s
    inlet_c, dt_s = sensors.rack_inlet_c, shape.dt_s
    return {
        **{name: metrics.energy_kwh(getattr(sensors, field), dt_s=dt_s) for name, field in ENERGIES.items()},
        "energy_cost": metrics.energy_cost(sensors, price, dt_s=dt_s),
        "carbon_kg": metrics.carbon_kg(sensors, carbon, dt_s=dt_s),
        "water_evaporated_l": sensors.water_evaporated_kg_s.sum(axis=0) * dt_s,  # 1 kg of water is 1 litre
        "water_makeup_l": lost_kg_s.sum(axis=0) * dt_s,
        "violation_minutes": violation_minutes(inlet_c, dt_s=dt_s, low_c=low_c, high_c=high_c),
        "dew_point_violation_minutes": (sensors.rack_dew_point_c > dew_point_c).sum(axis=0) * dt_s / 60.0,
        "rack_inlet_max_c": inlet_c.max(axis=0),
        "rack_inlet_min_c": inlet_c.min(axis=0),
    }
