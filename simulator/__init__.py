"""A data center's cooling plant in JAX: setpoints, weather and load in, power and temperatures out."""

from simulator.meters import Meters, observe
from simulator.plant import constant_drivers, default_plant, default_setpoints, perturb_plant
from simulator.rollout import init, rollout, step
from simulator.types import Drivers, Faults, Plant, Sensors, Setpoints, State

__all__ = [
    "Drivers",
    "Faults",
    "Meters",
    "Plant",
    "Sensors",
    "Setpoints",
    "State",
    "constant_drivers",
    "default_plant",
    "default_setpoints",
    "init",
    "observe",
    "perturb_plant",
    "rollout",
    "step",
]
