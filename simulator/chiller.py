"""Electric chillers: what all kinds share, and the kind whose curves take entering condenser water."""

from abc import ABC, abstractmethod

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.curves import biquadratic, polynomial

LEAST_CAPACITY, MOST_CAPACITY = 0.1, 2.0  # of rated: a curve read far outside its data stays physical
LEAST_INPUT, MOST_INPUT = 0.02, 3.0


@struct.dataclass
class Chillers(ABC):
    """`units` identical machines; scalars except the curves, whose form each kind says.

    `capacity_curve`, `input_curve` (6,): `simulator.curves.biquadratic` of leaving chilled water and of condenser
    water, °C, over rated capacity and over rated input per output.
    """

    units: Array
    rated_capacity_w: Array
    rated_cop: Array
    capacity_curve: Array
    input_curve: Array
    part_load_curve: Array
    minimum_load_ratio: Array  # below it the machine cycles
    minimum_unloading_ratio: Array  # below it hot gas is bypassed: input no longer falls with load
    surge_lift_k: Array  # condenser over chilled water up to which that ratio holds
    surge_ratio_per_k: Array  # what each kelvin more adds to it, so that the compressor does not surge
    minimum_cw_c: Array  # entering condenser water is held above this by a bypass
    minimum_lift_k: Array  # and this far above leaving chilled water
    curve_chw_low_c: Array
    curve_chw_high_c: Array
    curve_cw_low_c: Array  # of the condenser water that the curves are of
    curve_cw_high_c: Array
    stage_up_load_ratio: Array
    stage_down_load_ratio: Array
    minimum_on_s: Array  # between the last start and the next stop
    minimum_off_s: Array  # between the last stop or start and the next start

    @abstractmethod
    def capacity_w(self, chw_c: Array, cw_c: Array, cw_kg_s: Array) -> Array:
        """Most heat one machine can take, W, from chilled water that leaves at `chw_c`, °C.

        `cw_c` (°C) and `cw_kg_s` are the condenser water that reaches the machine.
        """

    @abstractmethod
    def machine_power_w(self, load_w: Array, chw_c: Array, cw_c: Array, cw_kg_s: Array) -> Array:
        """Electric power, W, of one running machine that takes `load_w`; arguments as in `capacity_w`."""


def entering_cw_c(chillers: Chillers, cw_c: Array, chw_c: Array) -> Array:
    """Condenser water at the machines' inlet, °C: head-pressure control warms it where it is too cold."""
    return jnp.maximum(cw_c, jnp.maximum(chillers.minimum_cw_c, chw_c + chillers.minimum_lift_k))


def curve_temperatures_c(chillers: Chillers, chw_c: Array, cw_c: Array) -> tuple[Array, Array]:
    """Chilled and condenser water, °C, limited to the range the curves were fitted for."""
    low, high = chillers.curve_cw_low_c, chillers.curve_cw_high_c
    return jnp.clip(chw_c, chillers.curve_chw_low_c, chillers.curve_chw_high_c), jnp.clip(cw_c, low, high)


def capacity_at_w(chillers: Chillers, x: Array, y: Array) -> Array:
    """`Q_ref ChillerCapFTemp`, W, at curve temperatures `x`, `y`."""
    modifier = biquadratic(chillers.capacity_curve, x, y)
    return chillers.rated_capacity_w * jnp.clip(modifier, LEAST_CAPACITY, MOST_CAPACITY)


def input_ratio(chillers: Chillers, x: Array, y: Array) -> Array:
    """`ChillerEIRFTemp` at curve temperatures `x`, `y`."""
    return jnp.clip(biquadratic(chillers.input_curve, x, y), LEAST_INPUT, MOST_INPUT)


def unloading_ratio(chillers: Chillers, chw_c: Array, cw_c: Array) -> Array:
    """Part-load ratio below which hot-gas bypass keeps the compressor loaded.

    A centrifugal compressor surges at low flow against high lift, so the floor rises with lift: ASHRAE Handbook
    HVAC Systems and Equipment 2020, ch. 43 (centrifugal liquid chillers, hot-gas bypass). `minimum_unloading_ratio`
    as in the EnergyPlus Engineering Reference, "Electric Chiller", false loading.
    """
    excess_k = jnp.maximum(cw_c - chw_c - chillers.surge_lift_k, 0.0)
    ratio = chillers.minimum_unloading_ratio + chillers.surge_ratio_per_k * excess_k
    return jnp.clip(ratio, chillers.minimum_load_ratio, 1.0)


def part_load(chillers: Chillers, load_w: Array, available_w: Array, floor: Array) -> tuple[Array, Array]:
    """Part-load ratio that the compressor works at, and the share of time that it runs.

    EnergyPlus Engineering Reference, "Electric Chiller": `PLR`, `ChillerCyclingRatio`.
    """
    PLR = load_w / jnp.maximum(available_w, 1.0)
    cycling = jnp.clip(PLR / chillers.minimum_load_ratio, 0.0, 1.0)
    return jnp.clip(PLR, floor, 1.05), cycling


@struct.dataclass
class EirChillers(Chillers):
    """Curves of *entering* condenser water; `part_load_curve` (n,) is a polynomial of part-load ratio.

    EnergyPlus Engineering Reference, "Electric Chiller Model Based on Condenser Entering Temperature" (DOE-2).
    """

    def capacity_w(self, chw_c: Array, cw_c: Array, cw_kg_s: Array) -> Array:
        """`Q_avail = Q_ref ChillerCapFTemp(T_chw leaving, T_cw entering)`, W, same source.

        `chw_c` and `cw_c` in °C; `cw_kg_s` is not used: these curves take entering water.
        """
        x, y = curve_temperatures_c(self, chw_c, entering_cw_c(self, cw_c, chw_c))
        return capacity_at_w(self, x, y)

    def machine_power_w(self, load_w: Array, chw_c: Array, cw_c: Array, cw_kg_s: Array) -> Array:
        """`P = Q_avail / COP_ref * EIRFT * EIRFPLR * CyclingRatio`, same source."""
        x, y = curve_temperatures_c(self, chw_c, entering_cw_c(self, cw_c, chw_c))
        Q_avail = capacity_at_w(self, x, y)
        PLR, cycling = part_load(self, load_w, Q_avail, unloading_ratio(self, x, y))
        EIRFPLR = polynomial(self.part_load_curve, PLR)
        return Q_avail / self.rated_cop * input_ratio(self, x, y) * EIRFPLR * cycling


def chillers_power_w(
    chillers: Chillers,
    running: Array,
    load_w: Array,
    chw_c: Array,
    cw_c: Array,
    cw_kg_s: Array,
    fouling: Array,
) -> Array:
    """Power of all running machines, W, which share `load_w` evenly; `cw_kg_s` is the flow to each.

    `fouling` is the relative rise of input that a fouled condenser causes. 0 where none runs.
    """
    each_w = load_w / jnp.maximum(running, 1.0)
    return running * chillers.machine_power_w(each_w, chw_c, cw_c, cw_kg_s) * (1 + fouling)
