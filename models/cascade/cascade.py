"""From setpoints to power, step by step: what air and water reach, how the economizer runs, what each meter reads.

Every step is a surface of the few things that it answers to. Differences (supply air over chilled water, chilled
over condenser water, condenser water over wetbulb) are what coils, exchangers and towers feel, so that setpoints
never recorded together are made of differences that were. The curves' inputs are those of DOE-2 and EnergyPlus
(Hydeman and Gillespie 2002, ASHRAE Transactions 108(1)).
"""

from collections.abc import Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array
from jax.typing import ArrayLike

from models.cascade.attainable import Approach
from models.cascade.coverage import Coverage, beyond_coverage
from models.cascade.groups import Apart, Hall, beyond_apart, hall_inlets, with_shared
from models.cascade.outcomes import FULL, MECHANICAL, MODES, PARTIAL, Outcome, Values
from models.cascade.physical import physical_outcome
from models.cascade.surface import Leaf, Surface, beyond, mean, members, with_hinges
from models.graybox.learn import Graybox
from models.guard.reference import AtRule

NO_SAY_KW = 1e9  # a twin that was never compared with the record objects to nothing on account of power
DRY_C = -99.0  # dew point of a site that does not record it: no limit to what is chosen


@struct.dataclass
class Economizer:
    """When an enabled waterside economizer carries heat, and when it carries all of it.

    starts_k: chilled-water return over condenser water beyond which it was always seen to carry heat.
    covers_k: chilled-water supply over condenser water, economizer ahead of chillers, beyond which the chillers
    were always seen to have stopped. stopped_kw: below this the chillers stand.
    flow_kg_s_k_kw: condenser-water flow per kW of load and 1/K of return over condenser water, chillers stopped.
    usual_kw: what chillers draw without it. leaves_k: rise of the worst inlet within the hour after it was switched
    off while chillers stood, until they had started: where they run already, the rise is their share less.
    """

    starts_k: Leaf
    covers_k: Leaf
    stopped_kw: Leaf
    flow_kg_s_k_kw: Leaf
    usual_kw: Leaf
    leaves_k: Leaf


@struct.dataclass
class Cascade:
    """A site's learned steps; None where it does not record or choose what a step is about.

    air_float: K of supply air over its setpoint. chw_range: K of chilled-water return over supply.
    reach: mode -> K over wetbulb that the towers reach with their fans flat out; offset_k: mode -> K of condenser
    water over its setpoint otherwise. it_response: kW of IT power over rack inlet.
    meters: name -> mode -> kW, None for a meter that reads zero in that mode. losses: kW of UPS and the like.
    worst_inlet: K of the worst rack inlet over the supply-air setpoint. inlet_rise_k: rack inlet over supply air.
    dew_point: °C at the racks. usual_kw: cooling power that the plant usually needs, the measure of its size.
    twin_bound_kw: how far the site's twin is off, in the power between two states of the record.
    apart: quantity -> how far its setpoints stood apart, where a site has several; halls: the inlets of each, where it
    has several supply-air setpoints. Both empty elsewhere. coverage: where the record has been, where setpoints are
    measured temperatures. physics: the gray-box plant; None where none could be learned. least_gap_k: supply air over
    chilled water that coils need. at_rule: regime of weather -> how far the gray-box plant errs at the site's own rule.
    stops: signal -> value from which its machines are at their stop; approach: what the towers reached, by load and
    wetbulb. Nothing here answers to them: they bound what is offered.
    """

    counts_it: bool = struct.field(pytree_node=False)
    air_float: Surface | None
    chw_range: Surface | None
    reach: dict[str, Surface]
    offset_k: dict[str, Leaf]
    economizer: Economizer | None
    it_response: Surface | None
    meters: dict[str, dict[str, Surface | None]]
    losses: Surface | None
    worst_inlet: Surface | None
    dew_point: Surface | None
    inlet_rise_k: Leaf
    usual_kw: Leaf
    twin_bound_kw: Leaf = NO_SAY_KW
    apart: dict[str, Apart] = struct.field(default_factory=dict)
    halls: dict[str, Hall] = struct.field(default_factory=dict)
    coverage: Coverage | None = None
    physics: Graybox | None = None
    least_gap_k: Leaf = 0.0
    at_rule: dict[str, AtRule] = struct.field(default_factory=dict)
    stops: dict[str, Leaf] = struct.field(default_factory=dict)
    approach: Approach | None = None


def inlet_noise_k(cascade: Cascade) -> float:
    """Standard deviation (K) of what the worst inlet's surface leaves, in the hall where it is largest; else 0."""
    surfaces: list[Surface | None] = [hall.over_k for hall in cascade.halls.values()]
    surfaces = surfaces or [cascade.worst_inlet]
    return max((float(surface.noise) for surface in surfaces if surface is not None), default=0.0)


