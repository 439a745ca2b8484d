"""Condenser-water loop: basin and pipes as one mixed volume, flow by running chillers and economizer."""

from flax import struct
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.pump import Pump


@struct.dataclass
class CondenserWater:
    """Scalars."""

    volume_kg: Array
    pump: Pump  # rated for every chiller running
    flow_per_chiller_kg_s: Array


def loop_heat_capacity_j_k(loop: CondenserWater) -> Array:
    return loop.volume_kg * WATER_CP_J_KG_K


def loop_flow_kg_s(loop: CondenserWater, chillers_running: Array, economizer_flow_kg_s: Array) -> Array:
    """Tower water: each running chiller its rated flow, the economizer its own branch; never quite zero."""
    return loop.flow_per_chiller_kg_s * chillers_running + economizer_flow_kg_s + 1e-3
