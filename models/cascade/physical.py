"""Outcomes by the gray-box plant: every setpoint, in weather and at loads that the record never had, too."""

import jax.numpy as jnp
from jax import Array

from models.cascade.outcomes import Outcome, Values
from models.graybox.air_side import air_side, compute_kw
from models.graybox.learn import Graybox
from models.graybox.observed import (
    ASSUMED_CHILLED_C,
    ASSUMED_CONDENSER_C,
    ASSUMED_SUPPLY_C,
    of_site,
    wetbulb_line_c,
)
from models.graybox.parameters import values_of
from models.graybox.plant import COOLING_PARTS, Conditions, Plant, water_side

# Chosen on six EnergyPlus plants, docs/graybox.md.
STARVED = 0.85  # share of the chilled-water pumps' flow from which coils may starve
STARVED_K = 2.0  # what the whole flow beyond it counts for, as kelvins beyond the record
UNSURE_K, UNSURE_SHARE = 0.6, 0.003  # an economizer this close to its threshold may not run; of the reference load
STANDS = 0.5  # of the chillers' load: below it they stand


def physical_outcome(physics: Graybox, now: Values, *, least_gap_k: Array) -> Outcome:
    """Outcome of choices `now` (n,), with inlets as `worst_inlet_c` and `coldest_inlet_c` say."""
    p = of_site(values_of(physics.z), physics.metering)
    load_kw, zero = now["load_kw"], jnp.zeros_like(now["load_kw"])

    def chosen(name: str, otherwise: float) -> Array:
        return now[name] if name in now else zero + otherwise

    supply_c = chosen("supply_air_sp_c", ASSUMED_SUPPLY_C)
    chilled_c = chosen("chw_supply_sp_c", ASSUMED_CHILLED_C)
    if physics.metering.humid:
        wetbulb_c = now["outdoor_wetbulb_c"]
    else:
        wetbulb_c = p["wetbulb_offset_k"] + p["wetbulb_slope"] * wetbulb_line_c(now["outdoor_drybulb_c"])
    compute = load_kw
    if physics.metering.has_it:
        compute = compute_kw(p, load_kw, now["rack_inlet_now_c"], physics.reference_kw)
    at = Conditions(
        compute, wetbulb_c, supply_c, chilled_c, chosen("cw_supply_sp_c", ASSUMED_CONDENSER_C), chosen("economizer_enable", 0.0)
    )  # fmt: skip
    air = air_side(p, compute, supply_c, chilled_c, physics.reference_kw)
    rest = water_side(p, at, air, physics.reference_kw)
    return _outcome(physics, now, rest, p, supply_c - chilled_c, least_gap_k)


def _outcome(physics, now, rest: Plant, p, gap_k, least_gap_k) -> Outcome:
    zero = jnp.zeros_like(now["load_kw"])
    cooling_kw = (jnp.asarray(physics.metering.counted) @ rest.parts_kw[:COOLING_PARTS])
    unsure = (rest.lead_k > 0.0) & (rest.lead_k < UNSURE_K)
    doubt_kw = jnp.where(unsure, UNSURE_SHARE * physics.reference_kw, 0.0)
    all_kw = cooling_kw + doubt_kw
    it_kw = now["load_kw"]
    if physics.metering.has_it:
        it_kw = rest.air.it_kw
        all_kw = all_kw + it_kw + rest.parts_kw[COOLING_PARTS:].sum(axis=0)
    starved_k = STARVED_K * jnp.maximum(rest.air.starved - STARVED, 0.0) / (1.0 - STARVED)
    mode = jnp.where(rest.lead_k > 0.0, jnp.where(rest.chillers_run < STANDS, 2, 1), 0)
    return Outcome(
        facility_kw=all_kw[None],
        it_kw=it_kw,
        cooling_kw=cooling_kw,
        rack_inlet_c=now["worst_inlet_c"],
        coldest_inlet_c=now["coldest_inlet_c"],
        dew_point_c=now["dew_point_c"],
        cw_supply_c=rest.cw_supply_c,
        short_k=zero,
        mode=mode,
        spare_k=zero,
        outside=jnp.maximum(starved_k, jnp.maximum(least_gap_k - gap_k, 0.0)),
        unreachable_k=zero,
    )
