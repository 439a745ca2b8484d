"""One step of everything the water touches: chilled water, economizer, chillers, condenser water, tower."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from simulator import chilled_water, condenser_water, tower
from simulator.chiller import capacity_w, chiller_power_w, staged_chillers
from simulator.constants import WATER_CP_J_KG_K
from simulator.economizer import economizer_heat_w
from simulator.fan import fan_power_w
from simulator.pump import pump_power_w, pump_speed
from simulator.solve import mean_heat_to_sink_w
from simulator.types import Drivers, Faults, Plant, Setpoints, State


class ChilledSide(NamedTuple):
    """Scalars; temperatures are means over the step."""

    chiller_w: Array
    chiller_heat_w: Array
    economizer_heat_w: Array
    economizer_open: Array
    pump_w: Array
    pump_speed: Array
    flow_kg_s: Array
    supply_c: Array
    return_c: Array
    chillers_running: Array
    since_stage_change_s: Array
    next_chw_c: Array


class CondenserSide(NamedTuple):
    """Scalars; temperatures are means over the step."""

    pump_w: Array
    pump_speed: Array
    flow_kg_s: Array
    supply_c: Array
    return_c: Array
    tower_heat_w: Array
    tower_fan_w: Array
    tower_fan_speed: Array
    towers_running: Array
    water_evaporated_kg_s: Array
    next_cw_c: Array


def chilled_side_step(
    plant: Plant,
    state: State,
    setpoints: Setpoints,
    faults: Faults,
    coil_heat_w: Array,
    coil_water_kg_s: Array,
    dt_s: float,
) -> ChilledSide:
    """Economizer first, chillers for the rest; what they cannot take stays in the loop's water."""
    loop, capacity_j_k = plant.chilled_water, chilled_water.loop_heat_capacity_j_k(plant.chilled_water)
    flow_kg_s = chilled_water.plant_flow_kg_s(loop, coil_water_kg_s, state.chillers_running)
    open_share = jnp.maximum(setpoints.economizer_enable, faults.economizer_leak)
    extra_head_pa = plant.economizer.head_pa * setpoints.economizer_enable
    pump_w = pump_power_w(loop.pump, flow_kg_s, faults.pump_degradation, extra_head_pa)
    load_w = coil_heat_w + pump_w

    setpoint_c = setpoints.chw_supply_c - faults.chw_sensor_bias_k
    need_w = chilled_water.heat_to_remove_w(loop, state.chw_c, setpoint_c, load_w, flow_kg_s, dt_s)
    held_c = state.chw_c + 0.5 * (load_w - need_w) * dt_s / capacity_j_k
    passing_w = economizer_heat_w(
        plant.economizer, open_share, state.chw_c, held_c, flow_kg_s, state.cw_c, load_w, capacity_j_k, dt_s
    )
    enabled = setpoints.economizer_enable > 0.5
    economizer_w = jnp.where(enabled, jnp.clip(passing_w, 0.0, need_w), passing_w)

    chiller_need_w = jnp.maximum(need_w - economizer_w, 0.0)
    unit_w = capacity_w(plant.chillers, state.chw_c, state.cw_c)
    allowed = jnp.minimum(setpoints.chillers_available, plant.chillers.units - faults.chillers_tripped)
    running, since_s = staged_chillers(
        plant.chillers,
        state.chillers_running,
        state.since_stage_change_s,
        chiller_need_w,
        unit_w,
        allowed,
        dt_s,
    )
    chiller_heat_w = jnp.minimum(chiller_need_w, running * unit_w)
    chiller_w = chiller_power_w(
        plant.chillers, running, chiller_heat_w, state.chw_c, state.cw_c, faults.condenser_fouling
    )
    next_chw_c = state.chw_c + (load_w - economizer_w - chiller_heat_w) * dt_s / capacity_j_k
    supply_c = (state.chw_c + next_chw_c) / 2
    return ChilledSide(
        chiller_w=chiller_w,
        chiller_heat_w=chiller_heat_w,
        economizer_heat_w=economizer_w,
        economizer_open=open_share,
        pump_w=pump_w,
        pump_speed=pump_speed(loop.pump, flow_kg_s, extra_head_pa),
        flow_kg_s=flow_kg_s,
        supply_c=supply_c,
        return_c=chilled_water.return_c(supply_c, load_w, flow_kg_s),
        chillers_running=running,
        since_stage_change_s=since_s,
        next_chw_c=next_chw_c,
    )


def condenser_side_step(
    plant: Plant,
    state: State,
    setpoints: Setpoints,
    drivers: Drivers,
    faults: Faults,
    chilled: ChilledSide,
    dt_s: float,
) -> CondenserSide:
    """Heat of chillers, economizer and pump goes to the tower; fans run at the speed the setpoint needs."""
    loop, cells = plant.condenser_water, plant.tower
    capacity_j_k = condenser_water.loop_heat_capacity_j_k(loop)
    economizer_kg_s = plant.economizer.rated_cw_flow_kg_s * chilled.economizer_open
    flow_kg_s = condenser_water.loop_flow_kg_s(loop, chilled.chillers_running, economizer_kg_s)
    pump_w = pump_power_w(loop.pump, flow_kg_s)
    rejected_w = chilled.chiller_heat_w + chilled.chiller_w + chilled.economizer_heat_w + pump_w

    C_water = WATER_CP_J_KG_K * flow_kg_s
    range_k = rejected_w / C_water
    wetbulb_c = drivers.outdoor_wetbulb_c
    wet_cp = tower.saturated_air_slope_j_kg_k((wetbulb_c + state.cw_c + range_k / 2) / 2, drivers.pressure_pa)
    running = tower.cells_for_flow(cells, flow_kg_s, faults.tower_cells_failed)

    def mean_heat_w(sink_c: Array, conductance_w_k: Array) -> Array:
        return mean_heat_to_sink_w(
            state.cw_c, sink_c - range_k, conductance_w_k, rejected_w, capacity_j_k, dt_s
        )

    full_speed = jnp.ones_like(flow_kg_s)
    most_w_k = tower.tower_conductance_w_k(cells, running, flow_kg_s, full_speed, wet_cp)
    wanted_w = mean_heat_w(setpoints.cw_supply_c, C_water)
    heat_w = jnp.clip(wanted_w, 0.0, jnp.maximum(mean_heat_w(wetbulb_c, most_w_k), 0.0))

    next_cw_c = state.cw_c + (rejected_w - heat_w) * dt_s / capacity_j_k
    supply_c = (state.cw_c + next_cw_c) / 2
    above_wetbulb_k = supply_c + range_k - wetbulb_c
    needed_w_k = jnp.minimum(heat_w / jnp.maximum(above_wetbulb_k, 0.05), most_w_k)
    speed = tower.fan_speed_for_conductance(cells, running, flow_kg_s, needed_w_k, wet_cp)
    evaporated_kg_s = tower.evaporation_kg_s(
        cells, running, speed, heat_w, drivers.outdoor_drybulb_c, wetbulb_c, drivers.pressure_pa, wet_cp
    )
    return CondenserSide(
        pump_w=pump_w,
        pump_speed=pump_speed(loop.pump, flow_kg_s),
        flow_kg_s=flow_kg_s,
        supply_c=supply_c,
        return_c=supply_c + range_k,
        tower_heat_w=heat_w,
        tower_fan_w=running * fan_power_w(cells.rated_fan_w, speed),
        tower_fan_speed=speed,
        towers_running=running,
        water_evaporated_kg_s=evaporated_kg_s,
        next_cw_c=next_cw_c,
    )
