"""Chilled-water loop: one mixed volume, variable primary flow with a minimum through the evaporators."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.pump import Pump
from simulator.solve import mean_heat_to_sink_w


@struct.dataclass
class ChilledWater:
    """Scalars."""

    volume_kg: Array
    pump: Pump
    minimum_flow_kg_s: Array  # per running chiller, kept by the bypass


def loop_heat_capacity_j_k(loop: ChilledWater) -> Array:
    return loop.volume_kg * WATER_CP_J_KG_K


def plant_flow_kg_s(loop: ChilledWater, coil_flow_kg_s: Array, chillers_running: Array) -> Array:
    """Flow through the plant: what the coils draw, at least the running evaporators' minimum."""
    minimum = loop.minimum_flow_kg_s * jnp.maximum(chillers_running, 1.0)
    return jnp.maximum(coil_flow_kg_s, minimum)


def return_c(supply_c: Array, heat_w: Array, flow_kg_s: Array) -> Array:
    """Temperature of the water that comes back to the plant: heat balance of the stream."""
    return supply_c + heat_w / (WATER_CP_J_KG_K * flow_kg_s)


def heat_to_remove_w(
    loop: ChilledWater, supply_c: Array, setpoint_c: Array, heat_w: Array, flow_kg_s: Array, dt_s: float
) -> Array:
    """Mean heat to take out over `dt_s` so that leaving water meets its setpoint, W; never negative."""
    wanted = mean_heat_to_sink_w(
        mass_c=supply_c,
        sink_c=setpoint_c - heat_w / (WATER_CP_J_KG_K * flow_kg_s),
        conductance_w_k=WATER_CP_J_KG_K * flow_kg_s,
        gain_w=heat_w,
        heat_capacity_j_k=loop_heat_capacity_j_k(loop),
        dt_s=dt_s,
    )
    return jnp.maximum(wanted, 0.0)