def asked_parts(cascade: Cascade) -> Cascade:
    """The cascade with what `outcome` asks alone, in the shape that all sites of a kind have.

    A compiled program is one for each structure of its arguments: what one site's record happens to bear (a meter, a
    regime of weather, hinges) must not make another program where the answer does not depend on it.
    """
    bare = replace(cascade, twin_bound_kw=np.float32(0.0), at_rule={}, stops={}, approach=None)
    if cascade.physics is None:
        return bare
    halls = {name: replace(hall, over_k=with_hinges(hall.over_k)) for name, hall in cascade.halls.items()}
    return replace(
        bare,
        air_float=cascade.air_float and with_hinges(cascade.air_float),
        worst_inlet=cascade.worst_inlet and with_hinges(cascade.worst_inlet),
        dew_point=cascade.dew_point and with_hinges(cascade.dew_point),
        chw_range=None,
        reach={},
        offset_k={},
        economizer=None,
        it_response=None,
        meters={},
        losses=None,
        apart={},
        halls=halls,
        coverage=None,
        physics=replace(cascade.physics, meters=(), inputs=()),
    )


def outcome(cascade: Cascade, given: Mapping[str, ArrayLike]) -> Outcome:
    """Outcome of choices; arrays in `given` broadcast to (n,).

    given: load_kw, weather and every setpoint by name (where one is not chosen, its present value); of setpoints that
    share a quantity the equipment answers to the mean, and each hall's inlet to its own. Further the present:
    rack_inlet_now_c; wetbulb_rise_k (expected within the hour); what feedback says of the towers' reach and the worst
    inlet, reach_bias_k and inlet_bias_k; and what is kept in hand of them: cover_in_hand_k over the economizer's
    `covers_k`, reach_in_hand_k over the coldest water that towers reach.
    """
    arrays = jnp.broadcast_arrays(*(jnp.asarray(value, jnp.float32) for value in given.values()))
    now = with_shared(dict(zip(given, arrays, strict=True)))
    outside = _air_and_chilled_water(cascade, now)
    now["dew_point_c"] = mean(cascade.dew_point, now) if cascade.dew_point else now["load_kw"] * 0.0 + DRY_C
    if cascade.physics is not None:
        return physical_outcome(
            cascade.physics, now, least_gap_k=cascade.least_gap_k, inlet_rise_k=cascade.inlet_rise_k
        )
    if cascade.coverage:
        outside = jnp.maximum(outside, beyond_coverage(cascade.coverage, now))
    ends = {mode: _in_mode(cascade, now, mode) for mode in _modes(cascade)}
    mode, spare_k = _mode(cascade, now, ends)

    def in_force(name: str) -> Array:
        return jnp.choose(mode, [ends[each][name] for each in ends], mode="clip")

    cooling = jnp.stack([ends[each]["cooling_kw"] for each in ends])
    cooling = jnp.take_along_axis(cooling, mode[None, None, :], axis=0)[0]
    rest = now["load_kw"] if cascade.counts_it else 0.0
    rest = rest + (members(cascade.losses, now) if cascade.losses else 0.0)
    return Outcome(
        facility_kw=cooling + rest,
        it_kw=now["load_kw"],
        cooling_kw=cooling.mean(axis=0),
        rack_inlet_c=now["worst_inlet_c"],
        coldest_inlet_c=now["coldest_inlet_c"],
        dew_point_c=now["dew_point_c"],
        cw_supply_c=in_force("cw_supply_c"),
        short_k=in_force("short_k"),
        mode=mode,
        flicker=jnp.zeros_like(now["load_kw"]),
        chillers_run=(mode < MODES.index(FULL)).astype(jnp.float32),
        spare_k=spare_k,
        outside=jnp.maximum(outside, in_force("outside")),
        unreachable_k=in_force("unreachable_k"),
    )


def expected_kw(cascade: Cascade, given: Mapping[str, ArrayLike]) -> Array:
    """Cooling power (n,) of `outcome`, compiled once for sites of a kind."""
    return _expected_kw(
        asked_parts(cascade), {name: np.asarray(each, np.float32) for name, each in given.items()}
    )


@jax.jit
def _expected_kw(cascade: Cascade, given: Mapping[str, Array]) -> Array:
    return outcome(cascade, given).cooling_kw


def _modes(cascade: Cascade) -> tuple[str, ...]:
    return MODES if cascade.economizer else (MECHANICAL,)


