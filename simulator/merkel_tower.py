"""Cooling tower cells by Merkel's theory: conductance from air and water flow, wet air as an equivalent fluid."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import AIR_CP_J_KG_K
from simulator.fan import fan_power_w
from simulator.solve import counterflow_effectiveness, inverse_of_rising_curve
from simulator.tower import Tower, TowerFans, TowerInlet, inlet_capacity_w_k, wet_air_at_inlet_j_kg_k
from simulator.wet_air import wet_air_cp_j_kg_k

N = 2

# Merkel number goes with (L/G)^-0.6: ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 40
AIR_EXPONENT = 0.6
MAX_SPEED = 1.0
LEAST_APPROACH_K = 0.05


@struct.dataclass
class MerkelTower(Tower):
    """Merkel towers; scalars. EnergyPlus Engineering Reference, "CoolingTower:VariableSpeed:Merkel"."""

    rated_ua_w_k: Array
    free_convection: Array  # airflow fraction with the fan off

    def full_speed_conductance_w_k(self, inlet: TowerInlet) -> Array:
        """Heat per K between entering water and entering wetbulb at full airflow, W/K.

        Wet air's specific heat depends on the leaving air: first with the usual leaving wetbulb, then with
        the one that the resulting heat gives.
        """
        full = jnp.full_like(inlet.water_kg_s, MAX_SPEED)
        usual_w_k = tower_conductance_w_k(self, inlet, full, wet_air_at_inlet_j_kg_k(inlet))
        heat_w = usual_w_k * _above_wetbulb_k(inlet)
        return tower_conductance_w_k(self, inlet, full, wet_cp_for_heat_j_kg_k(self, inlet, full, heat_w))

    def fans_for(self, inlet: TowerInlet, heat_w: Array) -> TowerFans:
        """Fan speed at which the cells' conductance rejects `heat_w`, W."""
        wanted_w_k = heat_w / _above_wetbulb_k(inlet)
        usual_cp = wet_air_at_inlet_j_kg_k(inlet)
        least = wanted_w_k / jnp.maximum(
            inlet.cells * self.rated_air_kg_s * usual_cp, 1e-3
        )  # effectiveness 1
        usual = air_ratio_for_conductance(self, inlet, wanted_w_k, usual_cp, start=least)
        wet_cp = wet_cp_for_heat_j_kg_k(self, inlet, usual, heat_w)
        ratio = air_ratio_for_conductance(self, inlet, wanted_w_k, wet_cp, start=usual)
        speed = (ratio - self.free_convection) / (MAX_SPEED - self.free_convection)
        power_w = inlet.cells * fan_power_w(self.rated_fan_w, speed, self.fan_power_curve)
        return TowerFans(speed, ratio, power_w)


def _above_wetbulb_k(inlet: TowerInlet) -> Array:
    return jnp.maximum(inlet.entering_c - inlet.wetbulb_c, LEAST_APPROACH_K)


def wet_cp_for_heat_j_kg_k(tower: MerkelTower, inlet: TowerInlet, air_ratio: Array, heat_w: Array) -> Array:
    """Wet air's specific heat, J/(kg K), for leaving air that `heat_w` warms, at most to entering water."""
    air_w_k = inlet.cells * tower.rated_air_kg_s * air_ratio * wet_air_at_inlet_j_kg_k(inlet)
    leaving_c = jnp.minimum(inlet.wetbulb_c + heat_w / jnp.maximum(air_w_k, 1.0), inlet.entering_c)
    return wet_air_cp_j_kg_k(inlet.wetbulb_c, leaving_c, inlet.pressure_pa)


def tower_conductance_w_k(
    tower: MerkelTower, inlet: TowerInlet, air_ratio: Array, wet_cp_j_kg_k: Array
) -> Array:
    """Heat per K between entering water and entering wetbulb, W/K; `air_ratio` is a fraction of rated airflow.

    Merkel's theory as effectiveness-NTU with an equivalent fluid: EnergyPlus Engineering Reference,
    "CoolingTower:VariableSpeed:Merkel".
    """
    water_ratio = inlet.water_kg_s / (jnp.maximum(inlet.cells, 1e-3) * tower.rated_water_kg_s)
    scale = jnp.maximum(air_ratio, 1e-3) ** AIR_EXPONENT * jnp.clip(water_ratio, 1e-3, 3.0) ** (
        1 - AIR_EXPONENT
    )
    UA = inlet.cells * tower.rated_ua_w_k * scale * wet_cp_j_kg_k / AIR_CP_J_KG_K
    C_air = inlet.cells * tower.rated_air_kg_s * air_ratio * wet_cp_j_kg_k
    C_water = inlet_capacity_w_k(inlet)
    C_min, C_max = jnp.minimum(C_air, C_water), jnp.maximum(C_air, C_water)
    return counterflow_effectiveness(C_min, C_max, UA) * C_min


def air_ratio_for_conductance(
    tower: MerkelTower, inlet: TowerInlet, conductance_w_k: Array, wet_cp_j_kg_k: Array, start: Array
) -> Array:
    """Airflow, fraction of rated, that gives the cells a conductance (W/K); at least free convection."""
    return inverse_of_rising_curve(
        lambda air: tower_conductance_w_k(tower, inlet, air, wet_cp_j_kg_k),
        target=conductance_w_k,
        start=start,
        low=tower.free_convection,
        high=jnp.full_like(conductance_w_k, MAX_SPEED),
    )
