"""The shared types. Leaves are arrays throughout, so each type can be stacked, mapped over and fitted."""

from flax import struct
from jax import Array

from simulator.chilled_water import ChilledWater
from simulator.chiller import Chillers
from simulator.condenser_water import CondenserWater
from simulator.crah import Crah
from simulator.economizer import Economizer
from simulator.faults import Faults
from simulator.hall import Hall
from simulator.it import Servers
from simulator.pi import PIGains
from simulator.power_chain import PowerChain
from simulator.staging import Staging
from simulator.tower import Tower

__all__ = ["Drivers", "Faults", "LocalControl", "Plant", "Sensors", "Setpoints", "State"]


@struct.dataclass
class Setpoints:
    """Inputs that can be chosen. Scalars; in a rollout a leaf leads with time or stays constant."""

    supply_air_c: Array
    chw_supply_c: Array
    cw_supply_c: Array  # tower leaving water
    airflow_ratio: Array  # CRAH airflow over server airflow
    economizer_enable: Array  # 0 or 1
    chillers_available: Array  # how many staging may use


@struct.dataclass
class Drivers:
    """Inputs that cannot be chosen: weather and load. Scalars, `it_utilization` also (halls,)."""

    outdoor_drybulb_c: Array
    outdoor_wetbulb_c: Array
    pressure_pa: Array
    it_utilization: Array  # 0-1


@struct.dataclass
class LocalControl:
    """Settings of the plant's own controllers; scalars. `slew_per_s` holds the rate of each setpoint."""

    slew_per_s: Setpoints
    coil_trim: PIGains  # relative change of coil water flow
    communication_timeout_s: Array  # silence after which the plant goes to its own setpoints
    fallback: Setpoints  # those, and what it starts with


@struct.dataclass
class Plant:
    """Parameters of a site: capacities, curves, volumes. Leaves are scalars or (halls,) as each part says.

    Structure (kinds of chillers, towers and pumps, piping of the economizer, None without one) is in the
    types, so each structure is compiled once and plants of one structure can be stacked.
    """

    servers: Servers
    power_chain: PowerChain
    hall: Hall
    crah: Crah
    chilled_water: ChilledWater
    chillers: Chillers  # EirChillers or ReformulatedEirChillers
    economizer: Economizer | None
    condenser_water: CondenserWater
    tower: Tower  # MerkelTower or YorkTower
    control: LocalControl


@struct.dataclass
class State:
    """State of a site between two steps; temperatures in °C, times in s."""

    return_air_c: Array  # (halls,)
    supply_air_c: Array  # (halls,), as the CRAHs' sensors read it
    rack_inlet_c: Array  # (halls,), mean
    humidity_ratio: Array  # (halls,)
    coil_trim: Array  # (halls,), integral of the valves' PI loop
    chw_supply_leg_c: Array  # (LEG_NODES,), from the plant to the coils
    chw_return_leg_c: Array  # (LEG_NODES,), and back
    cw_c: Array
    staging: Staging
    setpoints: Setpoints  # in force, slewing towards those received
    heard: Setpoints  # the last that were received
    since_heard_s: Array


@struct.dataclass
class Sensors:
    """What a perfect meter would read, mean over the step. Scalars: sums or weighted means over halls."""

    outdoor_drybulb_c: Array
    outdoor_wetbulb_c: Array
    pressure_pa: Array
    it_utilization: Array
    it_w: Array
    server_fan_w: Array  # part of it_w
    facility_w: Array
    ups_loss_w: Array
    pdu_loss_w: Array
    transformer_loss_w: Array
    lighting_w: Array
    cooling_w: Array  # the next five together
    chiller_w: Array
    chw_pump_w: Array
    cw_pump_w: Array
    tower_fan_w: Array
    crah_fan_w: Array
    supply_air_c: Array
    return_air_c: Array
    rack_inlet_c: Array  # worst rack of all halls
    rack_inlet_mean_c: Array
    rack_outlet_c: Array
    rack_dew_point_c: Array
    rack_relative_humidity: Array  # at the mean inlet
    chw_supply_c: Array
    chw_return_c: Array
    chw_flow_kg_s: Array
    cw_supply_c: Array
    cw_return_c: Array
    cw_flow_kg_s: Array
    chillers_running: Array
    towers_running: Array
    crah_fan_speed: Array
    chw_pump_speed: Array
    cw_pump_speed: Array
    tower_fan_speed: Array
    valve_position: Array
    airflow_kg_s: Array
    underfloor_pa: Array  # plenum over hall
    aisle_pa: Array  # cold over hot aisle
    chw_head_pa: Array  # pressure difference that the chilled-water pumps hold
    hall_gain_w: (
        Array  # all heat released in the halls: IT, losses, fans, lighting, envelope, moisture condensed
    )
    coil_heat_w: Array
    economizer_heat_w: Array
    chiller_heat_w: Array
    tower_heat_w: Array
    water_evaporated_kg_s: Array
    water_drift_kg_s: Array
    water_blowdown_kg_s: Array
    supply_air_setpoint_c: Array  # in force
    chw_supply_setpoint_c: Array
    cw_supply_setpoint_c: Array
    airflow_ratio: Array  # reached
    economizer_enable: Array
