"""One step of the air side: servers, halls and CRAHs. Arrays are (halls,) unless a line says otherwise."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from simulator.coil import CoilAir, coil_air, coil_duty, drying_line, water_for_conductance_kg_s
from simulator.constants import AIR_CP_J_KG_K, EVAPORATION_J_KG
from simulator.crah import crah_airflow_kg_s
from simulator.fan import fan_power_w, fan_speed
from simulator.hall import humidity_step, rack_inlet_c, rack_outlet_c, recirculation_fraction
from simulator.it import server_airflow_kg_s, server_power_w
from simulator.pi import pi_step
from simulator.power_chain import power_chain_losses_w
from simulator.psychrometrics import humidity_ratio_from_wetbulb
from simulator.solve import mean_heat_to_sink_w
from simulator.types import Drivers, Faults, Plant, Setpoints, State


class AirSide(NamedTuple):
    """What one step of the air side gives, mean over the step; (halls,), the two power-chain losses scalars.

    Powers in W, temperatures in °C, flows in kg/s, humidity ratios in kg of water per kg of dry air. The
    `next_` fields are the state at the end of the step.
    """

    chips_w: Array
    server_fan_w: Array
    pdu_loss_w: Array  # scalar
    ups_loss_w: Array  # scalar
    server_airflow_kg_s: Array
    crah_airflow_kg_s: Array
    crah_speed: Array
    crah_fan_w: Array
    supply_air_c: Array
    return_air_c: Array  # mean over the step
    rack_inlet_c: Array
    worst_inlet_c: Array
    rack_outlet_c: Array
    coil_water_kg_s: Array
    gain_w: Array
    coil_heat_w: Array
    next_return_air_c: Array
    next_humidity_ratio: Array
    next_coil_trim: Array


class _Loads(NamedTuple):
    chips_w: Array
    server_fan_w: Array
    pdu_loss_w: Array
    ups_loss_w: Array
    server_airflow_kg_s: Array
    airflow_kg_s: Array
    speed: Array
    crah_fan_w: Array
    sensible_gain_w: Array


def air_side_step(
    plant: Plant, state: State, setpoints: Setpoints, drivers: Drivers, faults: Faults, dt_s: Array | float
) -> AirSide:
    """Server and fan loads, coil duties, then supply, return and rack temperatures over `dt_s` seconds.

    Heat goes from the halls to the chilled water at the inlet of the coils, the last node of the supply leg.
    Halls are well-mixed masses (`simulator.solve.mean_heat_to_sink_w`).
    """
    loads = _loads(plant, state, setpoints, drivers, faults)
    meeting = coil_air(state.return_air_c, state.humidity_ratio, _coil_inlet_c(state), drivers.pressure_pa)
    water_kg_s, next_trim = _coil_water_kg_s(plant, state, setpoints, faults, loads, meeting, dt_s)
    duty = coil_duty(plant.crah, meeting, loads.airflow_kg_s, water_kg_s, faults.coil_fouling)
    capacity_j_k = plant.hall.heat_capacity_j_k
    sensible_w = mean_heat_to_sink_w(
        state.return_air_c,
        meeting.water_c,
        duty.sensible_w_k,
        loads.sensible_gain_w,
        capacity_j_k,
        dt_s,
    )
    next_return_c = state.return_air_c + (loads.sensible_gain_w - sensible_w) * dt_s / capacity_j_k
    return_c = (state.return_air_c + next_return_c) / 2
    leaving_c = return_c - sensible_w / (AIR_CP_J_KG_K * loads.airflow_kg_s)
    supply_c = leaving_c + _fan_rise_k(loads)

    drying_kg_s, dry_humidity_ratio = drying_line(
        plant.crah, meeting, loads.airflow_kg_s, water_kg_s, faults.coil_fouling, drivers.pressure_pa
    )
    next_humidity, condensed_kg_s = humidity_step(
        plant.hall,
        state.humidity_ratio,
        humidity_ratio_from_wetbulb(
            drivers.outdoor_drybulb_c, drivers.outdoor_wetbulb_c, drivers.pressure_pa
        ),
        dry_humidity_ratio,
        drying_kg_s,
        dt_s,
    )
    latent_w = condensed_kg_s * EVAPORATION_J_KG

    ratio = loads.airflow_kg_s / loads.server_airflow_kg_s
    mean_share, worst_share = recirculation_fraction(plant.hall, ratio)
    inlet_c = rack_inlet_c(supply_c, return_c, ratio, mean_share)
    it_w = loads.chips_w + loads.server_fan_w
    return AirSide(
        chips_w=loads.chips_w,
        server_fan_w=loads.server_fan_w,
        pdu_loss_w=loads.pdu_loss_w,
        ups_loss_w=loads.ups_loss_w,
        server_airflow_kg_s=loads.server_airflow_kg_s,
        crah_airflow_kg_s=loads.airflow_kg_s,
        crah_speed=loads.speed,
        crah_fan_w=loads.crah_fan_w,
        supply_air_c=supply_c,
        return_air_c=return_c,
        rack_inlet_c=inlet_c,
        worst_inlet_c=rack_inlet_c(supply_c, return_c, ratio, worst_share),
        rack_outlet_c=rack_outlet_c(inlet_c, it_w, loads.server_airflow_kg_s),
        coil_water_kg_s=water_kg_s,
        gain_w=loads.sensible_gain_w + latent_w,
        coil_heat_w=sensible_w + latent_w,
        next_return_air_c=next_return_c,
        next_humidity_ratio=next_humidity,
        next_coil_trim=next_trim,
    )


def _coil_inlet_c(state: State) -> Array:
    return state.chw_supply_leg_c[-1]


def _loads(plant: Plant, state: State, setpoints: Setpoints, drivers: Drivers, faults: Faults) -> _Loads:
    servers, chain, crah = plant.servers, plant.power_chain, plant.crah
    chips_w, fans_w = server_power_w(servers, drivers.it_utilization, state.rack_inlet_c)
    it_w = chips_w + fans_w
    pdu_w, ups_w = power_chain_losses_w(chain, it_w.sum())
    # idle servers still let a little air through, which keeps the airflow ratio defined
    server_air = jnp.maximum(server_airflow_kg_s(servers, drivers.it_utilization, state.rack_inlet_c), 1e-3)
    air = crah_airflow_kg_s(crah, setpoints.airflow_ratio, server_air, faults.crah_fans_failed)
    speed = fan_speed(air, crah.rated_airflow_kg_s)
    crah_fan_w = fan_power_w(crah.rated_fan_w, speed, crah.fan_power_curve)
    hall_share = servers.rated_w / servers.rated_w.sum()
    shared_w = (pdu_w + chain.ups_heat_to_hall * ups_w + chain.lighting_w) * hall_share
    skin_w_k = plant.hall.envelope_w_k + AIR_CP_J_KG_K * plant.hall.fresh_air_kg_s
    skin_w = skin_w_k * (drivers.outdoor_drybulb_c - state.return_air_c)
    gain_w = it_w + shared_w + crah_fan_w + skin_w
    return _Loads(chips_w, fans_w, pdu_w, ups_w, server_air, air, speed, crah_fan_w, gain_w)


def _fan_rise_k(loads: _Loads) -> Array:
    return loads.crah_fan_w / (AIR_CP_J_KG_K * loads.airflow_kg_s)


def _coil_water_kg_s(
    plant: Plant,
    state: State,
    setpoints: Setpoints,
    faults: Faults,
    loads: _Loads,
    meeting: CoilAir,
    dt_s: Array | float,
) -> tuple[Array, Array]:
    """Water the valves let through, kg/s, and the trim's next integral.

    The valve position that a clean coil needs, corrected by a PI loop on the supply-air sensor for what the
    design does not know: fouling, and errors of the step.
    """
    crah, capacity_j_k = plant.crah, plant.hall.heat_capacity_j_k
    C_air = AIR_CP_J_KG_K * loads.airflow_kg_s
    wanted_w = mean_heat_to_sink_w(
        state.return_air_c,
        setpoints.supply_air_c - _fan_rise_k(loads),
        C_air,
        loads.sensible_gain_w,
        capacity_j_k,
        dt_s,
    )
    return_c = state.return_air_c + 0.5 * (loads.sensible_gain_w - wanted_w) * dt_s / capacity_j_k
    head_k = return_c - meeting.water_c
    conductance_w_k = jnp.where(head_k > 0.0, jnp.maximum(wanted_w, 0.0) / jnp.maximum(head_k, 0.05), 0.0)
    design_kg_s = water_for_conductance_kg_s(
        crah, meeting, loads.airflow_kg_s, jnp.minimum(conductance_w_k, C_air)
    )

    room_for_more = crah.rated_water_kg_s / jnp.maximum(design_kg_s, 1e-3) - 1
    gains = plant.control.coil_trim.replace(  # type: ignore[attr-defined]
        high=jnp.minimum(plant.control.coil_trim.high, room_for_more)
    )
    trim, next_integral = pi_step(gains, state.coil_trim, state.supply_air_c - setpoints.supply_air_c, dt_s)
    controlled = jnp.clip(design_kg_s * (1 + trim), 0.0, crah.rated_water_kg_s)
    stuck = faults.valve_position * crah.rated_water_kg_s
    return jnp.where(faults.valve_stuck > 0.5, stuck, controlled), next_integral


def valve_position(plant: Plant, coil_water_kg_s: Array) -> Array:
    """Mean opening of the coil valves, 0-1: flow drawn by all coils over their rated flow; scalar."""
    return coil_water_kg_s.sum() / plant.crah.rated_water_kg_s.sum()
