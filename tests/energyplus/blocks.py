"""Pieces of epJSON that every model here is made of."""

from typing import Any

import numpy as np

Model = dict[str, dict[str, dict[str, Any]]]
STEPS_PER_HOUR = 4


def merged(*parts: Model) -> Model:
    """One model from parts; objects of one type are joined, a name given twice is an error."""
    whole: Model = {}
    for part in parts:
        for kind, objects in part.items():
            taken = whole.setdefault(kind, {})
            assert not set(taken) & set(objects), (kind, set(taken) & set(objects))
            taken.update(objects)
    return whole


def frame() -> Model:
    """What any run needs: site, period, time step, and a hall of 20 m x 20 m x 4 m with adiabatic walls."""
    return {
        "Version": {"Version 1": {"version_identifier": "25.2"}},
        "SimulationControl": {
            "Control": {
                "do_zone_sizing_calculation": "No",
                "do_system_sizing_calculation": "No",
                "do_plant_sizing_calculation": "No",
                "run_simulation_for_sizing_periods": "No",
                "run_simulation_for_weather_file_run_periods": "Yes",
            }
        },
        "Building": {
            "Building": {"solar_distribution": "MinimalShadowing", "minimum_number_of_warmup_days": 2}
        },
        "Timestep": {"Timestep 1": {"number_of_timesteps_per_hour": STEPS_PER_HOUR}},
        "GlobalGeometryRules": {
            "Rules": {
                "coordinate_system": "Relative",
                "starting_vertex_position": "UpperLeftCorner",
                "vertex_entry_direction": "Counterclockwise",
            }
        },
        "RunPeriod": {
            "Year": {"begin_month": 1, "begin_day_of_month": 1, "end_month": 12, "end_day_of_month": 31}
        },
        "ScheduleTypeLimits": {"Any": {}},
        "Material:NoMass": {"Panel": {"roughness": "Smooth", "thermal_resistance": 3.0}},
        "Construction": {"Wall": {"outside_layer": "Panel"}},
        "Zone": {"Hall": {"volume": 1600.0}},
        "BuildingSurface:Detailed": _box(20.0, 20.0, 4.0),
    }


def _box(x: float, y: float, z: float) -> dict[str, dict[str, Any]]:
    faces = {
        "South": ("Wall", [(0, 0, z), (0, 0, 0), (x, 0, 0), (x, 0, z)]),
        "North": ("Wall", [(x, y, z), (x, y, 0), (0, y, 0), (0, y, z)]),
        "East": ("Wall", [(x, 0, z), (x, 0, 0), (x, y, 0), (x, y, z)]),
        "West": ("Wall", [(0, y, z), (0, y, 0), (0, 0, 0), (0, 0, z)]),
        "Floor": ("Floor", [(0, y, 0), (x, y, 0), (x, 0, 0), (0, 0, 0)]),
        "Ceiling": ("Ceiling", [(0, 0, z), (x, 0, z), (x, y, z), (0, y, z)]),
    }
    return {
        name: {
            "surface_type": kind,
            "construction_name": "Wall",
            "zone_name": "Hall",
            "outside_boundary_condition": "Adiabatic",
            "sun_exposure": "NoSun",
            "wind_exposure": "NoWind",
            "vertices": [
                dict(
                    zip(("vertex_x_coordinate", "vertex_y_coordinate", "vertex_z_coordinate"), p, strict=True)
                )
                for p in corners
            ],
        }
        for name, (kind, corners) in faces.items()
    }


def schedules(**values: float) -> Model:
    """Constant schedules, which a policy actuates."""
    return {
        "Schedule:Constant": {
            name: {"schedule_type_limits_name": "Any", "hourly_value": value}
            for name, value in values.items()
        }
    }


def setpoint(schedule: str, node: str) -> Model:
    return {
        "SetpointManager:Scheduled": {
            f"{schedule} at {node}": {
                "control_variable": "Temperature",
                "schedule_name": schedule,
                "setpoint_node_or_nodelist_name": node,
            }
        }
    }


def curve(kind: str, name: str, coefficients: np.ndarray, **limits: float) -> Model:
    """`kind` as in EnergyPlus; its coefficient fields are named by power, in the order of `TERMS`."""
    return {
        f"Curve:{kind}": {
            name: {
                f"coefficient{n + 1}_{term}": float(c)
                for n, (term, c) in enumerate(zip(TERMS[kind], coefficients, strict=True))
            }
            | limits
        }
    }


TERMS = {
    "Cubic": ("constant", "x", "x_2", "x_3"),
    "Quadratic": ("constant", "x", "x_2"),
    "Exponent": ("constant", "constant", "constant"),
    "Biquadratic": ("constant", "x", "x_2", "y", "y_2", "x_y"),
    "Bicubic": ("constant", "x", "x_2", "y", "y_2", "x_y", "x_3", "y_3", "x_2_y", "x_y_2"),
}


