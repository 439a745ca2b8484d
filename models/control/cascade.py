"""From setpoints to power, step by step: what air and water reach, how the economizer runs, what each meter reads.

Every step is a surface of the few things that it answers to. Differences (supply air over chilled water, chilled
over condenser water, condenser water over wetbulb) are what coils, exchangers and towers feel, so that
combinations never recorded together are made of differences that were.
"""

import jax.numpy as jnp
from flax import struct
from jax import Array

from models.control.surface import Surface, beyond, evaluate

MECHANICAL, PARTIAL, FULL = "mechanical", "partial", "full"
MODES = (MECHANICAL, PARTIAL, FULL)


@struct.dataclass
class Tower:
    """Condenser water: `approach` over wetbulb with the fans flat out, by mode; None where no tower is set."""

    approach: dict[str, Surface]


@struct.dataclass
class Economizer:
    """When an enabled waterside economizer carries heat, and when it carries all of it.

    starts_k: chilled-water return over condenser water (or supply, where the return is not metered) from which
    it carries heat. covers_k: chilled-water supply over condenser water from which the chillers stop.
    """

    starts_k: Array
    covers_k: Array
    stopped_kw: Array


@struct.dataclass
class Cascade:
    """A site's learned steps; a missing one means that the site does not record or choose it.

    meters: name -> mode -> surface of its kW. it_response: kW over rack inlet.
    """

    floats: dict[str, Surface]
    approach: dict[str, Surface]
    chw_range: Surface | None
    economizer: Economizer | None
    it_response: Surface | None
    meters: dict[str, dict[str, Surface]]
    offset_k: dict[str, Array]
    kappa: Array
    inlet_rise_k: Array
    inlet_noise_k: Array


@struct.dataclass
class Outcome:
    """What n choices lead to. facility_kw (m, n); the others (n,).

    outside: how far the choice leads beyond the record, in standard deviations of the worst step; 0 inside.
    mode: index into MODES.
    """

    facility_kw: Array
    cooling_kw: Array
    it_kw: Array
    rack_inlet_c: Array
    supply_air_c: Array
    cw_supply_c: Array
    mode: Array
    outside: Array


def outcome(cascade: Cascade, known: dict[str, Array]) -> Outcome:
    """Outcome of choices: `known` holds load_kw, weather, the present state and the setpoints, by quantity.

    Arrays broadcast to (n,). Where a setpoint is not chosen, the present measured value stands for it.
    """
    values = jnp.broadcast_arrays(*(jnp.asarray(value, jnp.float32) for value in known.values()))
    known, outside = dict(zip(known, values, strict=True)), []

    def step(surface: Surface) -> Array:
        outside.append(beyond(surface, known))
        return evaluate(surface, known).mean(axis=0)

    known["gap_k"] = known["supply_air_sp_c"] - known["chw_supply_sp_c"]
    known["supply_air_c"] = known["supply_air_sp_c"] + jnp.maximum(step(cascade.floats["supply_air_c"]), 0.0)
    known["chw_supply_c"] = known["chw_supply_sp_c"]
    known["rack_inlet_c"] = known["supply_air_c"] + cascade.inlet_rise_k
    it = evaluate(cascade.it_response, known).mean(axis=0)
    now = evaluate(cascade.it_response, {"rack_inlet_c": known["rack_inlet_now_c"]}).mean(axis=0)
    known["load_kw"] = known["load_kw"] + it - now
    known["chw_range_k"] = step(cascade.chw_range)
    known["chw_return_c"] = known["chw_supply_c"] + known["chw_range_k"]
    modes = {mode: _in_mode(cascade, known, mode) for mode in MODES}
    mech, part = modes[MECHANICAL], modes[PARTIAL]
    eco = cascade.economizer
    enabled = known["economizer_enable"] > 0.5
    starts = known["chw_return_c"] - mech["cw_supply_c"] > eco.starts_k
    covers = known["chw_supply_c"] - part["cw_supply_c"] > eco.covers_k + known["enter_k"]
    stays = (known["chillers_stopped"] > 0.5) & (modes[FULL]["outside"] <= 0.0)
    stays &= known["chw_supply_c"] - modes[FULL]["cw_supply_c"] > eco.covers_k + known["stay_k"]
    stays &= known["cw_supply_sp_c"] - known["outdoor_wetbulb_c"] > cascade.meters["tower_fan_kw"][FULL].low[0] + known["stay_pull_k"]
    covers = covers | stays
    starts = starts | stays
    mode = jnp.where(enabled & starts, jnp.where(covers, 2, 1), 0)

    def chosen(name):
        return jnp.select([mode == i for i in range(3)], [modes[m][name] for m in MODES])

    cooling = chosen("cooling_kw")
    losses = evaluate(cascade.meters["losses"][MECHANICAL], known)
    return Outcome(
        facility_kw=known["load_kw"] + cooling + losses,
        cooling_kw=cooling.mean(axis=0), it_kw=known["load_kw"], rack_inlet_c=known["rack_inlet_c"],
        supply_air_c=known["supply_air_c"], cw_supply_c=chosen("cw_supply_c"), mode=mode,
        outside=jnp.maximum(jnp.stack(jnp.broadcast_arrays(*outside)).max(axis=0), chosen("outside")),
    )


def _in_mode(cascade: Cascade, known: dict[str, Array], mode: str) -> dict[str, Array]:
    known = dict(known)
    asked_c = known["cw_supply_sp_c"] + cascade.offset_k[mode]
    reach_c = known["outdoor_wetbulb_c"] + evaluate(cascade.approach[mode], known).mean(axis=0)
    known["cw_supply_c"] = jnp.maximum(asked_c, reach_c)
    known["cw_approach_k"] = known["cw_supply_c"] - known["outdoor_wetbulb_c"]
    known["economizer_k"] = known["chw_supply_c"] - known["cw_supply_c"]
    known["cw_flow_need"] = known["load_kw"] / jnp.maximum(known["chw_return_c"] - known["cw_supply_c"], 1.0)
    known["cw_flow_kg_s"] = cascade.kappa * known["cw_flow_need"]
    power, outside = 0.0, jnp.maximum(reach_c + known["reach_margin_k"] - asked_c, 0.0)
    for name, by_mode in cascade.meters.items():
        if name != "losses" and (surface := by_mode.get(mode, by_mode[MECHANICAL])) is not None:
            power = power + jnp.maximum(evaluate(surface, known), 0.0)
            outside = jnp.maximum(outside, beyond(surface, known))
    return {"cooling_kw": power, "cw_supply_c": known["cw_supply_c"], "outside": outside}
