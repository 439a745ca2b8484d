"""One step of the condenser-water side: pumps, towers, water use, and the loop's temperature."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from simulator import condenser_water
from simulator.chilled_side import ChilledSide
from simulator.constants import WATER_CP_J_KG_K
from simulator.solve import mean_heat_to_sink_w
from simulator.tower import TowerFans, TowerInlet, TowerWater, cells_for_flow, water_lost
from simulator.types import Drivers, Faults, Plant, Setpoints, State


class CondenserSide(NamedTuple):
    """What one step of the condenser-water side gives, mean over the step; scalars.

    Powers and heats in W, temperatures in °C, flows in kg/s.
    """

    pump_w: Array
    pump_speed: Array
    flow_kg_s: Array
    supply_c: Array
    return_c: Array
    tower_heat_w: Array
    fans: TowerFans
    towers_running: Array
    water: TowerWater
    next_cw_c: Array


def condenser_side_step(
    plant: Plant,
    state: State,
    setpoints: Setpoints,
    drivers: Drivers,
    faults: Faults,
    chilled: ChilledSide,
    dt_s: Array | float,
) -> CondenserSide:
    """Heat of chillers, economizer and pumps goes to the towers; fans run as fast as the setpoint needs.

    The loop is one well-mixed volume (`simulator.solve.mean_heat_to_sink_w`); `dt_s` in seconds.
    """
    loop, tower = plant.condenser_water, plant.tower
    flow_kg_s = condenser_water.loop_flow_kg_s(
        loop, chilled.staging.running, plant.economizer, chilled.economizer_cw_kg_s
    )
    extra_head_pa = _extra_head_pa(plant, chilled)
    pump_w = loop.pump.power_w(flow_kg_s, extra_head_pa=extra_head_pa)
    rejected_w = chilled.chiller_heat_w + chilled.chiller_w + chilled.economizer_heat_w + pump_w
    range_k = rejected_w / (WATER_CP_J_KG_K * flow_kg_s)
    cells = cells_for_flow(tower, flow_kg_s, drivers.outdoor_drybulb_c, faults.tower_cells_failed)
    inlet = TowerInlet(cells, flow_kg_s, state.cw_c + range_k, drivers.outdoor_wetbulb_c, drivers.pressure_pa)
    heat_w = _tower_heat_w(plant, state, setpoints, faults, inlet, range_k, rejected_w, dt_s)

    next_cw_c = state.cw_c + (rejected_w - heat_w) * dt_s / condenser_water.loop_heat_capacity_j_k(loop)
    supply_c = (state.cw_c + next_cw_c) / 2
    inlet = inlet._replace(entering_c=supply_c + range_k)
    fans = tower.fans_for(inlet, heat_w)
    return CondenserSide(
        pump_w=pump_w,
        pump_speed=loop.pump.speed(flow_kg_s, extra_head_pa),
        flow_kg_s=flow_kg_s,
        supply_c=supply_c,
        return_c=supply_c + range_k,
        tower_heat_w=heat_w,
        fans=fans,
        towers_running=cells,
        water=water_lost(tower, inlet, fans, heat_w, drivers.outdoor_drybulb_c),
        next_cw_c=next_cw_c,
    )


def _extra_head_pa(plant: Plant, chilled: ChilledSide) -> Array:
    if plant.economizer is None or plant.economizer.condenser_side == "parallel":
        return jnp.zeros_like(chilled.economizer_open)
    return plant.economizer.head_pa * chilled.economizer_open


def _tower_heat_w(
    plant: Plant,
    state: State,
    setpoints: Setpoints,
    faults: Faults,
    inlet: TowerInlet,
    range_k: Array,
    rejected_w: Array,
    dt_s: Array | float,
) -> Array:
    """Heat that brings the water to its setpoint, at most that of full fan speed; a bypass prevents freezing.

    The controller uses the sensor with its bias; the basin's thermostat has a sensor of its own.
    """
    capacity_j_k = condenser_water.loop_heat_capacity_j_k(plant.condenser_water)

    def mean_heat_w(sink_c: Array, conductance_w_k: Array) -> Array:
        return mean_heat_to_sink_w(
            state.cw_c, sink_c - range_k, conductance_w_k, rejected_w, capacity_j_k, dt_s
        )

    wanted_c = jnp.maximum(setpoints.cw_supply_c - faults.cw_sensor_bias_k, plant.tower.minimum_leaving_c)
    wanted_w = mean_heat_w(wanted_c, WATER_CP_J_KG_K * inlet.water_kg_s)
    most_w = mean_heat_w(inlet.wetbulb_c, plant.tower.full_speed_conductance_w_k(inlet))
    return jnp.clip(wanted_w, 0.0, jnp.maximum(most_w, 0.0))
