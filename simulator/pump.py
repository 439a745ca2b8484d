"""Variable-speed pumps on a loop with a fixed and a flow-dependent head."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import WATER_DENSITY_KG_M3

NO_FLOW_KG_S = 2e-3  # loops keep a trace of flow so that nothing divides by zero; pumps are off then


@struct.dataclass
class Pump:
    """A pump group and the loop it serves; scalars. Head is pressure difference in Pa."""

    rated_flow_kg_s: Array
    rated_head_pa: Array
    static_head_fraction: Array  # share of rated head held at no flow: differential-pressure setpoint, lift
    shutoff_head_ratio: Array  # head at zero flow and full speed, over rated head
    efficiency: Array  # pump, motor and drive together at rated speed
    minimum_speed: Array  # fraction


def loop_head_pa(pump: Pump, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
    """Head the loop asks for: fixed part plus friction that goes with flow squared (Darcy-Weisbach).

    `extra_head_pa` is what an exchanger switched into the loop adds at the pump's rated flow.
    """
    ratio = flow_kg_s / pump.rated_flow_kg_s
    friction_pa = pump.rated_head_pa * (1 - pump.static_head_fraction) + extra_head_pa
    return pump.rated_head_pa * pump.static_head_fraction + friction_pa * ratio**2


def _droop_pa(pump: Pump, flow_kg_s: Array) -> Array:
    return (pump.shutoff_head_ratio - 1) * pump.rated_head_pa * (flow_kg_s / pump.rated_flow_kg_s) ** 2


def pump_speed(pump: Pump, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
    """Speed fraction at which the head curve `s² H0 - c m²` meets the loop; 0 without flow.

    Affinity laws, ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44.
    """
    H_0 = pump.shutoff_head_ratio * pump.rated_head_pa
    head_pa = loop_head_pa(pump, flow_kg_s, extra_head_pa) + _droop_pa(pump, flow_kg_s)
    speed = jnp.sqrt(jnp.maximum(head_pa / H_0, 1e-6))
    return jnp.where(flow_kg_s > NO_FLOW_KG_S, jnp.maximum(speed, pump.minimum_speed), 0.0)


def pump_power_w(
    pump: Pump, flow_kg_s: Array, degradation: Array | float = 0.0, extra_head_pa: Array | float = 0.0
) -> Array:
    """Electric power: hydraulic power over efficiency; at minimum speed the pump makes more head than asked.

    Hydraulic power: ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44. Motor and drive lose efficiency
    towards low speed; `1 - 0.2 (1 - s)²` is this project's round figure for that, 5 % at half speed.
    `degradation` is the share of efficiency lost to wear.
    """
    speed = pump_speed(pump, flow_kg_s, extra_head_pa)
    H_0 = pump.shutoff_head_ratio * pump.rated_head_pa
    made_pa = speed**2 * H_0 - _droop_pa(pump, flow_kg_s)
    head_pa = jnp.maximum(loop_head_pa(pump, flow_kg_s, extra_head_pa), made_pa)
    efficiency = pump.efficiency * (1 - 0.2 * (1 - speed) ** 2) * (1 - degradation)
    return flow_kg_s * head_pa / (WATER_DENSITY_KG_M3 * jnp.maximum(efficiency, 0.05))


def pump_power_from_curve_w(rated_w: Array, flow_ratio: Array, curve: Array) -> Array:
    """Electric power of a pump that is known only by its part-load curve, W; `curve` is in ascending powers.

    EnergyPlus Engineering Reference, "Variable Speed Pump": fraction of full-load power as a polynomial of flow
    fraction. 0 without flow.
    """
    return jnp.where(flow_ratio > 0, rated_w * jnp.polyval(curve[::-1], flow_ratio), 0.0)
