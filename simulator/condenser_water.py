"""Condenser-water loop: basin and pipes as one mixed volume, flow by running chillers and economizer."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.economizer import Economizer
from simulator.pump import PumpGroup

TRACE_KG_S = 1e-3


@struct.dataclass
class CondenserWater:
    """The loop's water, pumps and flow per chiller; scalars."""

    volume_kg: Array
    pump: PumpGroup  # rated for every chiller running
    flow_per_chiller_kg_s: Array


def loop_heat_capacity_j_k(loop: CondenserWater) -> Array:
    """Heat capacity of basin and pipes together, J/K: scalar, mass times specific heat."""
    return loop.volume_kg * WATER_CP_J_KG_K


def loop_flow_kg_s(
    loop: CondenserWater, chillers_running: Array, economizer: Economizer | None, economizer_kg_s: Array
) -> Array:
    """Flow of condenser water, kg/s, never quite zero: each running chiller draws its rated flow.

    An economizer in parallel draws its own flow besides; one in series shares the flow that goes on to the
    condensers.
    """
    chillers_kg_s = loop.flow_per_chiller_kg_s * chillers_running
    if economizer is not None and economizer.condenser_side == "series":
        wanted_kg_s = jnp.maximum(chillers_kg_s, economizer_kg_s)
    else:
        wanted_kg_s = chillers_kg_s + economizer_kg_s
    return loop.pump.flow_kg_s(wanted_kg_s + TRACE_KG_S)
