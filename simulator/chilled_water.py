"""Chilled-water loop: supply and return legs that take time to pass, variable flow with a minimum.

Each leg is a row of well-mixed volumes: transport delay with some mixing, as in pipes, headers and a tank.
"""

from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.pump import NO_FLOW_KG_S, PumpGroup

LEG_NODES = 2  # volumes in each leg


@struct.dataclass
class ChilledWater:
    """The loop's water, pumps and minimum flow; scalars."""

    volume_kg: Array  # both legs
    pump: PumpGroup
    minimum_flow_kg_s: Array  # per running chiller, kept by the bypass


class LoopPass(NamedTuple):
    """Water that returns to the plant, mean over a step, as a linear function of the water that leaves it.

    `return = passed * leaving + held`; scalars, `passed` a share, `held_c` in °C.
    """

    passed: Array
    held_c: Array

    def return_c(self, leaving_c: Array) -> Array:
        """Return temperature, °C, for water that leaves the plant at `leaving_c`, °C."""
        return self.passed * leaving_c + self.held_c

    def leaving_c(self, cooled_k: Array) -> Array:
        """Leaving temperature, °C, of a plant that cools its return by `cooled_k`: closes the loop's balance."""
        return (self.held_c - cooled_k) / (1 - self.passed)


def node_heat_capacity_j_k(loop: ChilledWater) -> Array:
    """Heat capacity of one volume of one leg, J/K: scalar."""
    return loop.volume_kg * WATER_CP_J_KG_K / (2 * LEG_NODES)


def plant_flow_kg_s(loop: ChilledWater, coil_flow_kg_s: Array, chillers_running: Array) -> Array:
    """Flow through the plant: what the coils draw, at least the running evaporators' and the pumps' minimum.

    The pumps never stop: without circulation the controllers could not measure a load.
    """
    wanted_kg_s = jnp.maximum(coil_flow_kg_s, loop.minimum_flow_kg_s * chillers_running)
    return loop.pump.flow_kg_s(jnp.maximum(wanted_kg_s, 2 * NO_FLOW_KG_S))


def leg_step(
    loop: ChilledWater, nodes_c: Array, inflow_c: Array, flow_kg_s: Array, dt_s: Array | float
) -> tuple[Array, Array]:
    """Temperatures of a leg's volumes after `dt_s`, (LEG_NODES,), and of its outflow, mean over the step.

    Exact solution of `M dT/dt = m (T_in - T)` for each volume with its inflow's mean, so that heat is conserved;
    linear in the inflow.
    """
    decay, memory = _decay_and_memory(loop, flow_kg_s, dt_s)
    after = []
    for n in range(LEG_NODES):
        after.append(inflow_c + (nodes_c[n] - inflow_c) * decay)
        inflow_c = inflow_c + (nodes_c[n] - inflow_c) * memory
    return jnp.stack(after), inflow_c


def loop_pass(
    loop: ChilledWater,
    supply_leg_c: Array,
    return_leg_c: Array,
    coil_rise_k: Array,
    flow_kg_s: Array,
    dt_s: Array | float,
) -> LoopPass:
    """The path from plant through supply leg, coils and return leg, linear in the leaving temperature.

    `supply_leg_c`, `return_leg_c` (LEG_NODES,) °C; `coil_rise_k` and `flow_kg_s` scalars. The solution is
    that of `leg_step`, which is linear in its inflow.
    """
    _, memory = _decay_and_memory(loop, flow_kg_s, dt_s)
    _, at_coils_c = leg_step(loop, supply_leg_c, jnp.zeros_like(coil_rise_k), flow_kg_s, dt_s)
    _, back_c = leg_step(loop, return_leg_c, at_coils_c + coil_rise_k, flow_kg_s, dt_s)
    return LoopPass(passed=(1 - memory) ** (2 * LEG_NODES), held_c=back_c)


def _decay_and_memory(loop: ChilledWater, flow_kg_s: Array, dt_s: Array | float) -> tuple[Array, Array]:
    """Weight of a volume's initial temperature in its final one, and in its mean over the step."""
    x = jnp.maximum(flow_kg_s * WATER_CP_J_KG_K * dt_s / node_heat_capacity_j_k(loop), 1e-4)
    return jnp.exp(-x), -jnp.expm1(-x) / x
