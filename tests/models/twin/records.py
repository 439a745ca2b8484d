"""A record written by hand, whose plant an engineer can check on paper: no simulator in it."""

from dataclasses import replace

import numpy as np

from models.twin import Inputs, Record
from simulator.constants import WATER_CP_J_KG_K

ROWS = 400
LOAD_W, CHILLER_W = 800e3, 140e3


def record(**measured: np.ndarray | float) -> Record:
    """A steady chilled-water plant at 15 minutes: 800 kW of heat, COP 5.7, tower water 24 °C, wetbulb 18 °C."""
    load_w = LOAD_W * (1 + 0.1 * np.sin(np.arange(ROWS) / 15))
    chiller_w = CHILLER_W * load_w / LOAD_W
    read = {
        "overhead_w": chiller_w + 60e3,
        "chiller_w": chiller_w,
        "chw_supply_c": 9.0,
        "chw_return_c": 9.0 + load_w / (WATER_CP_J_KG_K * 32.0),
        "chw_flow_kg_s": 32.0,
        "cw_supply_c": 24.0,
        "cw_return_c": 24.0 + (load_w + chiller_w) / (WATER_CP_J_KG_K * 45.0),
        "cw_flow_kg_s": 45.0,
    }
    filled = {name: np.broadcast_to(value, (ROWS,)).copy() for name, value in (read | measured).items()}
    steady = np.full(ROWS, 1.0)
    inputs = Inputs(
        {"chw_supply_c": 9.0 * steady}, 22.0 * steady, 18.0 * steady, 101_325.0 * steady, load_w[:, None]
    )
    both = {"chillers": 2.0 * steady}
    return Record(900.0, inputs, filled, both, {"chillers": 2, "towers": 2}, metered_it=True)


def with_inputs(base: Record, **inputs: np.ndarray) -> Record:
    return replace(base, inputs=base.inputs._replace(**inputs))
