"""Servers, CRAH units and coils: IT power over the inlet, airflow, and the chilled water that coils ask for."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from models.graybox.roots import root

WATER_KJ_KG_K = 4.186
AIR_FILM, WATER_FILM = 0.6, 0.8  # exponents of a film's conductance over velocity
MOST_WATER_SIDE = 0.8
MOST_FAN_SHARE = 0.6  # of compute: no server's fans need more
MOST_GAIN = 0.6  # of airflow: fans have a top speed
KNEE_K = 0.3  # over which the knee is rounded
LEAKAGE_AT_C = 20.0
Parameters = dict[str, Array]


class Air(NamedTuple):
    """What the air side asks of the plant: kW, °C, kg/s; (n,) each. starved: chilled-water flow per most."""

    it_kw: Array
    crah_kw: Array
    heat_kw: Array
    rack_inlet_c: Array
    chw_flow_kg_s: Array
    chw_return_c: Array
    return_air_c: Array
    starved: Array


def smooth_max(a: Array, b: Array | float, width: Array | float) -> Array:
    """The larger of two, rounded over a width; differentiable everywhere."""
    return b + width * jax.nn.softplus((a - b) / width)


def effectiveness(ntu: Array, ratio: Array) -> Array:
    """Of a counterflow exchanger (Kays and London 1984) with capacity ratio below 1."""
    ratio = jnp.minimum(ratio, 0.999)
    e = jnp.exp(-ntu * (1.0 - ratio))
    return (1.0 - e) / (1.0 - ratio * e)


def _airflow(p: Parameters, compute_kw: Array, rack_inlet_c: Array, reference_kw: Array) -> Array:
    """Servers' airflow per that at reference load and cool inlets: a parabola above a knee (ASHRAE TC9.9 2011)."""
    warm_k = smooth_max(rack_inlet_c, p["inlet_knee_c"], KNEE_K) - p["inlet_knee_c"]
    gain = 1.0 + jnp.minimum(p["inlet_gain"] * warm_k**2, MOST_GAIN)
    return jnp.clip(compute_kw / reference_kw, 0.02, 2.0) ** p["airflow_exponent"] * gain


def servers_kw(p: Parameters, compute_kw: Array, rack_inlet_c: Array, reference_kw: Array) -> Array:
    """IT power: chips, whose leakage grows with the inlet (Liu et al. 2007, DATE), and fans."""
    return compute_kw * _leakage(p, rack_inlet_c) + _fans_kw(p, compute_kw, rack_inlet_c, reference_kw)


def compute_kw(p: Parameters, it_kw: Array, rack_inlet_c: Array, reference_kw: Array) -> Array:
    """Power of chips at 20 °C, from IT power at a rack inlet: the inverse of `servers_kw`."""
    leakage = _leakage(p, rack_inlet_c)
    compute = it_kw * (1.0 - p["server_fan"])
    for _ in range(4):  # a contraction: fans are a small part
        fans = jnp.minimum(_fans_kw(p, compute, rack_inlet_c, reference_kw), 0.4 * it_kw)
        compute = (it_kw - fans) / leakage
    return compute


def _leakage(p: Parameters, rack_inlet_c: Array) -> Array:
    return jnp.exp(p["leakage_per_k"] * (rack_inlet_c - LEAKAGE_AT_C))


def _fans_kw(p: Parameters, compute_kw: Array, rack_inlet_c: Array, reference_kw: Array) -> Array:
    flow = _airflow(p, compute_kw, rack_inlet_c, reference_kw)
    return jnp.minimum(p["server_fan"] * reference_kw * flow**3, MOST_FAN_SHARE * compute_kw)


def air_side(
    p: Parameters, compute: Array, supply_air_c: Array, chw_supply_c: Array, reference_kw: Array
) -> Air:
    """The air side at compute power, supply air and chilled water (n,)."""
    inlet_c = supply_air_c + p["inlet_rise_k"]
    flow = _airflow(p, compute, inlet_c, reference_kw)
    it_kw = servers_kw(p, compute, inlet_c, reference_kw)
    crah_flow = smooth_max(flow, p["crah_turndown"], 0.04)
    crah_kw = p["crah_fan"] * reference_kw * crah_flow ** p["crah_exponent"]
    return _coils(p, it_kw, crah_kw, crah_flow, supply_air_c, chw_supply_c, inlet_c, reference_kw)


def _coils(p, it_kw, crah_kw, crah_flow, supply_air_c, chw_supply_c, inlet_c, reference_kw) -> Air:
    heat_kw = it_kw + crah_kw
    air_kw_k = reference_kw / p["air_rise_k"] * crah_flow
    return_c = supply_air_c + heat_kw / air_kw_k
    needed_kw_k = heat_kw / jnp.maximum(return_c - chw_supply_c, 0.05)
    # Two films in series, each thinner at higher velocity (Brandemuehl 1993, HVAC 2 Toolkit).
    ua_kw_k = p["coil_ntu"] * reference_kw / p["air_rise_k"]
    on_water = jnp.minimum(p["coil_water_side"], MOST_WATER_SIDE)
    on_air = (1.0 - on_water) * crah_flow**-AIR_FILM
    most_kg_s = p["chw_full_flow"] * reference_kw

    def spare(flow_kg_s: Array, args: tuple[Array, ...]) -> Array:
        rated_ua, on_air, on_water, most, air, needed = args
        water = flow_kg_s * WATER_KJ_KG_K
        ua = rated_ua / (on_air + on_water * (flow_kg_s / most) ** -WATER_FILM)
        least, larger = jnp.minimum(water, air), jnp.maximum(water, air)
        return (effectiveness(ua / least, least / larger) * least - needed) / needed

    most = jnp.broadcast_to(most_kg_s, heat_kw.shape)
    args = (ua_kw_k, on_air, on_water, most, air_kw_k, needed_kw_k)
    asked = root(spare, args, 0.001 * most, 3.0 * most)
    flow_kg_s = smooth_max(asked, p["chw_least_flow"] * reference_kw, 0.03 * most_kg_s)
    flow_kg_s = -smooth_max(-flow_kg_s, -most_kg_s, 0.03 * most_kg_s)
    chw_return_c = chw_supply_c + heat_kw / (flow_kg_s * WATER_KJ_KG_K)
    return Air(it_kw, crah_kw, heat_kw, inlet_c, flow_kg_s, chw_return_c, return_c, asked / most_kg_s)
