"""Cooling tower cell by the YorkCalc correlation: approach from wetbulb, range and liquid-to-gas ratio."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.fan import fan_power_w
from simulator.tower import Tower, TowerFans, TowerInlet, inlet_capacity_w_k

# EnergyPlus Engineering Reference, "Variable Speed Cooling Towers", table of YorkCalc coefficients (K, °C).
# [power of liquid-to-gas, power of range, power of wetbulb]
YORKCALC = (
    (
        (-0.359741205, -0.055053608, 0.0023850432),
        (0.173926877, -0.0248473764, 0.00048430224),
        (-0.005589849456, 0.0005770079712, -0.00001342427256),
    ),
    (
        (2.84765801111111, -0.121765149, 0.0014599242),
        (1.680428651, -0.0166920786, -0.0007190532),
        (-0.025485194448, 0.0000487491696, 0.00002719234152),
    ),
    (
        (-0.0653766255555556, -0.002278167, 0.0002500254),
        (-0.0910565458, 0.00318176316, 0.000038621772),
        (-0.0034285382352, 0.00000856589904, -0.000001516821552),
    ),
)
# The correlation's own range, same source.
WETBULB_LIMITS_C = (-34.4, 26.6667)
RANGE_LIMITS_K = (1.1111, 22.2222)
WATER_RATIO_LIMITS = (0.75, 1.25)
MOST_LIQUID_TO_GAS = 8.0
MOST_EFFECTIVENESS = 0.98  # of cooling towards wetbulb: roots of the correlation beyond it are spurious


@struct.dataclass
class YorkTower(Tower):
    """Towers by YorkCalc; scalars. EnergyPlus Engineering Reference, "Variable Speed Cooling Towers"."""

    design_wetbulb_c: Array
    design_approach_k: Array
    design_range_k: Array
    minimum_air_ratio: Array  # below it the fan cycles
    free_convection: Array  # share of full-speed cooling with the fan off

    def full_speed_conductance_w_k(self, inlet: TowerInlet) -> Array:
        """W/K, from the range to which the correlation cools the entering water at full airflow."""
        full_c = york_leaving_c(self, inlet, jnp.ones_like(inlet.entering_c))
        above_wetbulb_k = jnp.maximum(inlet.entering_c - inlet.wetbulb_c, 0.5)
        effectiveness = jnp.clip((inlet.entering_c - full_c) / above_wetbulb_k, 0.0, MOST_EFFECTIVENESS)
        return jnp.where(inlet.cells > 0, effectiveness * inlet_capacity_w_k(inlet), 0.0)

    def fans_for(self, inlet: TowerInlet, heat_w: Array) -> TowerFans:
        """Airflow whose approach takes the heat out of the water, with the fan cycling at its least speed."""
        wanted_c = inlet.entering_c - heat_w / jnp.maximum(inlet_capacity_w_k(inlet), 1e-3)
        air_ratio, cycling = york_airflow(self, inlet, wanted_c)
        fan_w = fan_power_w(self.rated_fan_w, air_ratio, self.fan_power_curve)
        mean_air = jnp.maximum(cycling * air_ratio, self.free_convection)
        return TowerFans(cycling * air_ratio, mean_air, inlet.cells * cycling * fan_w)


def _of_liquid_to_gas(wetbulb_c: Array, range_k: Array) -> tuple[Array, Array, Array]:
    """Approach as `a + b L + c L²` of liquid-to-gas ratio L, relative to design."""
    a, b, c = (
        sum(row[w] * range_k**r * wetbulb_c**w for r, row in enumerate(block) for w in range(3))
        for block in YORKCALC
    )
    return jnp.asarray(a), jnp.asarray(b), jnp.asarray(c)


def _positive_root(a: Array, b: Array, c: Array) -> Array:
    """The root of `a + b x + c x²` that tends to `-a / b` as c vanishes."""
    root = jnp.sqrt(jnp.maximum(b**2 - 4 * a * c, 1e-12))
    return -2 * a / jnp.maximum(b + root, 1e-9)


def liquid_to_gas_for_approach(wetbulb_c: Array, range_k: Array, approach_k: Array) -> Array:
    """Liquid-to-gas ratio, relative to design, at which water is cooled over a range to an approach (K)."""
    a, b, c = _of_liquid_to_gas(wetbulb_c, range_k)
    return jnp.clip(_positive_root(a - approach_k, b, c), 1e-3, MOST_LIQUID_TO_GAS)


def _water_ratio(tower: YorkTower, inlet: TowerInlet) -> Array:
    """Water over the flow at which the correlation gives this tower's design approach at full airflow."""
    design = liquid_to_gas_for_approach(tower.design_wetbulb_c, tower.design_range_k, tower.design_approach_k)
    each_kg_s = inlet.water_kg_s / jnp.maximum(inlet.cells, 1e-3)
    return jnp.clip(design * each_kg_s / tower.rated_water_kg_s, *WATER_RATIO_LIMITS)


def york_leaving_c(tower: YorkTower, inlet: TowerInlet, air_ratio: Array) -> Array:
    """Leaving water, °C, at an airflow ratio: entering less the range that agrees with its approach."""
    wetbulb = jnp.clip(inlet.wetbulb_c, *WETBULB_LIMITS_C)
    L = jnp.minimum(_water_ratio(tower, inlet) / jnp.maximum(air_ratio, 1e-3), MOST_LIQUID_TO_GAS)
    p, q, r = (
        sum(YORKCALC[g][n][w] * L**g * wetbulb**w for g in range(3) for w in range(3)) for n in range(3)
    )
    excess_k = jnp.asarray(inlet.wetbulb_c + p - inlet.entering_c)
    range_k = _positive_root(excess_k, jnp.asarray(1 + q), jnp.asarray(r))
    return inlet.entering_c - jnp.clip(range_k, 0.0, RANGE_LIMITS_K[1])


def york_airflow(tower: YorkTower, inlet: TowerInlet, setpoint_c: Array) -> tuple[Array, Array]:
    """Airflow ratio while the fan runs, and the share of time it runs, to bring water to a setpoint.

    EnergyPlus Engineering Reference, "Variable Speed Cooling Towers": free convection where it suffices, a fan
    cycling at minimum speed above that, then the speed whose approach meets the setpoint, at most full.
    """
    full_c = york_leaving_c(tower, inlet, jnp.ones_like(inlet.entering_c))
    slow_c = york_leaving_c(tower, inlet, tower.minimum_air_ratio)
    off_c = inlet.entering_c - tower.free_convection * (inlet.entering_c - full_c)

    wetbulb = jnp.clip(inlet.wetbulb_c, *WETBULB_LIMITS_C)
    range_k = jnp.clip(inlet.entering_c - setpoint_c, *RANGE_LIMITS_K)
    L = liquid_to_gas_for_approach(wetbulb, range_k, setpoint_c - inlet.wetbulb_c)
    air_ratio = jnp.clip(_water_ratio(tower, inlet) / L, tower.minimum_air_ratio, 1.0)
    air_ratio = jnp.where(full_c >= setpoint_c, 1.0, air_ratio)
    cycling = jnp.clip((off_c - setpoint_c) / jnp.maximum(off_c - slow_c, 1e-3), 0.0, 1.0)
    return air_ratio, cycling
