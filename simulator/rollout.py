"""The simulator's interface: `init`, `step`, `rollout`. Pure functions, made for `jit`, `vmap` and `grad`."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from simulator.air_side import AirSide, air_side_step, valve_position
from simulator.chilled_side import ChilledSide, chilled_side_step
from simulator.chilled_water import LEG_NODES
from simulator.condenser_side import CondenserSide, condenser_side_step
from simulator.control import physical_drivers, physical_setpoints, received_setpoints, slewed_setpoints
from simulator.crah import underfloor_pa
from simulator.faults import physical_faults
from simulator.hall import aisle_pa
from simulator.plant import default_setpoints
from simulator.power_chain import part_load_loss_w
from simulator.psychrometrics import dew_point_from_humidity_ratio_c, relative_humidity
from simulator.staging import Staging
from simulator.types import Drivers, Faults, Plant, Sensors, Setpoints, State

LONG_AGO_S = 7200.0  # longer than any timer
MAX_SUBSTEP_S = 300.0  # longer steps are divided; tests compare with 15 s


def init(plant: Plant) -> State:
    """A plant at rest near its design state: cool halls, full loops, one chiller running. Raises nothing."""
    halls = jnp.zeros_like(plant.servers.rated_w)
    scalar = jnp.zeros_like(plant.chillers.units)
    return State(
        return_air_c=halls + 30.0,
        supply_air_c=halls + 20.0,
        rack_inlet_c=halls + 21.0,
        humidity_ratio=halls + 0.008,
        coil_trim=halls,
        chw_supply_leg_c=jnp.full_like(scalar, 10.0, shape=(LEG_NODES,)),
        chw_return_leg_c=jnp.full_like(scalar, 13.0, shape=(LEG_NODES,)),
        cw_c=scalar + 24.0,
        staging=Staging(scalar + 1.0, scalar + LONG_AGO_S, scalar + LONG_AGO_S),
        setpoints=default_setpoints(plant),
        heard=default_setpoints(plant),
        since_heard_s=scalar,
    )


def step(
    plant: Plant, state: State, setpoints: Setpoints, drivers: Drivers, faults: Faults, *, dt_s: float
) -> tuple[State, Sensors]:
    """One step of `dt_s` seconds: the state after it and what perfect meters read over it.

    Shapes: everything scalar or (halls,), as the types say; use `jax.vmap` for more. Steps longer than
    `MAX_SUBSTEP_S` are divided and the sensors averaged. Any finite input gives finite output.

    Raises:
        ValueError: `dt_s` is not positive.
    """
    if not dt_s > 0:
        raise ValueError(f"dt_s must be positive, got {dt_s}; give the step in seconds, e.g. dt_s=300.0")
    parts = math.ceil(dt_s / MAX_SUBSTEP_S)
    target, weather, broken = (
        physical_setpoints(setpoints),
        physical_drivers(drivers),
        physical_faults(faults),
    )

    def part(now: State, _: None) -> tuple[State, Sensors]:
        return substep(plant, now, target, weather, broken, dt_s / parts)

    if parts == 1:
        return part(state, None)
    end, readings = jax.lax.scan(part, state, length=parts)
    return end, jax.tree.map(lambda r: r.mean(axis=0), readings)


def substep(
    plant: Plant, state: State, target: Setpoints, drivers: Drivers, faults: Faults, dt_s: Array | float
) -> tuple[State, Sensors]:
    """One undivided step, with inputs in physical range; stable, but coarse beyond `MAX_SUBSTEP_S`."""
    heard, since_heard_s = received_setpoints(
        plant.control, state.heard, state.since_heard_s, target, faults.communication_lost, dt_s
    )
    setpoints = slewed_setpoints(state.setpoints, heard, plant.control.slew_per_s, dt_s)
    air = air_side_step(plant, state, setpoints, drivers, faults, dt_s)
    chilled = chilled_side_step(
        plant, state, setpoints, faults, air.coil_heat_w.sum(), air.coil_water_kg_s.sum(), dt_s
    )
    condenser = condenser_side_step(plant, state, setpoints, drivers, faults, chilled, dt_s)
    after = State(
        return_air_c=air.next_return_air_c,
        supply_air_c=jnp.where(
            faults.supply_air_sensor_stuck > 0.5,
            state.supply_air_c,
            air.supply_air_c + faults.supply_air_sensor_bias_k,
        ),
        rack_inlet_c=air.rack_inlet_c,
        humidity_ratio=air.next_humidity_ratio,
        coil_trim=air.next_coil_trim,
        chw_supply_leg_c=chilled.next_supply_leg_c,
        chw_return_leg_c=chilled.next_return_leg_c,
        cw_c=condenser.next_cw_c,
        staging=chilled.staging,
        setpoints=setpoints,
        heard=heard,
        since_heard_s=since_heard_s,
    )
    # a scan's carry keeps its type when a caller mixes precisions
    after = jax.tree.map(lambda new, old: new.astype(old.dtype), after, state)
    return after, _read(plant, setpoints, drivers, air, chilled, condenser)


def _read(
    plant: Plant,
    setpoints: Setpoints,
    drivers: Drivers,
    air: AirSide,
    chilled: ChilledSide,
    condenser: CondenserSide,
) -> Sensors:
    it_w = (air.chips_w + air.server_fan_w).sum()
    crah_fan_w = air.crah_fan_w.sum()
    cooling_w = chilled.chiller_w + chilled.pump_w + condenser.pump_w + condenser.fans.power_w + crah_fan_w
    chain = plant.power_chain
    delivered_w = it_w + air.ups_loss_w + air.pdu_loss_w + chain.lighting_w + cooling_w
    transformer_w = part_load_loss_w(chain.transformer_rated_w, chain.transformer_loss, delivered_w)
    inlet_mean_c = _mean(air.rack_inlet_c, air.server_airflow_kg_s)
    humidity = _mean(air.next_humidity_ratio, air.server_airflow_kg_s)
    return Sensors(
        outdoor_drybulb_c=drivers.outdoor_drybulb_c,
        outdoor_wetbulb_c=drivers.outdoor_wetbulb_c,
        pressure_pa=drivers.pressure_pa,
        it_utilization=_mean(drivers.it_utilization * jnp.ones_like(air.chips_w), plant.servers.rated_w),
        it_w=it_w,
        server_fan_w=air.server_fan_w.sum(),
        facility_w=delivered_w + transformer_w,
        ups_loss_w=air.ups_loss_w,
        pdu_loss_w=air.pdu_loss_w,
        transformer_loss_w=transformer_w,
        lighting_w=chain.lighting_w,
        cooling_w=cooling_w,
        chiller_w=chilled.chiller_w,
        chw_pump_w=chilled.pump_w,
        cw_pump_w=condenser.pump_w,
        tower_fan_w=condenser.fans.power_w,
        crah_fan_w=crah_fan_w,
        supply_air_c=_mean(air.supply_air_c, air.crah_airflow_kg_s),
        return_air_c=_mean(air.return_air_c, air.crah_airflow_kg_s),
        rack_inlet_c=air.worst_inlet_c.max(),
        rack_inlet_mean_c=inlet_mean_c,
        rack_outlet_c=_mean(air.rack_outlet_c, air.server_airflow_kg_s),
        rack_dew_point_c=dew_point_from_humidity_ratio_c(humidity, drivers.pressure_pa),
        rack_relative_humidity=relative_humidity(inlet_mean_c, humidity, drivers.pressure_pa),
        chw_supply_c=chilled.supply_c,
        chw_return_c=chilled.return_c,
        chw_flow_kg_s=chilled.flow_kg_s,
        cw_supply_c=condenser.supply_c,
        cw_return_c=condenser.return_c,
        cw_flow_kg_s=condenser.flow_kg_s,
        chillers_running=chilled.staging.running,
        towers_running=condenser.towers_running,
        crah_fan_speed=_mean(air.crah_speed, plant.crah.rated_airflow_kg_s),
        chw_pump_speed=chilled.pump_speed,
        cw_pump_speed=condenser.pump_speed,
        tower_fan_speed=condenser.fans.speed,
        valve_position=valve_position(plant, air.coil_water_kg_s),
        airflow_kg_s=air.crah_airflow_kg_s.sum(),
        underfloor_pa=_mean(underfloor_pa(plant.crah, air.crah_airflow_kg_s), plant.crah.rated_airflow_kg_s),
        aisle_pa=_mean(
            aisle_pa(plant.hall, air.crah_airflow_kg_s / air.server_airflow_kg_s), air.server_airflow_kg_s
        ),
        chw_head_pa=plant.chilled_water.pump.head_pa(chilled.flow_kg_s, chilled.extra_head_pa),
        hall_gain_w=air.gain_w.sum(),
        coil_heat_w=air.coil_heat_w.sum(),
        economizer_heat_w=chilled.economizer_heat_w,
        chiller_heat_w=chilled.chiller_heat_w,
        tower_heat_w=condenser.tower_heat_w,
        water_evaporated_kg_s=condenser.water.evaporated_kg_s,
        water_drift_kg_s=condenser.water.drift_kg_s,
        water_blowdown_kg_s=condenser.water.blowdown_kg_s,
        supply_air_setpoint_c=setpoints.supply_air_c,
        chw_supply_setpoint_c=setpoints.chw_supply_c,
        cw_supply_setpoint_c=setpoints.cw_supply_c,
        airflow_ratio=air.crah_airflow_kg_s.sum() / air.server_airflow_kg_s.sum(),
        economizer_enable=setpoints.economizer_enable,
    )


def _mean(values: Array, weights: Array) -> Array:
    return (values * weights).sum() / weights.sum()


def rollout(
    plant: Plant,
    state: State,
    setpoints: Setpoints,
    drivers: Drivers,
    faults: Faults | None = None,
    *,
    dt_s: float,
) -> tuple[State, Sensors]:
    """Runs the plant over a series: the last state, and sensors whose leaves lead with time, (steps,).

    `drivers.outdoor_drybulb_c` is (steps,) and sets the length. Any other leaf of drivers, setpoints and
    faults either leads with time or, as a scalar, holds for all steps; `it_utilization` is (), (steps,) or
    (steps, halls). Jit with `static_argnames="dt_s"`; map over anything with `vmap`.

    Raises:
        ValueError: a series has another length than the drybulb; `dt_s` is not positive.
    """
    steps = _steps(drivers)
    inputs = (setpoints, drivers, Faults.none() if faults is None else faults)
    series = jax.tree.map_with_path(lambda path, leaf: _series(path, leaf, steps), inputs)

    def one(now: State, at: tuple[Setpoints, Drivers, Faults]) -> tuple[State, Sensors]:
        return step(plant, now, *at, dt_s=dt_s)

    # gradients recompute each step from its state, so that a long series does not fill memory
    return jax.lax.scan(jax.checkpoint(one, prevent_cse=False), state, series)


def _steps(drivers: Drivers) -> int:
    shape = jnp.shape(drivers.outdoor_drybulb_c)
    if len(shape) != 1 or shape[0] == 0:
        raise ValueError(
            f"drivers.outdoor_drybulb_c must be a series (steps,), got shape {shape}; "
            "use vmap for more dimensions"
        )
    return shape[0]


def _series(path: Any, leaf: Array, steps: int) -> Array:
    array = jnp.asarray(leaf)
    if array.ndim == 0:
        return jnp.broadcast_to(array, (steps,))
    if array.shape[0] != steps:
        raise ValueError(
            f"input {jax.tree_util.keystr(path)} has {array.shape[0]} steps, outdoor_drybulb_c has {steps}; "
            "give every series the same length, or a scalar"
        )
    return array
