"""Outcomes by the gray-box plant: every setpoint, in weather and at loads that the record never had, too."""

from dataclasses import replace

import jax
import jax.numpy as jnp
from jax import Array

from models.cascade.outcomes import Outcome, Values
from models.graybox.air_side import Parameters, air_side, compute_kw
from models.graybox.learn import Graybox
from models.graybox.observed import (
    ASSUMED_CHILLED_C,
    ASSUMED_CONDENSER_C,
    ASSUMED_SUPPLY_C,
    of_site,
    wetbulb_line_c,
)
from models.graybox.parameters import NAMES, values_of
from models.graybox.plant import COOLING_PARTS, Conditions, Plant, water_side

# Chosen on six EnergyPlus plants, docs/graybox.md.
STARVED = 0.85  # share of the chilled-water pumps' flow from which coils may starve
STARVED_K = 2.0  # what the whole flow beyond it counts for, as kelvins beyond the record
# An economizer this close to its threshold may not run; what that counts for, of the reference load.
UNSURE_K, UNSURE_SHARE = 0.6, 0.003
EDGE_WIDTH = 0.05  # of the load: what load and weather do within an hour or so
STANDS = 0.5  # of the chillers' load: below it they stand
EXCHANGER = NAMES.index("exchanger_ntu")


def physical_outcome(physics: Graybox, now: Values, *, least_gap_k: Array, inlet_rise_k: Array) -> Outcome:
    """Outcome of choices `now` (n,), with inlets as `worst_inlet_c` and `coldest_inlet_c` say.

    facility_kw has a row for each of the plants that the record leaves possible (`Graybox.members`); cooling and IT
    power are the most probable plant's: the mean of plants that bend lies beside what the record reads.
    inlet_rise_k: of the worst inlet over supply air, as `rack_inlet_now_c` has it.
    """
    at_supply = now | {"supply_air_now_c": now["rack_inlet_now_c"] - inlet_rise_k}
    every = jnp.concatenate([physics.z[None], physics.members])
    both = jax.vmap(lambda z: _one(physics, of_site(values_of(z), physics.metering), at_supply))(every)
    rest = jax.tree.map(lambda leaf: leaf[1:], both)
    cooling_kw = jnp.einsum(
        "p,mpn->mn", jnp.asarray(physics.metering.counted), both.parts_kw[:, :COOLING_PARTS]
    )
    unsure = (rest.lead_k > 0.0) & (rest.lead_k < UNSURE_K)
    all_kw = cooling_kw[1:] + jnp.where(unsure, UNSURE_SHARE * physics.reference_kw, 0.0)
    it_kw = now["load_kw"]
    if physics.metering.has_it:
        it_kw = both.air.it_kw[0]
        all_kw = all_kw + rest.air.it_kw + rest.parts_kw[:, COOLING_PARTS:].sum(axis=1)
    starved = rest.air.starved.mean(axis=0)
    starved_k = STARVED_K * jnp.maximum(starved - STARVED, 0.0) / (1.0 - STARVED)
    gap_k = _chosen(now, "supply_air_sp_c", ASSUMED_SUPPLY_C) - _chosen(
        now, "chw_supply_sp_c", ASSUMED_CHILLED_C
    )
    run = rest.chillers_run.mean(axis=0)
    runs, stand = rest.lead_k.mean(axis=0) > 0.0, run < STANDS
    zero = jnp.zeros_like(now["load_kw"])
    return Outcome(
        facility_kw=all_kw,
        it_kw=it_kw,
        cooling_kw=cooling_kw[0],
        rack_inlet_c=now["worst_inlet_c"],
        coldest_inlet_c=now["coldest_inlet_c"],
        dew_point_c=now["dew_point_c"],
        cw_supply_c=rest.cw_supply_c.mean(axis=0),
        short_k=zero,
        mode=jnp.where(runs, jnp.where(stand, 2, 1), 0),
        chillers_run=run,
        flicker=jnp.maximum(
            jnp.exp(-((rest.spare / EDGE_WIDTH) ** 2)), _economizer_seen(physics) * rest.cycling
        ).mean(axis=0),
        spare_k=zero,
        outside=jnp.maximum(starved_k, jnp.maximum(least_gap_k - gap_k, 0.0)),
        unreachable_k=zero,
    )


def _economizer_seen(physics: Graybox) -> Array:
    """How far the record has shown what the economizer carries, 0 to 1: where it has not, running it partly teaches."""
    return jnp.clip(1.0 - jnp.asarray(physics.covariance)[EXCHANGER, EXCHANGER], 0.0, 1.0)


def _one(physics: Graybox, p: Parameters, now: Values) -> Plant:
    supply_c = _chosen(now, "supply_air_sp_c", ASSUMED_SUPPLY_C)
    chilled_c = _chosen(now, "chw_supply_sp_c", ASSUMED_CHILLED_C)
    if physics.metering.humid:
        wetbulb_c = now["outdoor_wetbulb_c"]
    else:
        wetbulb_c = p["wetbulb_offset_k"] + p["wetbulb_slope"] * wetbulb_line_c(now["outdoor_drybulb_c"])
    compute = now["load_kw"]
    if physics.metering.has_it:
        inlet_c = now["supply_air_now_c"] + p["inlet_rise_k"]
        compute = compute_kw(p, compute, inlet_c, physics.reference_kw)
    condenser_c = _chosen(now, "cw_supply_sp_c", ASSUMED_CONDENSER_C)
    at = Conditions(
        compute, wetbulb_c, supply_c, chilled_c, condenser_c, _chosen(now, "economizer_enable", 0.0)
    )
    return water_side(
        p, at, air_side(p, compute, supply_c, chilled_c, physics.reference_kw), physics.reference_kw
    )


def _chosen(now: Values, name: str, otherwise: float) -> Array:
    return now[name] if name in now else jnp.zeros_like(now["load_kw"]) + otherwise


def most_probable(physics: Graybox) -> Graybox:
    """The same with the most probable plant alone."""
    return replace(physics, members=physics.z[None])
