"""One step of the chilled-water side: pumps, economizer, chillers, and transport through the loop."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from simulator.chilled_water import LoopPass, leg_step, loop_pass, plant_flow_kg_s
from simulator.chiller import chillers_power_w
from simulator.constants import WATER_CP_J_KG_K
from simulator.economizer import (
    Economizer,
    cw_flow_for_conductance_kg_s,
    economizer_conductance_w_k,
    economizer_open,
    heat_at_setpoint_w,
)
from simulator.staging import Staging, staged_chillers
from simulator.types import Faults, Plant, Setpoints, State

LEAST_DIFFERENCE_K = 0.05


class ChilledSide(NamedTuple):
    """What one step of the chilled-water side gives, mean over the step; scalars, the two legs (LEG_NODES,).

    Powers and heats in W, temperatures in °C, flows in kg/s.
    """

    chiller_w: Array
    chiller_heat_w: Array
    economizer_heat_w: Array
    economizer_open: Array
    economizer_cw_kg_s: Array
    pump_w: Array
    pump_speed: Array
    extra_head_pa: Array  # of the economizer, at the pumps' rated flow
    flow_kg_s: Array
    supply_c: Array  # leaving the plant
    return_c: Array
    staging: Staging
    next_supply_leg_c: Array  # (LEG_NODES,)
    next_return_leg_c: Array


class _Water(NamedTuple):
    """Water that would reach the plant with its leaving water at the setpoint; scalars."""

    flow_kg_s: Array
    capacity_w_k: Array
    way_round: LoopPass
    setpoint_c: Array
    pump_w: Array
    entering_c: Array  # behind the pumps
    need_w: Array  # heat to take out of it


class _FreeCooling(NamedTuple):
    """Duty of the exchanger while the chillers hold the setpoint; scalars."""

    share_open: Array
    cw_kg_s: Array
    conductance_w_k: Array
    heat_w: Array


def chilled_side_step(
    plant: Plant,
    state: State,
    setpoints: Setpoints,
    faults: Faults,
    coil_heat_w: Array,
    coil_water_kg_s: Array,
    dt_s: Array | float,
) -> ChilledSide:
    """Economizer first, chillers for the rest; heat that neither can take stays in the loop's water.

    `coil_heat_w` (W) and `coil_water_kg_s` are scalars, summed over the halls; `dt_s` in seconds.
    """
    loop, running = plant.chilled_water, state.staging.running
    flow_kg_s = plant_flow_kg_s(loop, coil_water_kg_s, running)
    coil_rise_k = coil_heat_w / (WATER_CP_J_KG_K * flow_kg_s)
    legs = (state.chw_supply_leg_c, state.chw_return_leg_c)
    way_round = loop_pass(loop, *legs, coil_rise_k, flow_kg_s, dt_s)
    setpoint_c = setpoints.chw_supply_c - faults.chw_sensor_bias_k
    is_open = _is_open(plant, state, setpoints, way_round.return_c(setpoint_c))
    extra_head_pa = _extra_head_pa(plant, is_open)
    pump_w = loop.pump.power_w(flow_kg_s, faults.pump_degradation, extra_head_pa)
    water = _water(flow_kg_s, way_round, setpoint_c, pump_w)
    free = _free_cooling(plant, state, faults, is_open, water)

    condenser_c = state.cw_c + _warmed_by_economizer_k(plant, running, free)
    leaving_c = state.chw_supply_leg_c[0]
    each_kg_s = plant.condenser_water.flow_per_chiller_kg_s
    unit_w = plant.chillers.capacity_w(leaving_c, condenser_c, each_kg_s)
    allowed = jnp.minimum(setpoints.chillers_available, plant.chillers.units - faults.chillers_tripped)
    chiller_need_w = jnp.maximum(water.need_w - free.heat_w, 0.0)
    staging = staged_chillers(plant.chillers, state.staging, chiller_need_w, unit_w, allowed, dt_s)
    chiller_heat_w = jnp.minimum(chiller_need_w, staging.running * unit_w)
    chiller_w = chillers_power_w(
        plant.chillers,
        staging.running,
        chiller_heat_w,
        leaving_c,
        condenser_c,
        each_kg_s,
        faults.condenser_fouling,
    )
    economizer_heat_w = _economizer_heat_w(plant, state, water, free, chiller_need_w, chiller_heat_w)

    supply_c = way_round.leaving_c((chiller_heat_w + economizer_heat_w - pump_w) / water.capacity_w_k)
    next_supply, at_coils_c = leg_step(loop, legs[0], supply_c, flow_kg_s, dt_s)
    next_return, return_c = leg_step(loop, legs[1], at_coils_c + coil_rise_k, flow_kg_s, dt_s)
    return ChilledSide(
        chiller_w=chiller_w,
        chiller_heat_w=chiller_heat_w,
        economizer_heat_w=economizer_heat_w,
        economizer_open=is_open,
        economizer_cw_kg_s=free.cw_kg_s,
        pump_w=pump_w,
        pump_speed=loop.pump.speed(flow_kg_s, extra_head_pa),
        extra_head_pa=extra_head_pa,
        flow_kg_s=flow_kg_s,
        supply_c=supply_c,
        return_c=return_c,
        staging=staging,
        next_supply_leg_c=next_supply,
        next_return_leg_c=next_return,
    )


def _water(flow_kg_s: Array, way_round: LoopPass, setpoint_c: Array, pump_w: Array) -> _Water:
    C = WATER_CP_J_KG_K * flow_kg_s
    entering_c = way_round.return_c(setpoint_c) + pump_w / C
    need_w = jnp.maximum(C * (entering_c - setpoint_c), 0.0)
    return _Water(flow_kg_s, C, way_round, setpoint_c, pump_w, entering_c, need_w)


def _is_open(plant: Plant, state: State, setpoints: Setpoints, return_c: Array) -> Array:
    if plant.economizer is None:
        return jnp.zeros_like(return_c)
    return economizer_open(
        plant.economizer,
        setpoints.economizer_enable,
        return_c,
        state.cw_c,
        setpoints.cw_supply_c,
        state.staging.running,
    )


def _extra_head_pa(plant: Plant, is_open: Array) -> Array:
    if plant.economizer is None or plant.economizer.chilled_side == "parallel":
        return jnp.zeros_like(is_open)
    return plant.economizer.head_pa * is_open


def _free_cooling(plant: Plant, state: State, faults: Faults, is_open: Array, water: _Water) -> _FreeCooling:
    economizer, none = plant.economizer, jnp.zeros_like(water.need_w)
    if economizer is None:
        return _FreeCooling(none, none, none, none)
    share_open = jnp.maximum(is_open, faults.economizer_leak)
    difference_k = water.entering_c - state.cw_c
    needed_w_k = water.need_w / jnp.maximum(difference_k, LEAST_DIFFERENCE_K)
    if economizer.condenser_side == "parallel":
        wanted_kg_s = cw_flow_for_conductance_kg_s(economizer, water.flow_kg_s, needed_w_k)
        leak_kg_s = economizer.rated_cw_flow_kg_s * faults.economizer_leak
        cw_kg_s = jnp.where(is_open > 0, wanted_kg_s, leak_kg_s)
    else:
        cw_kg_s = _series_flow_kg_s(plant, economizer, state.staging.running) * share_open
    conductance_w_k = economizer_conductance_w_k(economizer, water.flow_kg_s, cw_kg_s)
    heat_w = conductance_w_k * difference_k
    if economizer.chilled_side == "parallel":
        at_setpoint_w = heat_at_setpoint_w(
            economizer, water.entering_c, water.setpoint_c, state.cw_c, cw_kg_s
        )
        heat_w = jnp.where(state.staging.running > 0, jnp.minimum(heat_w, at_setpoint_w), heat_w)
    heat_w = jnp.where(is_open > 0, jnp.clip(heat_w, 0.0, water.need_w), heat_w)
    return _FreeCooling(share_open, cw_kg_s, conductance_w_k, heat_w)


def _series_flow_kg_s(plant: Plant, economizer: Economizer, running: Array) -> Array:
    chillers_kg_s = plant.condenser_water.flow_per_chiller_kg_s * running
    return jnp.maximum(chillers_kg_s, economizer.rated_cw_flow_kg_s)


def _warmed_by_economizer_k(plant: Plant, running: Array, free: _FreeCooling) -> Array:
    """Temperature rise of tower water ahead of the condensers, where the exchanger is upstream of them."""
    economizer = plant.economizer
    if economizer is None or economizer.condenser_side == "parallel":
        return jnp.zeros_like(free.heat_w)
    return free.heat_w / (WATER_CP_J_KG_K * _series_flow_kg_s(plant, economizer, running))


def _economizer_heat_w(
    plant: Plant,
    state: State,
    water: _Water,
    free: _FreeCooling,
    chiller_need_w: Array,
    chiller_heat_w: Array,
) -> Array:
    """Heat by the exchanger: as planned where chillers do the rest, else at the water temperature that results.

    `T_in = A T_out + B` round the loop, `T_out = T_in - (K (T_in - T_cw) + Q_chillers) / C` through the plant.
    """
    if plant.economizer is None:
        return free.heat_w
    A, B = water.way_round
    C, K, T_cw = water.capacity_w_k, free.conductance_w_k, state.cw_c
    pump_k = water.pump_w / C
    T_in = (B + pump_k + A * (K * T_cw - chiller_heat_w) / C) / (1 - A + A * K / C)
    warmer_w = K * (T_in - T_cw)
    if plant.economizer.chilled_side == "parallel":
        warmer_w = jnp.where(state.staging.running > 0, free.heat_w, warmer_w)
    is_short = (chiller_heat_w < chiller_need_w) & (free.share_open > 0)
    return jnp.where(is_short, jnp.minimum(warmer_w, water.need_w), free.heat_w)
