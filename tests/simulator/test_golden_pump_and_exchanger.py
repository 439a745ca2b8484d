"""Pump and plate heat exchanger against EnergyPlus."""

import jax.numpy as jnp
import pytest

from simulator.constants import WATER_DENSITY_KG_M3
from simulator.economizer import Economizer, economizer_conductance_w_k
from simulator.pump import CurvePump
from tests.energyplus import sizes
from tests.energyplus.golden import LIMIT_PERCENT, cv_rmse_percent, golden

TABLES = ("electric_chiller_york_tower", "reformulated_chiller_merkel_tower")


@pytest.mark.parametrize("table", TABLES)
def test_pump_with_a_part_load_curve_uses_the_power_that_energyplus_says(table):
    _, hour = golden(table)
    pump = CurvePump(
        rated_flow_kg_s=jnp.asarray(sizes.CHW_M3_S * WATER_DENSITY_KG_M3),
        rated_head_pa=jnp.asarray(sizes.PUMP_HEAD_PA),
        minimum_flow_kg_s=jnp.asarray(0.0),
        rated_w=jnp.asarray(sizes.PUMP_W),
        power_curve=jnp.asarray(sizes.PUMP_CURVE),
    )
    assert cv_rmse_percent(pump.power_w(hour["chw_kg_s"]), hour["chw_pump_w"]) < LIMIT_PERCENT


@pytest.mark.parametrize("table", TABLES)
def test_plate_exchanger_gives_the_heat_that_energyplus_says(table):
    _, hour = golden(table)
    economizer = Economizer(
        ua_w_k=jnp.asarray(sizes.HX_UA_W_K),
        rated_cw_flow_kg_s=jnp.asarray(1.0),
        minimum_cw_flow_ratio=jnp.asarray(1.0),
        head_pa=jnp.asarray(0.0),
        lockout_difference_k=jnp.asarray(0.5),
    )
    conductance_w_k = economizer_conductance_w_k(
        economizer, hour["exchanger_chw_kg_s"], hour["exchanger_cw_kg_s"]
    )
    heat_w = conductance_w_k * (hour["exchanger_chw_in_c"] - hour["exchanger_cw_in_c"])
    assert cv_rmse_percent(heat_w, hour["exchanger_w"]) < LIMIT_PERCENT
