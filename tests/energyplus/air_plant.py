"""A hall on one fan coil: chilled-water coil and variable-speed fan, water from a district supply."""

from tests.energyplus import sizes
from tests.energyplus.blocks import (
    Model,
    branch,
    cooling_load,
    curve,
    frame,
    loop,
    merged,
    pump,
    schedules,
    setpoint,
)


def air_plant(*, moist: bool = False) -> Model:
    """Schedules to drive it: HallLoad (fraction of `HALL_W`), HallSetpoint, ChwSetpoint (°C).

    `moist`: with HallMoisture (fraction of `MOISTURE_W`) too, a source of vapour that the coil must condense.
    """
    return merged(
        frame(),
        schedules(On=1.0, HallLoad=0.7, HallSetpoint=30.0, ChwSetpoint=10.0, Cooling=2.0),
        _water(),
        _fan_coil(),
        _hall(),
        _moisture() if moist else {},
        curve("Cubic", "FanPower", sizes.FAN_CURVE, minimum_value_of_x=0.0, maximum_value_of_x=1.0),
    )


def _water() -> Model:
    return merged(
        loop("Chw", sizes.COIL_WATER_M3_S, cooling_load("Chw machines", "DistrictCooling", "District")),
        branch(
            "Chw supply",
            ("Pump:VariableSpeed", "ChwPump", "Chw supply in", "Chw pump out"),
            ("DistrictCooling", "District", "Chw pump out", "Chw supply out"),
        ),
        branch("Chw demand", ("Coil:Cooling:Water", "Coil", "Chw demand in", "Chw demand out")),
        pump(
            "ChwPump",
            "Chw supply in",
            "Chw pump out",
            design_maximum_flow_rate=sizes.COIL_WATER_M3_S,
            design_pump_head=200e3,
            design_power_consumption=5e3,
        ),
        setpoint("ChwSetpoint", "Chw supply out"),
        {
            "DistrictCooling": {
                "District": {
                    "chilled_water_inlet_node_name": "Chw pump out",
                    "chilled_water_outlet_node_name": "Chw supply out",
                    "nominal_capacity": 1e6,
                }
            }
        },
    )


