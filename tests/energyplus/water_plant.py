"""Two scheduled loads, one on a chiller, one on a plate heat exchanger, each with its pump; a tower for both."""

from tests.energyplus import sizes
from tests.energyplus.blocks import (
    Model,
    branch,
    cooling_load,
    curve,
    frame,
    loop,
    merged,
    parallel_demand,
    pump,
    schedules,
    setpoint,
)

PUMP_CURVE_FIELDS = {
    f"coefficient_{n + 1}_of_the_part_load_performance_curve": float(c)
    for n, c in enumerate(sizes.PUMP_CURVE)
}
CHILLERS = {"electric": "Chiller:Electric:EIR", "reformulated": "Chiller:Electric:ReformulatedEIR"}
TOWERS = {"york": "CoolingTower:VariableSpeed", "merkel": "CoolingTower:VariableSpeed:Merkel"}


def water_plant(chiller: str, tower: str) -> Model:
    """`chiller`: "electric" or "reformulated"; `tower`: "york" or "merkel".

    Schedules to drive it: Load, FreeLoad (W, negative is cooling), Flow (fraction), ChwSetpoint, CwSetpoint (°C).
    """
    return merged(
        frame(),
        schedules(On=1.0, Load=-6e5, FreeLoad=-3e5, Flow=1.0, ChwSetpoint=10.0, CwSetpoint=22.0),
        _chilled_water(CHILLERS[chiller]),
        _condenser_water(CHILLERS[chiller], TOWERS[tower]),
        _electric_chiller() if chiller == "electric" else _reformulated_chiller(),
        _york_tower() if tower == "york" else _merkel_tower(),
        curve("Cubic", "TowerFan", sizes.TOWER_FAN_CURVE, minimum_value_of_x=0.0, maximum_value_of_x=1.0),
    )


def _loaded_loop(name: str, load: str, scheme: Model, machine: tuple[str, str]) -> Model:
    """Pump and one machine that hold the setpoint against a scheduled load."""
    supply_in, pump_out, supply_out = f"{name} supply in", f"{name} pump out", f"{name} supply out"
    profile = {
        "inlet_node_name": f"{name} demand in",
        "outlet_node_name": f"{name} demand out",
        "load_schedule_name": load,
        "peak_flow_rate": sizes.CHW_M3_S,
        "flow_rate_fraction_schedule_name": "Flow",
    }
    return merged(
        loop(name, sizes.CHW_M3_S, scheme),
        branch(
            f"{name} supply",
            ("Pump:VariableSpeed", f"{name}Pump", supply_in, pump_out),
            (*machine, pump_out, supply_out),
        ),
        branch(
            f"{name} demand", ("LoadProfile:Plant", f"{name}Load", f"{name} demand in", f"{name} demand out")
        ),
        pump(
            f"{name}Pump",
            supply_in,
            pump_out,
            design_maximum_flow_rate=sizes.CHW_M3_S,
            design_pump_head=sizes.PUMP_HEAD_PA,
            design_power_consumption=sizes.PUMP_W,
            design_minimum_flow_rate=sizes.PUMP_MINIMUM * sizes.CHW_M3_S,
            **PUMP_CURVE_FIELDS,
        ),
        setpoint("ChwSetpoint", supply_out),
        {"LoadProfile:Plant": {f"{name}Load": profile}},
    )


def _chilled_water(chiller_kind: str) -> Model:
    """One loop that a chiller cools and one that tower water cools through the exchanger."""
    exchanger = "HeatExchanger:FluidToFluid"
    return merged(
        _loaded_loop(
            "Chw", "Load", cooling_load("Chw machines", chiller_kind, "Chiller"), (chiller_kind, "Chiller")
        ),
        _loaded_loop(
            "Free",
            "FreeLoad",
            cooling_load("Free machines", exchanger, "Exchanger"),
            (exchanger, "Exchanger"),
        ),
        {
            exchanger: {
                "Exchanger": {
                    "loop_demand_side_inlet_node_name": "Cw exchanger in",
                    "loop_demand_side_outlet_node_name": "Cw exchanger out",
                    "loop_demand_side_design_flow_rate": sizes.CHW_M3_S,
                    "loop_supply_side_inlet_node_name": "Free pump out",
                    "loop_supply_side_outlet_node_name": "Free supply out",
                    "loop_supply_side_design_flow_rate": sizes.CHW_M3_S,
                    "heat_exchange_model_type": "CounterFlow",
                    "heat_exchanger_u_factor_times_area_value": sizes.HX_UA_W_K,
                    "control_type": "CoolingSetpointModulated",
                    "heat_exchanger_setpoint_node_name": "Free supply out",
                    "minimum_temperature_difference_to_activate_heat_exchanger": 0.5,
                }
            }
        },
    )


