"""Chillers against EnergyPlus: same size and curves, a year of varied load, chilled and condenser water."""

import jax.numpy as jnp

from simulator.chiller import chiller_power_w
from simulator.reformulated_chiller import ReformulatedChiller, reformulated_chiller_power_w
from simulator.sizing import chillers
from tests.energyplus import sizes
from tests.energyplus.golden import LIMIT_PERCENT, cv_rmse_percent, golden
from tests.simulator.conftest import changed


def test_chiller_with_curves_of_entering_water_uses_the_power_that_energyplus_says():
    _, hour = golden("electric_chiller_york_tower")
    chiller = changed(
        chillers(sizes.CHILLER_W, 1, sizes.CHILLER_COP),
        minimum_load_ratio=sizes.MINIMUM_LOAD_RATIO,
        minimum_cw_c=0.0,  # the model has no head-pressure control
        minimum_lift_k=-50.0,
        curve_cw_high_c=55.0,
    )
    power_w = chiller_power_w(
        chiller,
        jnp.asarray(1.0),
        hour["chiller_heat_w"],
        hour["chw_supply_c"],
        hour["chiller_cw_in_c"],
        jnp.asarray(0.0),
    )
    assert cv_rmse_percent(power_w, hour["chiller_w"]) < LIMIT_PERCENT


def reformulated() -> ReformulatedChiller:
    return ReformulatedChiller(
        rated_capacity_w=jnp.asarray(sizes.CHILLER_W),
        rated_cop=jnp.asarray(sizes.CHILLER_COP),
        capacity_curve=jnp.asarray(sizes.LEAVING_CAPACITY_CURVE),
        input_curve=jnp.asarray(sizes.LEAVING_INPUT_CURVE),
        part_load_curve=jnp.asarray(sizes.LEAVING_PART_LOAD_CURVE),
        minimum_load_ratio=jnp.asarray(sizes.MINIMUM_LOAD_RATIO),
    )


def test_chiller_with_curves_of_leaving_water_uses_the_power_that_energyplus_says():
    _, hour = golden("reformulated_chiller_merkel_tower")
    power_w, taken_w = reformulated_chiller_power_w(
        reformulated(),
        hour["chiller_heat_w"],
        hour["chw_supply_c"],
        hour["chiller_cw_in_c"],
        hour["chiller_cw_kg_s"],
    )
    assert cv_rmse_percent(power_w, hour["chiller_w"]) < LIMIT_PERCENT
    assert cv_rmse_percent(taken_w, hour["chiller_heat_w"]) < 0.5


def test_less_condenser_water_leaves_hotter_and_costs_power():
    inputs = (jnp.asarray(9e5), jnp.asarray(10.0), jnp.asarray(25.0))
    plenty, _ = reformulated_chiller_power_w(reformulated(), *inputs, jnp.asarray(60.0))
    little, _ = reformulated_chiller_power_w(reformulated(), *inputs, jnp.asarray(30.0))
    assert float(little) > 1.05 * float(plenty)