def _air_and_chilled_water(cascade: Cascade, now: Values) -> Array:
    """Adds what does not depend on the mode; returns how far that lies beyond the record."""
    outside = jnp.zeros_like(now["load_kw"])
    for apart in cascade.apart.values():
        outside = jnp.maximum(outside, beyond_apart(apart, now))
    if "supply_air_sp_c" in now and "chw_supply_sp_c" in now:
        now["gap_k"] = now["supply_air_sp_c"] - now["chw_supply_sp_c"]
    if "supply_air_sp_c" in now:
        now["supply_air_c"] = now["supply_air_sp_c"]
        if cascade.air_float:
            now["supply_air_c"] += jnp.maximum(mean(cascade.air_float, now), 0.0)
            outside = jnp.maximum(outside, beyond(cascade.air_float, now))
    now["rack_inlet_c"] = (
        now.get("supply_air_c", now["rack_inlet_now_c"] - cascade.inlet_rise_k) + cascade.inlet_rise_k
    )
    now["worst_inlet_c"] = now["rack_inlet_c"] + now["inlet_bias_k"]
    if cascade.worst_inlet and "supply_air_sp_c" in now:
        over_k = jnp.maximum(mean(cascade.worst_inlet, now), 0.0)
        now["worst_inlet_c"] = now["supply_air_sp_c"] + over_k + now["inlet_bias_k"]
    now["coldest_inlet_c"] = now["worst_inlet_c"]
    if cascade.halls:
        # What feedback says is of the warmest hall: it makes no other one warmer.
        warmest_c, now["coldest_inlet_c"], edge = hall_inlets(cascade.halls, now)
        now["worst_inlet_c"] = warmest_c + now["inlet_bias_k"]
        outside = jnp.maximum(outside, edge)
    if cascade.it_response and cascade.physics is None:  # the gray-box plant has servers of its own
        present = mean(cascade.it_response, {"rack_inlet_c": now["rack_inlet_now_c"]})
        now["load_kw"] += mean(cascade.it_response, now) - present
    if "chw_supply_sp_c" in now:
        now["chw_supply_c"] = now["chw_supply_sp_c"]
    if cascade.chw_range:
        now["chw_range_k"] = mean(cascade.chw_range, now)
        now["chw_return_c"] = now["chw_supply_c"] + now["chw_range_k"]
        outside = jnp.maximum(outside, beyond(cascade.chw_range, now))
    return outside


def _in_mode(cascade: Cascade, now: Values, mode: str) -> Values:
    """Condenser water, power of the cooling plant (m, n), and how far that lies beyond the record, in one mode."""
    now, zero = dict(now), jnp.zeros_like(now["load_kw"])
    water = _condenser_water(cascade, now, mode) if "cw_supply_sp_c" in now else {}
    outside, power = zero, zero[None]
    for by_mode in cascade.meters.values():
        surface = by_mode.get(mode, by_mode.get(MECHANICAL))
        if surface is not None:
            power = power + jnp.maximum(members(surface, now), 0.0)
            outside = jnp.maximum(outside, beyond(surface, now))
    dry = {"cw_supply_c": zero, "short_k": zero, "warmer_k": zero, "unreachable_k": zero}
    return dry | water | {"cooling_kw": power, "outside": outside}


def _condenser_water(cascade: Cascade, now: Values, mode: str) -> Values:
    """Condenser water as asked, unless the towers do not reach it; adds the differences it makes."""
    asked_c = now["cw_supply_sp_c"] + cascade.offset_k.get(mode, 0.0)
    reach_c = asked_c
    if mode in cascade.reach:
        reach_c = now["outdoor_wetbulb_c"] + mean(cascade.reach[mode], now) + now["reach_bias_k"]
    now["cw_supply_c"] = jnp.maximum(asked_c, reach_c)
    if "outdoor_wetbulb_c" in now:
        now["cw_approach_k"] = now["cw_supply_c"] - now["outdoor_wetbulb_c"]
    if "chw_supply_c" in now:
        now["economizer_k"] = now["chw_supply_c"] - now["cw_supply_c"]
    if mode == FULL and cascade.economizer:
        over_k = jnp.maximum(now["chw_return_c"] - now["cw_supply_c"], 1.0)
        now["cw_flow_kg_s"] = cascade.economizer.flow_kg_s_k_kw * now["load_kw"] / over_k
    unreachable = (
        jnp.maximum(reach_c + now["reach_in_hand_k"] - asked_c, 0.0)
        if mode in cascade.reach
        else asked_c * 0.0
    )
    return {
        "cw_supply_c": now["cw_supply_c"],
        "short_k": now["cw_supply_c"] - asked_c,
        "warmer_k": jnp.maximum(asked_c, reach_c + now["wetbulb_rise_k"]) - now["cw_supply_c"],
        "unreachable_k": unreachable,
    }


def _mode(cascade: Cascade, now: Values, ends: dict[str, Values]) -> tuple[Array, Array]:
    """Mode (n,), and how much (n,) K more than needed the chillers' stopping has in hand."""
    eco, zero = cascade.economizer, jnp.zeros_like(now["load_kw"])
    if eco is None:
        return zero.astype(jnp.int32), zero
    carries = now["chw_return_c"] - ends[MECHANICAL]["cw_supply_c"] > eco.starts_k
    warmest_c = ends[PARTIAL]["cw_supply_c"] + ends[PARTIAL]["warmer_k"]
    spare_k = now["chw_supply_c"] - warmest_c - eco.covers_k - now["cover_in_hand_k"]
    enabled = now["economizer_enable"] > 0.5
    mode = jnp.where(enabled & carries, jnp.where(spare_k > 0.0, 2, 1), 0)
    return mode, jnp.where(enabled & carries, spare_k, -jnp.inf)
