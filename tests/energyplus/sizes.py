"""Sizes and curves that the EnergyPlus models and our components are both given. SI units, temperatures °C."""

import numpy as np

from simulator.chiller_curves import PART_LOAD_CURVE, capacity_curve, input_curve, of_leaving_water

CHILLER_W = 1.2e6
CHILLER_COP = 5.8
CHW_M3_S = 0.045
CW_M3_S = 0.065
TOWER_M3_S = 0.09
CAPACITY_CURVE = capacity_curve()
INPUT_CURVE = input_curve(CHILLER_COP)
CONDENSER_RISE_K = 5.0  # of the rating point: turns a curve of entering water into one of leaving water
LEAVING_CAPACITY_CURVE = of_leaving_water(CAPACITY_CURVE, CONDENSER_RISE_K)
LEAVING_INPUT_CURVE = of_leaving_water(INPUT_CURVE, CONDENSER_RISE_K)
# x leaving condenser water, y part load: c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y + c6 x³ + c7 y³ + c8 x² y + c9 x y².
# One at full load and 34.44 °C; at part load, warmer water costs a little more.
LEAVING_PART_LOAD_CURVE = np.array(
    [
        *(PART_LOAD_CURVE[0] - 0.1033, 0.003, 0.0, PART_LOAD_CURVE[1] + 0.0033, PART_LOAD_CURVE[2]),
        *(-0.003, 0.0, 0.1, 0.0, 0.0),
    ]
)
MINIMUM_LOAD_RATIO = 0.15

TOWER_WETBULB_C = 25.6
TOWER_APPROACH_K = 3.9
TOWER_RANGE_K = 5.6
TOWER_AIR_M3_S = 60.0
TOWER_FAN_W = 30e3
# EnergyPlus finds a false root of YorkCalc where much water meets little air (outlet below wetbulb): stay clear of it.
TOWER_MINIMUM_AIR = 0.5
TOWER_FREE_CONVECTION = 0.125
TOWER_FAN_CURVE = np.array([0.0, 0.0, 0.0, 1.0])  # affinity
TOWER_UA_W_K = 105e3
MERKEL_FREE_AIR = 0.08
MERKEL_MINIMUM_AIR = (
    0.1  # low: EnergyPlus does not cycle this one's fan at minimum speed but lets the loop hunt
)

PUMP_HEAD_PA = 250e3
PUMP_W = 17e3
CW_PUMP_W = 34e3
PUMP_CURVE = np.array([0.05, 0.15, 0.2, 0.6])  # a loop that keeps some pressure difference
PUMP_MINIMUM = 0.15

HX_UA_W_K = 200e3

AIR_M3_S = 20.0
FAN_W = 12e3
FAN_CURVE = np.array([0.0408, 0.088, -0.0729, 0.9437])  # ASHRAE 90.1 appendix G, VFD fan, part-load power
COIL_WATER_M3_S = 0.012
COIL_DESIGN_WATER_C = 10.0
COIL_DESIGN_RETURN_C = 34.0
COIL_DESIGN_SUPPLY_C = 20.0
COIL_DESIGN_HUMIDITY = 0.004  # dry: hot-aisle air of a hall without moisture sources
MERKEL_AIR_CURVE = np.array([0.0, 1.0, 0.6])  # c0 + c1 x^c2, as our tower has it
MERKEL_WATER_CURVE = np.array([0.0, 1.0, 0.4])
MERKEL_WETBULB_CURVE = np.array([1.0, 0.0, 0.0, 0.0])
HALL_W = 280e3
MOISTURE_W = 60e3  # latent
COIL_INTERNAL_OVER_EXTERNAL = (
    3.3  # EnergyPlus Engineering Reference, simple coil: inner over outer conductance
)
COIL_UA_W_K = 25_011.71  # that EnergyPlus derives from the design point above (eplusout.eio)
