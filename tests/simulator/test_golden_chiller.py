"""Chillers against EnergyPlus: same size and curves, a year of varied load, chilled and condenser water."""

from typing import Any

import jax.numpy as jnp

from simulator.chiller import Chillers, EirChillers, chillers_power_w
from simulator.reformulated_chiller import ReformulatedEirChillers
from tests.energyplus import sizes
from tests.energyplus.golden import LIMIT_PERCENT, cv_rmse_percent, golden

# EnergyPlus's machine: no head-pressure control, no surge limit, curves as wide as the data.
COMMON = {
    "units": 1.0,
    "rated_capacity_w": sizes.CHILLER_W,
    "rated_cop": sizes.CHILLER_COP,
    "minimum_load_ratio": sizes.MINIMUM_LOAD_RATIO,
    "minimum_unloading_ratio": sizes.MINIMUM_LOAD_RATIO,
    "surge_lift_k": 100.0,
    "surge_ratio_per_k": 0.0,
    "minimum_cw_c": 0.0,
    "minimum_lift_k": -50.0,
    "curve_chw_low_c": 4.0,
    "curve_chw_high_c": 22.0,
    "curve_cw_low_c": 5.0,
    "curve_cw_high_c": 55.0,
    "stage_up_load_ratio": 0.9,
    "stage_down_load_ratio": 0.8,
    "minimum_on_s": 0.0,
    "minimum_off_s": 0.0,
}


def machine(kind: type[Chillers], **own: Any) -> Chillers:
    return kind(**{name: jnp.asarray(value) for name, value in (COMMON | own).items()})


def entering() -> Chillers:
    return machine(
        EirChillers,
        capacity_curve=sizes.CAPACITY_CURVE,
        input_curve=sizes.INPUT_CURVE,
        part_load_curve=sizes.PART_LOAD_CURVE,
    )


def leaving() -> Chillers:
    return machine(
        ReformulatedEirChillers,
        capacity_curve=sizes.LEAVING_CAPACITY_CURVE,
        input_curve=sizes.LEAVING_INPUT_CURVE,
        part_load_curve=sizes.LEAVING_PART_LOAD_CURVE,
        curve_part_load_cw_low_c=5.0,
        curve_part_load_cw_high_c=55.0,
    )


def power_w(chillers: Chillers, hour: dict) -> Any:
    conditions = (hour["chw_supply_c"], hour["chiller_cw_in_c"], hour["chiller_cw_kg_s"])
    return chillers_power_w(
        chillers, jnp.asarray(1.0), hour["chiller_heat_w"], *conditions, fouling=jnp.asarray(0.0)
    )


def test_chiller_with_curves_of_entering_water_uses_the_power_that_energyplus_says():
    _, hour = golden("electric_chiller_york_tower")
    assert cv_rmse_percent(power_w(entering(), hour), hour["chiller_w"]) < LIMIT_PERCENT


def test_chiller_with_curves_of_leaving_water_uses_the_power_that_energyplus_says():
    _, hour = golden("reformulated_chiller_merkel_tower")
    assert cv_rmse_percent(power_w(leaving(), hour), hour["chiller_w"]) < LIMIT_PERCENT
    conditions = (hour["chw_supply_c"], hour["chiller_cw_in_c"], hour["chiller_cw_kg_s"])
    assert bool((leaving().capacity_w(*conditions) > 0.99 * hour["chiller_heat_w"]).all())


def test_less_condenser_water_leaves_hotter_and_costs_power_and_capacity():
    water = (jnp.asarray(10.0), jnp.asarray(25.0))
    plenty, little = jnp.asarray(60.0), jnp.asarray(30.0)
    load_w = jnp.asarray(9e5)
    powers = [float(leaving().machine_power_w(load_w, *water, flow)) for flow in (plenty, little)]
    assert powers[1] > 1.05 * powers[0]
    assert float(leaving().capacity_w(*water, little)) < float(leaving().capacity_w(*water, plenty))