def _condenser_water(chiller_kind: str, tower_kind: str) -> Model:
    return merged(
        loop(
            "Cw", sizes.TOWER_M3_S, cooling_load("Cw machines", tower_kind, "Tower"), "Cw demand connectors"
        ),
        branch(
            "Cw supply",
            ("Pump:VariableSpeed", "CwPump", "Cw supply in", "Cw pump out"),
            (tower_kind, "Tower", "Cw pump out", "Cw supply out"),
        ),
        parallel_demand(
            "Cw demand",
            ("HeatExchanger:FluidToFluid", "Exchanger", "Cw exchanger in", "Cw exchanger out"),
            (chiller_kind, "Chiller", "Cw chiller in", "Cw chiller out"),
        ),
        pump(
            "CwPump",
            "Cw supply in",
            "Cw pump out",
            design_maximum_flow_rate=sizes.TOWER_M3_S,
            design_pump_head=sizes.PUMP_HEAD_PA,
            design_power_consumption=sizes.CW_PUMP_W,
            **PUMP_CURVE_FIELDS,
        ),
        setpoint("CwSetpoint", "Cw supply out"),
    )


_CHILLER_SIZES = {
    "reference_capacity": sizes.CHILLER_W,
    "reference_cop": sizes.CHILLER_COP,
    "reference_leaving_chilled_water_temperature": 6.67,
    "reference_chilled_water_flow_rate": sizes.CHW_M3_S,
    "minimum_part_load_ratio": sizes.MINIMUM_LOAD_RATIO,
    "maximum_part_load_ratio": 1.0,
    "optimum_part_load_ratio": 1.0,
    "minimum_unloading_ratio": sizes.MINIMUM_LOAD_RATIO,
    "chilled_water_inlet_node_name": "Chw pump out",
    "chilled_water_outlet_node_name": "Chw supply out",
    "condenser_inlet_node_name": "Cw chiller in",
    "condenser_outlet_node_name": "Cw chiller out",
    "leaving_chilled_water_lower_temperature_limit": 2.0,
    "chiller_flow_mode_type": "NotModulated",
}
_TEMPERATURES = {
    "minimum_value_of_x": 4.0,
    "maximum_value_of_x": 22.0,
    "minimum_value_of_y": 5.0,
    "maximum_value_of_y": 55.0,
}


def _electric_chiller() -> Model:
    chiller = _CHILLER_SIZES | {
        "reference_condenser_fluid_flow_rate": sizes.CW_M3_S,
        "reference_entering_condenser_fluid_temperature": 29.44,
        "condenser_type": "WaterCooled",
        "cooling_capacity_function_of_temperature_curve_name": "Capacity",
        "electric_input_to_cooling_output_ratio_function_of_temperature_curve_name": "Input",
        "electric_input_to_cooling_output_ratio_function_of_part_load_ratio_curve_name": "PartLoad",
        "fraction_of_compressor_electric_consumption_rejected_by_condenser": 1.0,
    }
    return merged(
        {"Chiller:Electric:EIR": {"Chiller": chiller}},
        curve("Biquadratic", "Capacity", sizes.CAPACITY_CURVE, **_TEMPERATURES),
        curve("Biquadratic", "Input", sizes.INPUT_CURVE, **_TEMPERATURES),
        curve("Quadratic", "PartLoad", sizes.PART_LOAD_CURVE, minimum_value_of_x=0.0, maximum_value_of_x=1.1),
    )