def _fan_coil() -> Model:
    return {
        "Coil:Cooling:Water": {
            "Coil": {
                "availability_schedule_name": "On",
                "design_water_flow_rate": sizes.COIL_WATER_M3_S,
                "design_air_flow_rate": sizes.AIR_M3_S,
                "design_inlet_water_temperature": sizes.COIL_DESIGN_WATER_C,
                "design_inlet_air_temperature": sizes.COIL_DESIGN_RETURN_C,
                "design_outlet_air_temperature": sizes.COIL_DESIGN_SUPPLY_C,
                "design_inlet_air_humidity_ratio": sizes.COIL_DESIGN_HUMIDITY,
                "design_outlet_air_humidity_ratio": sizes.COIL_DESIGN_HUMIDITY,
                "water_inlet_node_name": "Chw demand in",
                "water_outlet_node_name": "Chw demand out",
                "air_inlet_node_name": "Fan out",
                "air_outlet_node_name": "Coil out",
                "type_of_analysis": "SimpleAnalysis",
                "heat_exchanger_configuration": "CounterFlow",
            }
        },
        "Coil:Heating:Electric": {
            "Heater": {
                "efficiency": 1.0,
                "nominal_capacity": 1.0,
                "air_inlet_node_name": "Coil out",
                "air_outlet_node_name": "Hall in",
            }
        },
        "OutdoorAir:Node": {"Outside": {}},  # the unit insists on a mixer; it passes no outdoor air
        "OutdoorAir:Mixer": {
            "Mixer": {
                "mixed_air_node_name": "Mixed",
                "outdoor_air_stream_node_name": "Outside",
                "relief_air_stream_node_name": "Relief",
                "return_air_stream_node_name": "Return",
            }
        },
        "Fan:SystemModel": {
            "Fan": {
                "availability_schedule_name": "On",
                "air_inlet_node_name": "Mixed",
                "air_outlet_node_name": "Fan out",
                "design_maximum_air_flow_rate": sizes.AIR_M3_S,
                "speed_control_method": "Continuous",
                "electric_power_minimum_flow_rate_fraction": 0.0,
                "design_pressure_rise": 360.0,
                "motor_efficiency": 0.9,
                "motor_in_air_stream_fraction": 1.0,
                "design_electric_power_consumption": sizes.FAN_W,
                "electric_power_function_of_flow_fraction_curve_name": "FanPower",
            }
        },
        "ZoneHVAC:FourPipeFanCoil": {
            "Unit": {
                "availability_schedule_name": "On",
                "capacity_control_method": "VariableFanVariableFlow",
                "maximum_supply_air_flow_rate": sizes.AIR_M3_S,
                "low_speed_supply_air_flow_ratio": 0.3,
                "medium_speed_supply_air_flow_ratio": 0.6,
                "maximum_outdoor_air_flow_rate": 0.0,
                "outdoor_air_mixer_object_type": "OutdoorAir:Mixer",
                "outdoor_air_mixer_name": "Mixer",
                "air_inlet_node_name": "Return",
                "air_outlet_node_name": "Hall in",
                "supply_air_fan_object_type": "Fan:SystemModel",
                "supply_air_fan_name": "Fan",
                "cooling_coil_object_type": "Coil:Cooling:Water",
                "cooling_coil_name": "Coil",
                "maximum_cold_water_flow_rate": sizes.COIL_WATER_M3_S,
                "minimum_cold_water_flow_rate": 0.0,
                "maximum_hot_water_flow_rate": 0.0,
                "heating_coil_object_type": "Coil:Heating:Electric",
                "heating_coil_name": "Heater",
            }
        },
    }


def _hall() -> Model:
    return {
        "OtherEquipment": {
            "Servers": {
                "fuel_type": "None",
                "zone_or_zonelist_or_space_or_spacelist_name": "Hall",
                "schedule_name": "HallLoad",
                "design_level_calculation_method": "EquipmentLevel",
                "design_level": sizes.HALL_W,
            }
        },
        "ThermostatSetpoint:SingleCooling": {
            "HallCooling": {"setpoint_temperature_schedule_name": "HallSetpoint"}
        },
        "ZoneControl:Thermostat": {
            "HallThermostat": {
                "zone_or_zonelist_name": "Hall",
                "control_type_schedule_name": "Cooling",
                "control_1_object_type": "ThermostatSetpoint:SingleCooling",
                "control_1_name": "HallCooling",
            }
        },
        "ZoneHVAC:EquipmentConnections": {
            "Hall": {
                "zone_name": "Hall",
                "zone_conditioning_equipment_list_name": "Hall units",
                "zone_air_inlet_node_or_nodelist_name": "Hall in",
                "zone_air_exhaust_node_or_nodelist_name": "Return",
                "zone_air_node_name": "Hall air",
            }
        },
        "ZoneHVAC:EquipmentList": {
            "Hall units": {
                "load_distribution_scheme": "SequentialLoad",
                "equipment": [
                    {
                        "zone_equipment_object_type": "ZoneHVAC:FourPipeFanCoil",
                        "zone_equipment_name": "Unit",
                        "zone_equipment_cooling_sequence": 1,
                        "zone_equipment_heating_or_no_load_sequence": 1,
                    }
                ],
            }
        },
    }


def _moisture() -> Model:
    vapour = {
        "fuel_type": "None",
        "zone_or_zonelist_or_space_or_spacelist_name": "Hall",
        "schedule_name": "HallMoisture",
        "design_level_calculation_method": "EquipmentLevel",
        "design_level": sizes.MOISTURE_W,
        "fraction_latent": 1.0,
    }
    return merged(schedules(HallMoisture=0.3), {"OtherEquipment": {"Humidifier": vapour}})
