"""Variable-speed pumps: with a head curve on a loop, or described by a part-load curve only."""

from abc import ABC, abstractmethod

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import WATER_DENSITY_KG_M3
from simulator.curves import polynomial

NO_FLOW_KG_S = 2e-3  # loops keep a trace of flow so that nothing divides by zero; pumps are off then


@struct.dataclass
class PumpGroup(ABC):
    """Pumps of one loop together; scalars. Each kind defines head, speed and power."""

    rated_flow_kg_s: Array
    rated_head_pa: Array
    minimum_flow_kg_s: Array  # a bypass keeps it while the pumps run

    def flow_kg_s(self, wanted_kg_s: Array) -> Array:
        """Flow, kg/s, that the pumps deliver for the flow wanted: at least their minimum while they run."""
        least = jnp.where(wanted_kg_s > NO_FLOW_KG_S, self.minimum_flow_kg_s, 0.0)
        return jnp.maximum(wanted_kg_s, least)

    @abstractmethod
    def head_pa(self, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
        """Pressure difference across the pumps, Pa."""

    @abstractmethod
    def speed(self, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
        """Speed fraction; 0 without flow."""

    @abstractmethod
    def power_w(
        self, flow_kg_s: Array, degradation: Array | float = 0.0, extra_head_pa: Array | float = 0.0
    ) -> Array:
        """Electric power, W; `degradation` is the share of efficiency lost to wear, 0-1.

        `extra_head_pa` is the head that an exchanger switched into the loop adds at the pumps' rated flow.
        """


@struct.dataclass
class Pump(PumpGroup):
    """Pumps with a head curve on a known loop; scalars. Head is pressure difference in Pa."""

    static_head_fraction: Array  # share of rated head held at no flow: differential-pressure setpoint, lift
    shutoff_head_ratio: Array  # head at zero flow and full speed, over rated head
    efficiency: Array  # pump, motor and drive together at rated speed
    minimum_speed: Array  # fraction

    def head_pa(self, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
        """Head that the loop requires, Pa, or the head of the pumps at minimum speed where that is larger."""
        speed = self.speed(flow_kg_s, extra_head_pa)
        made_pa = speed**2 * self.shutoff_head_ratio * self.rated_head_pa - _droop_pa(self, flow_kg_s)
        return jnp.maximum(loop_head_pa(self, flow_kg_s, extra_head_pa), made_pa)

    def speed(self, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
        """Speed fraction at which the head curve `s² H0 - c m²` meets the loop; 0 without flow.

        Affinity laws, ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44.
        """
        H_0 = self.shutoff_head_ratio * self.rated_head_pa
        head_pa = loop_head_pa(self, flow_kg_s, extra_head_pa) + _droop_pa(self, flow_kg_s)
        speed = jnp.sqrt(jnp.maximum(head_pa / H_0, 1e-6))
        return jnp.where(flow_kg_s > NO_FLOW_KG_S, jnp.maximum(speed, self.minimum_speed), 0.0)

    def power_w(
        self, flow_kg_s: Array, degradation: Array | float = 0.0, extra_head_pa: Array | float = 0.0
    ) -> Array:
        """Hydraulic power over efficiency, W.

        Hydraulic power: ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44. Motor and drive lose
        efficiency at low speed; `1 - 0.2 (1 - s)²` is an approximation of this project, 5 % at half speed.
        """
        speed = self.speed(flow_kg_s, extra_head_pa)
        head_pa = self.head_pa(flow_kg_s, extra_head_pa)
        efficiency = self.efficiency * (1 - 0.2 * (1 - speed) ** 2) * (1 - degradation)
        return flow_kg_s * head_pa / (WATER_DENSITY_KG_M3 * jnp.maximum(efficiency, 0.05))


def loop_head_pa(pump: Pump, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
    """Head that the loop requires, Pa: fixed part plus friction, by flow squared (Darcy-Weisbach)."""
    ratio = flow_kg_s / pump.rated_flow_kg_s
    friction_pa = pump.rated_head_pa * (1 - pump.static_head_fraction) + extra_head_pa
    return pump.rated_head_pa * pump.static_head_fraction + friction_pa * ratio**2


def _droop_pa(pump: Pump, flow_kg_s: Array) -> Array:
    return (pump.shutoff_head_ratio - 1) * pump.rated_head_pa * (flow_kg_s / pump.rated_flow_kg_s) ** 2


@struct.dataclass
class CurvePump(PumpGroup):
    """Pumps described by a part-load curve only; scalars, `power_curve` (n,) in powers of flow fraction.

    The curve was made with the loop as it is, so it includes the head of an economizer.
    """

    rated_w: Array
    power_curve: Array  # of flow fraction

    def head_pa(self, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
        """Rated head times the square of the flow fraction, Pa: the curve gives no more."""
        return self.rated_head_pa * (flow_kg_s / self.rated_flow_kg_s) ** 2

    def speed(self, flow_kg_s: Array, extra_head_pa: Array | float = 0.0) -> Array:
        """Flow fraction, used as speed; 0 without flow."""
        return jnp.where(flow_kg_s > NO_FLOW_KG_S, flow_kg_s / self.rated_flow_kg_s, 0.0)

    def power_w(
        self, flow_kg_s: Array, degradation: Array | float = 0.0, extra_head_pa: Array | float = 0.0
    ) -> Array:
        """Full-load power times a polynomial of flow fraction, W; 0 without flow.

        EnergyPlus Engineering Reference, "Variable Speed Pump".
        """
        ratio = jnp.minimum(flow_kg_s / self.rated_flow_kg_s, 1.5)
        power_w = self.rated_w * jnp.maximum(polynomial(self.power_curve, ratio), 0.0)
        return jnp.where(flow_kg_s > NO_FLOW_KG_S, power_w / (1 - degradation), 0.0)
