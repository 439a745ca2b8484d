"""Sizes of chillers and towers of each kind, and settings of the plant's own controllers."""

from typing import Any, Literal

import jax.numpy as jnp

from simulator.chiller import Chillers, EirChillers
from simulator.chiller_curves import (
    PART_LOAD_CURVE,
    capacity_curve,
    input_curve,
    of_leaving_water,
    part_load_of_leaving_water,
)
from simulator.constants import AIR_CP_J_KG_K, STANDARD_PRESSURE_PA, WATER_CP_J_KG_K
from simulator.fan import AFFINITY_CURVE
from simulator.merkel_tower import MerkelTower
from simulator.pi import PIGains
from simulator.reformulated_chiller import ReformulatedEirChillers
from simulator.sizing.design import APPROACH_K, CW_RISE_K, REJECTED_SHARE, WETBULB_C, Design, part
from simulator.solve import counterflow_ua_w_k
from simulator.tower import Tower
from simulator.types import LocalControl, Setpoints
from simulator.wet_air import wet_air_cp_j_kg_k
from simulator.york_tower import YorkTower

ChillerKind = Literal["entering", "leaving"]
TowerKind = Literal["merkel", "york"]
LIQUID_TO_GAS = 4 / 3  # usual for induced-draft counterflow


def chillers(design: Design, kind: ChillerKind) -> Chillers:
    """Chillers for the design load with one spare; `kind`: which condenser water the curves take."""
    capacity, ratio, rise_k = capacity_curve(), input_curve(design.chiller_cop), CW_RISE_K
    common: dict[str, Any] = {
        "units": design.chillers,
        "rated_capacity_w": design.chiller_w,
        "rated_cop": design.chiller_cop,
        "minimum_load_ratio": 0.15,
        "minimum_unloading_ratio": 0.15,
        "surge_lift_k": 24.0,  # of the rating point, 29.4 over 6.7 °C, with a kelvin to spare
        "surge_ratio_per_k": 0.02,
        "minimum_cw_c": 15.0,
        "minimum_lift_k": 4.0,
        "curve_chw_low_c": 4.0,
        "curve_chw_high_c": 22.0,
        "stage_up_load_ratio": 0.92,
        "stage_down_load_ratio": 0.75,
        "minimum_on_s": 900.0,
        "minimum_off_s": 900.0,
    }
    if kind == "entering":
        return part(
            EirChillers,
            **common,
            capacity_curve=capacity,
            input_curve=ratio,
            part_load_curve=PART_LOAD_CURVE,
            curve_cw_low_c=10.0,
            curve_cw_high_c=42.0,
        )
    return part(
        ReformulatedEirChillers,
        **common,
        capacity_curve=of_leaving_water(capacity, rise_k),
        input_curve=of_leaving_water(ratio, rise_k),
        part_load_curve=part_load_of_leaving_water(),
        curve_cw_low_c=10.0 + rise_k,
        curve_cw_high_c=42.0 + rise_k,
        curve_part_load_cw_low_c=10.0 + rise_k,
        curve_part_load_cw_high_c=42.0 + rise_k,
    )


def tower(design: Design, kind: TowerKind) -> Tower:
    """Tower cells for the design's heat with one spare; `kind` selects the correlation.

    Fan power 1.6 % of the heat rejected; water flow from `CW_RISE_K`, airflow from `LIQUID_TO_GAS`.
    """
    rejected_w = REJECTED_SHARE * design.heat_w / (design.tower_cells - 1)  # each cell
    water = rejected_w / (WATER_CP_J_KG_K * CW_RISE_K)
    common: dict[str, Any] = {
        "cells": design.tower_cells,
        "rated_water_kg_s": water,
        "rated_air_kg_s": water / LIQUID_TO_GAS,
        "rated_fan_w": 0.016 * rejected_w,
        "fan_power_curve": AFFINITY_CURVE,
        "minimum_water_fraction": 0.4,
        "freezing_water_fraction": 0.6,
        "minimum_leaving_c": 4.0,
        "drift_fraction": 8e-5,  # EnergyPlus Engineering Reference, "Cooling Tower Makeup Water Usage"
        "cycles_of_concentration": 3.0,  # same
    }
    if kind == "york":
        return part(
            YorkTower,
            **common,
            design_wetbulb_c=WETBULB_C,
            design_approach_k=APPROACH_K,
            design_range_k=CW_RISE_K,
            minimum_air_ratio=0.2,
            free_convection=0.125,
        )
    return part(MerkelTower, **common, rated_ua_w_k=_merkel_ua_w_k(rejected_w, water), free_convection=0.08)


def _merkel_ua_w_k(rejected_w: float, water_kg_s: float) -> Any:
    """UA of dry air that makes the design approach."""
    entering_c, air_kg_s = WETBULB_C + APPROACH_K + CW_RISE_K, water_kg_s / LIQUID_TO_GAS
    leaving_c, wetbulb_c = jnp.asarray(entering_c), jnp.asarray(WETBULB_C)
    for _ in range(4):  # the leaving air follows from the heat, and its specific heat from the leaving air
        wet_cp = wet_air_cp_j_kg_k(wetbulb_c, leaving_c, jnp.asarray(STANDARD_PRESSURE_PA))
        leaving_c = wetbulb_c + rejected_w / (air_kg_s * wet_cp)
    C_air, C_water = air_kg_s * wet_cp, jnp.asarray(water_kg_s * WATER_CP_J_KG_K)
    C_min, C_max = jnp.minimum(C_air, C_water), jnp.maximum(C_air, C_water)
    effectiveness = rejected_w / (C_min * (entering_c - WETBULB_C))
    return counterflow_ua_w_k(effectiveness, C_min, C_max) * AIR_CP_J_KG_K / wet_cp


def control(design: Design) -> LocalControl:
    """Slew rates, PI gains, communication time-out and fallback setpoints of a cautious operator."""
    return part(
        LocalControl,
        slew_per_s=part(
            Setpoints,
            supply_air_c=1.0 / 60,
            chw_supply_c=0.5 / 60,
            cw_supply_c=1.0 / 60,
            airflow_ratio=0.1 / 60,
            economizer_enable=1.0,
            chillers_available=1.0,
        ),
        coil_trim=part(PIGains, proportional_per_k=0.01, integral_per_k_s=1e-4, low=-1.0, high=1.0),
        communication_timeout_s=1800.0,
        fallback=part(
            Setpoints,
            supply_air_c=20.0,
            chw_supply_c=10.0,
            cw_supply_c=24.0,
            airflow_ratio=1.2,
            economizer_enable=0.0,
            chillers_available=design.chillers,
        ),
    )
