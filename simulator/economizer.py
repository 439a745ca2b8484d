"""Waterside economizer: a plate heat exchanger in the chilled-water return, ahead of the chillers."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.solve import counterflow_effectiveness, mean_heat_to_sink_w


@struct.dataclass
class Economizer:
    """Scalars."""

    ua_w_k: Array
    rated_cw_flow_kg_s: Array
    head_pa: Array  # extra head in each loop while water passes the exchanger


def economizer_conductance_w_k(economizer: Economizer, chw_kg_s: Array, cw_kg_s: Array) -> Array:
    """Heat per K between entering chilled water and entering tower water, `eps C_min`, W/K.

    Effectiveness-NTU, counterflow: EnergyPlus Engineering Reference, "HeatExchanger:FluidToFluid".
    """
    C_chw, C_cw = WATER_CP_J_KG_K * chw_kg_s, WATER_CP_J_KG_K * cw_kg_s
    C_min, C_max = jnp.minimum(C_chw, C_cw), jnp.maximum(C_chw, C_cw)
    return counterflow_effectiveness(C_min, C_max, economizer.ua_w_k) * C_min


def economizer_heat_w(
    economizer: Economizer,
    share_open: Array,
    chw_c: Array,
    held_chw_c: Array,
    chw_flow_kg_s: Array,
    cw_c: Array,
    load_w: Array,
    heat_capacity_j_k: Array,
    dt_s: float,
) -> Array:
    """Mean heat from chilled-water return to tower water over `dt_s`, W; negative if tower water is warmer.

    `share_open` scales the tower-side flow: 1 in operation, a leaking valve's share otherwise. `held_chw_c` is
    the loop's mean temperature with the chillers' help. Without it the exchanger alone would let the loop
    drift from `chw_c`; the smaller of the two answers is right with chillers and stable without.
    """
    cw_kg_s = economizer.rated_cw_flow_kg_s * share_open
    conductance = economizer_conductance_w_k(economizer, chw_flow_kg_s, cw_kg_s)
    sink_c = cw_c - load_w / (WATER_CP_J_KG_K * chw_flow_kg_s)
    alone = mean_heat_to_sink_w(chw_c, sink_c, conductance, load_w, heat_capacity_j_k, dt_s)
    return jnp.minimum(conductance * (held_chw_c - sink_c), alone)
