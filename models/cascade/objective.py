"""What a choice of setpoints costs: energy at equal compute, wear, doubt, and what must not happen."""

from collections.abc import Mapping
from typing import Literal, get_args

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array
from jax.typing import ArrayLike

from models.cascade.cascade import FULL, MODES, Cascade, Outcome, asked_parts, outcome
from models.cascade.surface import Leaf

Aim = Literal["facility", "overhead", "pue"]
AIMS: tuple[Aim, ...] = get_args(Aim)

# Shares of the cooling power that a plant usually needs, so that a plant ten times as large is run alike. Engineering
# judgement; the closed loop that they are part of was developed on the EnergyPlus referee plant, weeks in Boulder and
# Chicago. On its default weeks the share of the tuned rule's saving is 1.050 where the edge binds, 1.015 where not.
OUTSIDE = 1.5  # per standard deviation or K beyond the record: more than any saving
ENVELOPE = 1.5  # per K of rack inlet or dew point beyond the envelope
FLICKER = 0.4  # of what a start or stop costs, an hour at the edge
RESTART = 0.075  # wear of chillers that stand and would have to start, as the power that this is worth


@struct.dataclass
class Objective:
    """What is minimised, in kW.

    aim: facility power at equal compute, IT power included, which answers to the rack inlet; or overhead, or PUE
    (at the present load), which servers' fans that work harder make look better than it is.
    inlet_low_c, inlet_high_c, dew_point_high_c: the envelope less its margin. caution: standard deviations of the
    members' spread that count as power. outside: 1 where the record's edge binds, 0 where it does not.
    weight: value of a kWh now over its mean: a tariff's, a grid's carbon, water's; wear is not weighted.
    demand_hours: hours for which a kW costs as much as a demand charge takes for it beyond the month's peak, peak_kw.
    """

    inlet_low_c: Leaf
    inlet_high_c: Leaf
    dew_point_high_c: Leaf = 99.0
    caution: Leaf = 1.0
    outside: Leaf = 1.0
    weight: Leaf = 1.0
    peak_kw: Leaf = 0.0
    demand_hours: Leaf = 0.0
    aim: Aim = struct.field(pytree_node=False, default="facility")


def price(
    cascade: Cascade, choice_names: tuple[str, ...], objective: Objective, drivers: Mapping[str, ArrayLike],
    values: Array,
) -> tuple[Array, Outcome]:  # fmt: skip
    """kW and penalties (n,) of setpoints `values` (n, k), and their outcome."""
    chosen = {name: values[:, column] for column, name in enumerate(choice_names)}
    given = {name: value for name, value in drivers.items() if name != "kept_kw"}
    expected = outcome(cascade, given | chosen)
    power_kw = _aimed_at(
        objective.aim if cascade.counts_it else "facility", expected, jnp.asarray(drivers["load_kw"])
    )
    doubtful_kw = power_kw
    if cascade.physics is not None and len(power_kw) > 1:
        # Doubt about the difference to what is kept, not about the level.
        doubtful_kw = power_kw - jnp.asarray(drivers["kept_kw"])[:, None]
    mean_kw = power_kw.mean(axis=0)
    kw = objective.weight * (mean_kw + objective.caution * doubtful_kw.std(axis=0))
    kw += objective.demand_hours * jnp.maximum(mean_kw - objective.peak_kw, 0.0)
    wear = RESTART * drivers["chillers_stopped"] * (expected.mode < MODES.index(FULL))
    if cascade.physics is not None:
        starts = jnp.abs(expected.chillers_run - drivers["chillers_run"]) + FLICKER * expected.flicker
        wear += drivers["wear_share"] * starts
    beyond = objective.outside * OUTSIDE * jnp.maximum(expected.outside, expected.unreachable_k)
    return kw + cascade.usual_kw * (wear + beyond + ENVELOPE * out_of_envelope(objective, expected)), expected


def priced(
    cascade: Cascade, choice_names: tuple[str, ...], objective: Objective, drivers: Mapping[str, ArrayLike],
    values: ArrayLike,
) -> tuple[Array, Outcome]:  # fmt: skip
    """`price`, compiled once for sites of a kind."""
    return _priced(asked_parts(cascade), choice_names, objective, dict(drivers), values)


_priced = jax.jit(price, static_argnums=1)


def out_of_envelope(objective: Objective, expected: Outcome) -> Array:
    """K (n,) by which the worst of rack inlets (warmest, coldest) and dew point leaves the envelope, 0 inside."""
    warm_k = expected.rack_inlet_c - objective.inlet_high_c
    inlet_k = jnp.maximum(warm_k, objective.inlet_low_c - expected.coldest_inlet_c)
    return jnp.maximum(inlet_k, expected.dew_point_c - objective.dew_point_high_c).clip(0.0)


def _aimed_at(aim: Aim, expected: Outcome, load_kw: Array) -> Array:
    """kW (m, n) of what is to be small; PUE in kW of facility power at the present load."""
    match aim:
        case "overhead":
            return expected.facility_kw - expected.it_kw
        case "pue":
            return expected.facility_kw / jnp.maximum(expected.it_kw, 1e-6) * load_kw
        case _:
            return expected.facility_kw
