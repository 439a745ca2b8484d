"""Cooling towers of several cells with variable-speed fans: what all kinds share, and water use."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import EVAPORATION_J_KG, WATER_CP_J_KG_K
from simulator.psychrometrics import (
    enthalpy_j_kg,
    humidity_ratio_from_wetbulb,
    saturation_humidity_ratio,
)
from simulator.wet_air import wet_air_cp_j_kg_k

FREEZING_C = 0.0
MOST_LATENT = 1.3  # of the heat: more would need air hotter than any weather


class TowerInlet(NamedTuple):
    """Water and air at the inlet of the cells in operation, all together; scalars."""

    cells: Array
    water_kg_s: Array
    entering_c: Array  # water
    wetbulb_c: Array
    pressure_pa: Array


class TowerFans(NamedTuple):
    """Scalars: `speed` and `air_ratio` as fractions of rated, each cell's mean; `power_w` of all cells."""

    speed: Array
    air_ratio: Array
    power_w: Array


@struct.dataclass
class Tower(ABC):
    """Ratings of one cell, scalars, the curve (n,); `cells` is the number of cells."""

    cells: Array
    rated_water_kg_s: Array
    rated_air_kg_s: Array
    rated_fan_w: Array
    fan_power_curve: Array  # (n,), of airflow fraction, ascending powers
    minimum_water_fraction: Array  # of rated flow, below which a cell's fill runs dry and the cell is shut
    freezing_water_fraction: Array  # the same in frost: fewer cells with more water do not ice up
    minimum_leaving_c: Array  # basin temperature below which the bypass opens, whatever the setpoint
    drift_fraction: Array  # of the water passed, lost as droplets
    cycles_of_concentration: Array  # dissolved solids over those of make-up water; blowdown keeps it

    @abstractmethod
    def full_speed_conductance_w_k(self, inlet: TowerInlet) -> Array:
        """Heat per K between entering water and wetbulb with all fans at full speed, W/K."""

    @abstractmethod
    def fans_for(self, inlet: TowerInlet, heat_w: Array) -> TowerFans:
        """Speed, airflow and power of the fans that reject `heat_w`, W; a bypass limits free convection."""


class TowerWater(NamedTuple):
    """Water lost, kg/s; scalars."""

    evaporated_kg_s: Array
    drift_kg_s: Array
    blowdown_kg_s: Array


def cells_for_flow(tower: Tower, water_kg_s: Array, drybulb_c: Array, share_failed: Array) -> Array:
    """Number of cells in operation: as many as the water wets, since many slow fans use least power.

    In frost each cell gets more water, so that its fill does not ice up: ASHRAE Handbook HVAC Systems and
    Equipment 2020, ch. 40, "Winter operation". `share_failed`: share of the cells out of service, 0-1.
    """
    least = jnp.where(drybulb_c < FREEZING_C, tower.freezing_water_fraction, tower.minimum_water_fraction)
    wetted = jnp.floor(water_kg_s / (least * tower.rated_water_kg_s))
    available = tower.cells * (1 - share_failed)
    return jax.lax.stop_gradient(jnp.clip(wetted, jnp.minimum(1.0, available), available))


def water_lost(
    tower: Tower, inlet: TowerInlet, fans: TowerFans, heat_w: Array, drybulb_c: Array
) -> TowerWater:
    """Water evaporated with air leaving saturated, carried off as drift, and blown down, kg/s.

    EnergyPlus Engineering Reference, "Cooling Tower Makeup Water Usage": evaporation by SaturatedExit, drift
    a share of the water passed, blowdown by concentration ratio, `E / (CR - 1) - D`. Air leaves no warmer
    than water enters and takes all the heat; in hot dry air it is also cooled, so evaporation may exceed the
    heat rejected.
    """
    air_w_k = fans.air_ratio * inlet.cells * tower.rated_air_kg_s * wet_air_at_inlet_j_kg_k(inlet)
    warmest_c = jnp.clip(inlet.entering_c, -30.0, 60.0)
    exit_c = jnp.clip(inlet.wetbulb_c + heat_w / jnp.maximum(air_w_k, 1.0), -30.0, warmest_c)
    w_in = humidity_ratio_from_wetbulb(drybulb_c, inlet.wetbulb_c, inlet.pressure_pa)
    w_out = saturation_humidity_ratio(exit_c, inlet.pressure_pa)
    gained_j_kg = enthalpy_j_kg(exit_c, w_out) - enthalpy_j_kg(drybulb_c, w_in)
    latent_share = EVAPORATION_J_KG * (w_out - w_in) / jnp.maximum(gained_j_kg, 1.0)
    evaporated = jnp.clip(latent_share, 0.0, MOST_LATENT) * jnp.maximum(heat_w, 0.0) / EVAPORATION_J_KG
    drift = jnp.where(inlet.cells > 0, tower.drift_fraction * inlet.water_kg_s, 0.0)
    blowdown = evaporated / jnp.maximum(tower.cycles_of_concentration - 1, 0.05) - drift
    return TowerWater(evaporated, drift, jnp.maximum(blowdown, 0.0))


def wet_air_at_inlet_j_kg_k(inlet: TowerInlet) -> Array:
    """Wet air's specific heat, J/(kg K), with leaving air halfway between wetbulb and entering water."""
    leaving_wetbulb_c = (inlet.wetbulb_c + inlet.entering_c) / 2
    return wet_air_cp_j_kg_k(inlet.wetbulb_c, leaving_wetbulb_c, inlet.pressure_pa)


def inlet_capacity_w_k(inlet: TowerInlet) -> Array:
    """Heat capacity rate of the water that reaches the cells, W/K."""
    return WATER_CP_J_KG_K * inlet.water_kg_s
