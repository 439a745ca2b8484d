"""The whole plant at rest: from compute, weather and setpoints to the power of every part.

One hall of mean supply air, all chillers as one machine, all towers as one, an economizer ahead of the chillers on the
chilled water's return. Chiller power over part load and lift has the form of DOE-2 (Hydeman and Gillespie 2002,
ASHRAE Transactions 108(1)), with lift in place of its biquadratic curves. Where an economizer comes to carry the whole
load the change is spread over some percent of it: staging and sensors blur it in plants, and nothing learns at an edge.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from models.graybox.air_side import WATER_KJ_KG_K, Air, Parameters, air_side, effectiveness, smooth_max
from models.graybox.tower import tower

PARTS = ("chiller_kw", "tower_fan_kw", "chw_pump_kw", "cw_pump_kw", "crah_fan_kw", "losses_kw", "lighting_kw")
COOLING_PARTS = 5  # the first of them
EDGE = 0.04  # share of the load over which chillers stop; six plants: 0.97 of a tuned rule's saving, 0.87 without
HEAT_OF_CHILLERS = 1.15  # rejected heat per load, to find the tower water that they meet
RATED_C = (35.0, 6.7)  # leaving condenser and chilled water of a rated COP, AHRI 550/590
LEAST_WATER = 0.2  # of the chillers' condenser water that towers see at least


class Conditions(NamedTuple):
    """What a plant is run at, (n,) each: kW, °C; economizer: 0 or 1."""

    compute_kw: Array
    wetbulb_c: Array
    supply_air_c: Array
    chw_supply_c: Array
    cw_setpoint_c: Array
    economizer: Array


class Plant(NamedTuple):
    """The plant at rest, (n,) each. parts_kw (7, n): as `PARTS`. covered: economizer's share of the load. spare: what
    it could carry over the load, less 1; -1 where it does not run. chillers_run: 1 where chillers carry a load, 0 where
    they stand. lead_k: water that the economizer has in hand over its threshold. cycling: how far chillers run below
    the load that they unload to, 0 to 1: there they start and stop.
    """

    air: Air
    parts_kw: Array
    cw_supply_c: Array
    cw_flow_kg_s: Array
    covered: Array
    spare: Array
    chillers_run: Array
    lead_k: Array
    tower_speed: Array
    cycling: Array


def plant(p: Parameters, at: Conditions, reference_kw: Array) -> Plant:
    """The plant with parameters `p` (scalars by name) at conditions (n,)."""
    air = air_side(p, at.compute_kw, at.supply_air_c, at.chw_supply_c, reference_kw)
    return water_side(p, at, air, reference_kw)


def water_side(p: Parameters, at: Conditions, air: Air, reference_kw: Array) -> Plant:
    """Chillers, economizer and towers under an air side."""
    heat_kw, chiller_kg_s = air.heat_kw, p["cw_flow"] * reference_kw
    exchanger_kg_s = p["exchanger_flow"] * chiller_kg_s
    allowed = at.economizer > 0.5
    expected = allowed & (at.cw_setpoint_c < air.chw_return_c - p["economizer_lead_k"])
    asked_c = at.cw_setpoint_c + jnp.where(expected, p["economizer_offset_k"], 0.0)
    water_kg_s = chiller_kg_s + jnp.where(expected, exchanger_kg_s, 0.0)
    met_c, _, _ = tower(p, heat_kw * HEAT_OF_CHILLERS, asked_c, at.wetbulb_c, water_kg_s, reference_kw)
    lead_k = air.chw_return_c - met_c - p["economizer_lead_k"]
    on = allowed & (lead_k > 0.0)
    could = _could_carry(p, air, met_c, exchanger_kg_s)
    covered = jnp.where(on, jnp.clip(-smooth_max(-could, -1.0, EDGE), 0.0, 1.0), 0.0)
    left_kw = heat_kw * (1.0 - covered)
    run = jnp.clip(1.2 * (1.0 - jnp.exp(-(1.0 - covered) / EDGE)), 0.0, 1.0)
    chiller_kw = run * _chiller_kw(p, left_kw, at.chw_supply_c, met_c, chiller_kg_s, reference_kw)
    flow_kg_s = run * chiller_kg_s + jnp.where(on, exchanger_kg_s, 0.0)
    cw_supply_c, fan_kw, speed = tower(
        p,
        heat_kw + chiller_kw,
        asked_c,
        at.wetbulb_c,
        jnp.maximum(flow_kg_s, LEAST_WATER * chiller_kg_s),
        reference_kw,
    )
    chw_pump_kw = (
        p["chw_pump"]
        * reference_kw
        * (air.chw_flow_kg_s / (p["chw_full_flow"] * reference_kw)) ** p["chw_pump_exponent"]
    )
    cw_pump_kw = (
        p["cw_pump"] * reference_kw * jnp.maximum(flow_kg_s / chiller_kg_s, 1e-3) ** p["cw_pump_exponent"]
    )
    losses_kw = p["standing_loss"] * reference_kw + p["relative_loss"] * air.it_kw
    lighting_kw = p["lighting"] * reference_kw + jnp.zeros_like(heat_kw)
    parts = jnp.stack([chiller_kw, fan_kw, chw_pump_kw, cw_pump_kw, air.crah_kw, losses_kw, lighting_kw])
    spare, lead_k = jnp.where(on, could - 1.0, -1.0), jnp.where(allowed, lead_k, -99.0)
    part = left_kw / (p["chiller_capacity"] * reference_kw)
    cycling = run * jnp.clip(1.0 - part / p["unloading"], 0.0, 1.0)
    return Plant(air, parts, cw_supply_c, flow_kg_s, covered, spare, run, lead_k, speed, cycling)


def _could_carry(p: Parameters, air: Air, cw_c: Array, exchanger_kg_s: Array) -> Array:
    """What the economizer could carry, per load."""
    chilled, tower_water = air.chw_flow_kg_s * WATER_KJ_KG_K, exchanger_kg_s * WATER_KJ_KG_K
    least, most = jnp.minimum(chilled, tower_water), jnp.maximum(chilled, tower_water)
    could_kw = (
        effectiveness(p["exchanger_ntu"], least / most) * least * jnp.maximum(air.chw_return_c - cw_c, 0.0)
    )
    return could_kw / air.heat_kw


def _chiller_kw(
    p: Parameters, load_kw: Array, chw_c: Array, cw_c: Array, cw_kg_s: Array, reference_kw: Array
) -> Array:
    capacity_kw = p["chiller_capacity"] * reference_kw
    part = jnp.maximum(jnp.clip(load_kw / capacity_kw, 0.0, 1.3), p["unloading"])
    constant, square = p["part_load_constant"], p["part_load_square"]
    shape = constant + (1.0 - constant - square) * part + square * part**2
    leaving_c = cw_c + load_kw * 1.18 / (cw_kg_s * WATER_KJ_KG_K)
    lift_k = smooth_max(leaving_c, p["least_condensing_c"], 0.7) + smooth_max(
        -chw_c, -p["most_evaporating_c"], 0.7
    )
    rated_k = RATED_C[0] - RATED_C[1] + p["lift_offset_k"]
    return capacity_kw / p["cop"] * shape * jnp.maximum(lift_k + p["lift_offset_k"], 2.0) / rated_k
