"""Outcomes of each case of a study, summed while it runs: only hourly values leave the compiled call."""

import math
from functools import cache, partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import simulator
from pipelines.site.file import Envelope, Site
from simulator import metrics
from simulator.envelope import change_in_the_hour_before_k

ENERGIES = {
    "facility_kwh": "facility_w", "it_kwh": "it_w", "server_fan_kwh": "server_fan_w",
    "cooling_kwh": "cooling_w", "chiller_kwh": "chiller_w", "chw_pump_kwh": "chw_pump_w",
    "cw_pump_kwh": "cw_pump_w", "tower_fan_kwh": "tower_fan_w", "crah_fan_kwh": "crah_fan_w",
    "ups_loss_kwh": "ups_loss_w", "pdu_loss_kwh": "pdu_loss_w", "transformer_loss_kwh": "transformer_loss_w",
    "lighting_kwh": "lighting_w",
}  # fmt: skip
EXTREMES = {"rack_inlet_max_c": np.max, "rack_inlet_min_c": np.min, "rack_inlet_change_k_h": np.max}
# Minutes outside each limit of the site's envelope, by what it limits. A step may break several.
VIOLATIONS = {
    "rack_inlet_high_minutes": "rack inlet too warm", "rack_inlet_low_minutes": "rack inlet too cold",
    "dew_point_violation_minutes": "dew point too high", "change_violation_minutes": "rack inlet changes too fast",
    "aisle_pressure_violation_minutes": "too little pressure in the cold aisle",
}  # fmt: skip
ANY_VIOLATION = "any_violation_minutes"  # a step that breaks two limits counts once
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


class Limits(NamedTuple):
    """The site's envelope: temperatures in °C, change in K within an hour, pressure of the cold aisle in Pa."""

    inlet_low_c: float
    inlet_high_c: float
    dew_point_high_c: float
    change_k_h: float
    aisle_low_pa: float


class World(NamedTuple):
    """Inputs that all cases of a chunk share.

    plants: one plant, or (seeds, ...). drivers: (seeds, blocks, steps). price_per_kwh, carbon_kg_per_kwh (the
    grid's): (blocks, steps).
    """

    plants: simulator.Plant
    drivers: simulator.Drivers
    price_per_kwh: Array
    carbon_kg_per_kwh: Array
    limits: Limits


def limits_of(envelope: Envelope) -> Limits:
    """Limits of a site's envelope; no pressure is too low where it gives none."""
    aisle_pa = envelope.aisle_pressure_min_pa
    return Limits(
        envelope.rack_inlet_min_c,
        envelope.rack_inlet_max_c,
        envelope.dew_point_max_c,
        envelope.rate_k_per_h,
        -math.inf if aisle_pa is None else aisle_pa,
    )


def unlimited(envelope: Envelope) -> tuple[str, ...]:
    """Violations of limits that the site's envelope does not give: no columns of its studies."""
    return () if envelope.aisle_pressure_min_pa is not None else ("aisle_pressure_violation_minutes",)


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
        inlet_c = jnp.concatenate([inlet_before_c[:, None], by_hour.rack_inlet_c], axis=1)
        two_hours_c = jnp.concatenate([inlet_c[:, :-1], inlet_c[:, 1:]])  # each hour after the one before it
        change_k = change_in_the_hour_before_k(two_hours_c, dt_s=shape.dt_s)
        return (state, by_hour.rack_inlet_c[:, -1]), _figures(by_hour, change_k, world, block, shape)

    order = jnp.concatenate([jnp.arange(shape.warmup_blocks), jnp.arange(shape.blocks)])
    state = simulator.init(plant)
    start = (state, jnp.broadcast_to(state.rack_inlet_c.max(), (steps_an_hour,)))
    _, figures = jax.lax.scan(one_block, start, order)
    return jax.tree.map(lambda leaf: leaf[shape.warmup_blocks :].reshape(-1), figures)


def _figures(
    sensors: simulator.Sensors, change_k: Array, world: World, block: Array, shape: Shape
) -> dict[str, Array]:
    """Each hour's figures, (hours,), from sensors and the inlet's change, (steps, hours)."""
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
        **_violations(sensors, change_k, world.limits, dt_s),
        "rack_inlet_max_c": inlet_c.max(axis=0),
        "rack_inlet_min_c": inlet_c.min(axis=0),
        "rack_inlet_change_k_h": change_k.max(axis=0),
    }


def _violations(sensors: simulator.Sensors, change_k: Array, limits: Limits, dt_s: float) -> dict[str, Array]:
    """Minutes outside each limit and outside any, (hours,); `violation_minutes` is the rack inlet's, warm or cold."""
    inlet_c = sensors.rack_inlet_c
    outside = {
        "rack_inlet_high_minutes": inlet_c > limits.inlet_high_c,
        "rack_inlet_low_minutes": inlet_c < limits.inlet_low_c,
        "dew_point_violation_minutes": sensors.rack_dew_point_c > limits.dew_point_high_c,
        "change_violation_minutes": change_k > limits.change_k_h,
        "aisle_pressure_violation_minutes": sensors.aisle_pa < limits.aisle_low_pa,
    }
    together = {
        "violation_minutes": outside["rack_inlet_high_minutes"] | outside["rack_inlet_low_minutes"],
        ANY_VIOLATION: reduce(jnp.logical_or, outside.values()),
    }
    step_minutes = dt_s / 60.0
    return {name: broken.sum(axis=0) * step_minutes for name, broken in (outside | together).items()}