def _reformulated_chiller() -> Model:
    ratio = "electric_input_to_cooling_output_ratio_function_of"
    chiller = _CHILLER_SIZES | {
        "reference_condenser_water_flow_rate": sizes.CW_M3_S,
        "reference_leaving_condenser_water_temperature": 34.44,
        "cooling_capacity_function_of_temperature_curve_name": "Capacity",
        f"{ratio}_temperature_curve_name": "Input",
        f"{ratio}_part_load_ratio_curve_type": "LeavingCondenserWaterTemperature",
        f"{ratio}_part_load_ratio_curve_name": "PartLoad",
        "fraction_of_compressor_electric_consumption_rejected_by_condenser": 1.0,
    }
    return merged(
        {"Chiller:Electric:ReformulatedEIR": {"Chiller": chiller}},
        curve("Biquadratic", "Capacity", sizes.LEAVING_CAPACITY_CURVE, **_TEMPERATURES),
        curve("Biquadratic", "Input", sizes.LEAVING_INPUT_CURVE, **_TEMPERATURES),
        curve(
            "Bicubic",
            "PartLoad",
            sizes.LEAVING_PART_LOAD_CURVE,
            minimum_value_of_x=5.0,
            maximum_value_of_x=55.0,
            minimum_value_of_y=0.0,
            maximum_value_of_y=1.1,
        ),
    )


_TOWER_NODES = {"water_inlet_node_name": "Cw pump out", "water_outlet_node_name": "Cw supply out"}


def _york_tower() -> Model:
    tower = _TOWER_NODES | {
        "model_type": "YorkCalc",
        "design_inlet_air_wet_bulb_temperature": sizes.TOWER_WETBULB_C,
        "design_approach_temperature": sizes.TOWER_APPROACH_K,
        "design_range_temperature": sizes.TOWER_RANGE_K,
        "design_water_flow_rate": sizes.TOWER_M3_S,
        "design_air_flow_rate": sizes.TOWER_AIR_M3_S,
        "design_fan_power": sizes.TOWER_FAN_W,
        "fan_power_ratio_function_of_air_flow_rate_ratio_curve_name": "TowerFan",
        "minimum_air_flow_rate_ratio": sizes.TOWER_MINIMUM_AIR,
        "fraction_of_tower_capacity_in_free_convection_regime": sizes.TOWER_FREE_CONVECTION,
        "number_of_cells": 1,
    }
    return {"CoolingTower:VariableSpeed": {"Tower": tower}}


def _merkel_tower() -> Model:
    """UA goes with air^0.6, water^0.4, as in our tower; curves of ratios."""
    ua = "u_factor_times_area_modifier_function_of"
    tower = _TOWER_NODES | {
        "performance_input_method": "UFactorTimesAreaAndDesignWaterFlowRate",
        "design_water_flow_rate": sizes.TOWER_M3_S,
        "design_air_flow_rate": sizes.TOWER_AIR_M3_S,
        "minimum_air_flow_rate_ratio": sizes.MERKEL_MINIMUM_AIR,
        "design_fan_power": sizes.TOWER_FAN_W,
        "fan_power_modifier_function_of_air_flow_rate_ratio_curve_name": "TowerFan",
        "free_convection_regime_air_flow_rate": sizes.MERKEL_FREE_AIR * sizes.TOWER_AIR_M3_S,
        "design_air_flow_rate_u_factor_times_area_value": sizes.TOWER_UA_W_K,
        "free_convection_regime_u_factor_times_area_value": sizes.TOWER_UA_W_K * sizes.MERKEL_FREE_AIR**0.6,
        f"{ua}_air_flow_ratio_curve_name": "UaAir",
        f"{ua}_wetbulb_temperature_difference_curve_name": "UaWetbulb",
        f"{ua}_water_flow_ratio_curve_name": "UaWater",
    }
    return merged(
        {"CoolingTower:VariableSpeed:Merkel": {"Tower": tower}},
        curve("Exponent", "UaAir", sizes.MERKEL_AIR_CURVE, minimum_value_of_x=0.0, maximum_value_of_x=1.5),
        curve(
            "Exponent", "UaWater", sizes.MERKEL_WATER_CURVE, minimum_value_of_x=0.0, maximum_value_of_x=1.5
        ),
        curve(
            "Cubic",
            "UaWetbulb",
            sizes.MERKEL_WETBULB_CURVE,
            minimum_value_of_x=-60.0,
            maximum_value_of_x=60.0,
        ),
    )