def branch(name: str, *parts: tuple[str, str, str, str]) -> Model:
    """Components in series, each (type, name, inlet node, outlet node), alone on their half of a loop."""
    names = (
        "component_object_type",
        "component_name",
        "component_inlet_node_name",
        "component_outlet_node_name",
    )
    return {
        "Branch": {name: {"components": [dict(zip(names, part, strict=True)) for part in parts]}},
        "BranchList": {f"{name} list": {"branches": [{"branch_name": name}]}},
    }


def pump(name: str, inlet: str, outlet: str, **sizes: float) -> Model:
    return {
        "Pump:VariableSpeed": {
            name: {
                "inlet_node_name": inlet,
                "outlet_node_name": outlet,
                "motor_efficiency": 0.92,
                "fraction_of_motor_inefficiencies_to_fluid_stream": 0.0,
                "pump_control_type": "Intermittent",
                **sizes,
            }
        }
    }


def loop(name: str, flow_m3_s: float, scheme: Model, demand_connectors: str = "") -> Model:
    """A plant loop whose nodes and branch lists are named after it; `scheme` is how its equipment is run."""
    ((kind, schemes),) = ((k, v) for k, v in scheme.items() if k.startswith("PlantEquipmentOperation:"))
    operation = {
        "control_scheme_1_object_type": kind,
        "control_scheme_1_name": next(iter(schemes)),
        "control_scheme_1_schedule_name": "On",
    }
    content: dict[str, Any] = {
        "fluid_type": "Water",
        "plant_equipment_operation_scheme_name": f"{name} operation",
        "loop_temperature_setpoint_node_name": f"{name} supply out",
        "maximum_loop_temperature": 80.0,
        "minimum_loop_temperature": 1.0,
        "maximum_loop_flow_rate": flow_m3_s,
        "minimum_loop_flow_rate": 0.0,
        "plant_loop_volume": 1.0,
        "plant_side_inlet_node_name": f"{name} supply in",
        "plant_side_outlet_node_name": f"{name} supply out",
        "plant_side_branch_list_name": f"{name} supply list",
        "demand_side_inlet_node_name": f"{name} demand in",
        "demand_side_outlet_node_name": f"{name} demand out",
        "demand_side_branch_list_name": f"{name} demand list",
        "load_distribution_scheme": "SequentialLoad",
    }
    if demand_connectors:
        content["demand_side_connector_list_name"] = demand_connectors
    schemes_of_loop: Model = {"PlantEquipmentOperationSchemes": {f"{name} operation": operation}}
    return merged({"PlantLoop": {name: content}}, schemes_of_loop, scheme)


def cooling_load(name: str, kind: str, equipment: str) -> Model:
    """One machine that takes whatever the loop needs."""
    return {
        "PlantEquipmentOperation:CoolingLoad": {
            name: {
                "load_range_1_lower_limit": 0.0,
                "load_range_1_upper_limit": 1e9,
                "range_1_equipment_list_name": f"{name} list",
            }
        },
        "PlantEquipmentList": {
            f"{name} list": {
                "equipment": [{"equipment_object_type": kind, "equipment_name": equipment}],
            }
        },
    }


def parallel_demand(name: str, *parts: tuple[str, str, str, str]) -> Model:
    """A demand half with components side by side between a pipe in and a pipe out, as `branch` takes them."""
    ends = {
        f"{name} in": ("Pipe:Adiabatic", f"{name} pipe in", f"{name} in", f"{name} split"),
        f"{name} out": ("Pipe:Adiabatic", f"{name} pipe out", f"{name} mix", f"{name} out"),
    }
    between = {f"{name} {part[1]}": part for part in parts}
    names = [f"{name} in", *between, f"{name} out"]
    alone = merged(*(branch(label, part) for label, part in (ends | between).items()))["Branch"]
    middle = list(between)
    return {
        "Branch": alone,
        "BranchList": {f"{name} list": {"branches": [{"branch_name": label} for label in names]}},
        "Pipe:Adiabatic": {
            pipe: {"inlet_node_name": inlet, "outlet_node_name": outlet}
            for _, pipe, inlet, outlet in ends.values()
        },
        "Connector:Splitter": {
            f"{name} splitter": {
                "inlet_branch_name": f"{name} in",
                "branches": [{"outlet_branch_name": label} for label in middle],
            }
        },
        "Connector:Mixer": {
            f"{name} mixer": {
                "outlet_branch_name": f"{name} out",
                "branches": [{"inlet_branch_name": label} for label in middle],
            }
        },
        "ConnectorList": {
            f"{name} connectors": {
                "connector_1_object_type": "Connector:Splitter",
                "connector_1_name": f"{name} splitter",
                "connector_2_object_type": "Connector:Mixer",
                "connector_2_name": f"{name} mixer",
            }
        },
    }
