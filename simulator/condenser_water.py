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
    """Scalars."""

    volume_kg: Array
    pump: PumpGroup  # rated for every chiller running
    flow_per_chiller_kg_s: Array


def loop_heat_capacity_j_k(loop: CondenserWater) -> Array:
    return loop.volume_kg * WATER_CP_J_KG_K


def loop_flow_kg_s(
    loop: CondenserWater, chillers_running: Array, economizer: Economizer | None, economizer_kg_s: Array
) -> Array:
    """Tower water; never quite zero. Each running chiller draws its rated flow.

    The economizer draws its own beside it, or, where tower water passes it on the way to the condensers, shares it.
    """
    chillers_kg_s = loop.flow_per_chiller_kg_s * chillers_running
    if economizer is not None and economizer.condenser_side == "series":
        wanted_kg_s = jnp.maximum(chillers_kg_s, economizer_kg_s)
    else:
        wanted_kg_s = chillers_kg_s + economizer_kg_s
    return loop.pump.flow_kg_s(wanted_kg_s + TRACE_KG_S)
