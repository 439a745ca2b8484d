"""Electric chillers whose curves take leaving condenser water, as manufacturers' selections give them."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.chiller import (
    Chillers,
    capacity_at_w,
    curve_temperatures_c,
    entering_cw_c,
    input_ratio,
    part_load,
    unloading_ratio,
)
from simulator.constants import WATER_CP_J_KG_K
from simulator.curves import bicubic

LEAVING_WATER_ITERATIONS = 4  # each reduces the error of the rise about tenfold
MOST_CONDENSER_RISE_K = 25.0  # a starved condenser trips before its water gets hotter


@struct.dataclass
class ReformulatedEirChillers(Chillers):
    """Curves of *leaving* condenser water; `part_load_curve` (10,) is a `bicubic` of it and of PLR.

    EnergyPlus Engineering Reference, "Electric Chiller Model Based on Condenser Leaving Temperature" (Hydeman
    et al. 2002, ASHRAE Transactions 108(1)). Leaving water depends on the power, and the power on leaving
    water: solved by fixed-point iteration from the load alone, which converges because 1 K changes the
    rejected heat by about 1 %.
    """

    curve_part_load_cw_low_c: Array  # range of leaving water that the part-load curve was made for
    curve_part_load_cw_high_c: Array

    def capacity_w(self, chw_c: Array, cw_c: Array, cw_kg_s: Array) -> Array:
        """Most heat one machine can take, W, at the leaving water which that heat causes."""
        most_w = self.rated_capacity_w
        for _ in range(LEAVING_WATER_ITERATIONS):
            power_w, available_w = self._at_leaving_water(most_w, most_w, chw_c, cw_c, cw_kg_s)
            leaving_c = self._leaving_c(available_w + power_w, chw_c, cw_c, cw_kg_s)
            most_w = capacity_at_w(self, *curve_temperatures_c(self, chw_c, leaving_c))
        return most_w

    def machine_power_w(self, load_w: Array, chw_c: Array, cw_c: Array, cw_kg_s: Array) -> Array:
        """`P = Q_avail / COP_ref * EIRFT * EIRFPLR * CyclingRatio` at the leaving water that results, W."""
        power_w = jnp.zeros_like(load_w)
        for _ in range(LEAVING_WATER_ITERATIONS):
            power_w, _ = self._at_leaving_water(load_w, load_w + power_w, chw_c, cw_c, cw_kg_s)
        return power_w

    def _leaving_c(self, rejected_w: Array, chw_c: Array, cw_c: Array, cw_kg_s: Array) -> Array:
        rise_k = rejected_w / (WATER_CP_J_KG_K * jnp.maximum(cw_kg_s, 1e-3))
        return entering_cw_c(self, cw_c, chw_c) + jnp.minimum(rise_k, MOST_CONDENSER_RISE_K)

    def _at_leaving_water(
        self, load_w: Array, rejected_w: Array, chw_c: Array, cw_c: Array, cw_kg_s: Array
    ) -> tuple[Array, Array]:
        """Power and available capacity, W, of one machine whose condenser water takes `rejected_w`."""
        leaving_c = self._leaving_c(rejected_w, chw_c, cw_c, cw_kg_s)
        x, y = curve_temperatures_c(self, chw_c, leaving_c)
        Q_avail = capacity_at_w(self, x, y)
        PLR, cycling = part_load(self, load_w, Q_avail, unloading_ratio(self, x, y))
        y_part = jnp.clip(leaving_c, self.curve_part_load_cw_low_c, self.curve_part_load_cw_high_c)
        EIRFPLR = jnp.maximum(bicubic(self.part_load_curve, y_part, PLR), 0.0)
        return Q_avail / self.rated_cop * input_ratio(self, x, y) * EIRFPLR * cycling, Q_avail
