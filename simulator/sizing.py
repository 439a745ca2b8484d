"""Sizes of a site's parts from its IT power: every part follows from the same design conditions."""

from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from simulator.chilled_water import ChilledWater
from simulator.chiller import Chillers
from simulator.chiller_curves import PART_LOAD_CURVE, capacity_curve, input_curve
from simulator.condenser_water import CondenserWater
from simulator.constants import AIR_CP_J_KG_K, STANDARD_PRESSURE_PA, WATER_CP_J_KG_K
from simulator.crah import Crah
from simulator.economizer import Economizer
from simulator.hall import Hall
from simulator.it import Servers
from simulator.pi import PIGains
from simulator.power_chain import PowerChain
from simulator.pump import Pump
from simulator.solve import counterflow_ua_w_k
from simulator.tower import Tower, saturated_air_slope_j_kg_k
from simulator.types import LocalControl, Setpoints

Part = TypeVar("Part")

# Design conditions that every size below follows from; ordinary practice for a chilled-water site.
DESIGN_SUPPLY_AIR_C = 18.0
DESIGN_SERVER_RISE_K = 12.0
DESIGN_AIRFLOW_RATIO = 1.35  # CRAH airflow the fans can give, over the servers' rated draw
DESIGN_CHW_C = 10.0
DESIGN_CHW_RISE_K = 6.0
DESIGN_WETBULB_C = 25.6  # 78 °F, the rating wetbulb of CTI STD-201
DESIGN_APPROACH_K = 3.9  # 7 °F
DESIGN_CW_RISE_K = 5.5
CRAH_SPECIFIC_FAN_J_KG = 700.0  # about 500 Pa over fan, motor and drive efficiency of 0.6


def _part(kind: type[Part], **values: Any) -> Part:
    """A part whose leaves are arrays of the default float type."""
    return kind(**jax.tree.map(lambda v: jnp.asarray(v, dtype=jnp.result_type(float)), values))


def servers(it_w: float, halls: int) -> Servers:
    return _part(
        Servers,
        rated_w=np.full(halls, it_w / halls),
        idle_fraction=0.35,
        fan_fraction=0.06,
        fan_idle_speed=0.55,
        fan_knee_c=24.0,
        fan_slope_per_k=0.06,
        fan_max_speed=1.6,
        leakage_per_k=0.0015,
        air_rise_k=DESIGN_SERVER_RISE_K,
        shutdown_c=50.0,
    )


def power_chain(it_w: float) -> PowerChain:
    return _part(
        PowerChain,
        ups_rated_w=1.25 * it_w,
        ups_loss=np.array([0.015, 0.005, 0.025]),  # double conversion, 94-95 % efficient at half load
        pdu_rated_w=1.25 * it_w,
        pdu_loss=np.array([0.004, 0.0, 0.012]),
        transformer_rated_w=1.8 * it_w,
        transformer_loss=np.array([0.002, 0.0, 0.01]),
        lighting_w=0.006 * it_w,
        ups_heat_to_hall=0.3,
    )


def _rated_server_air_kg_s(it_w: float) -> float:
    return it_w / (AIR_CP_J_KG_K * DESIGN_SERVER_RISE_K)


def hall(it_w: float, halls: int) -> Hall:
    each_w = it_w / halls
    return _part(
        Hall,
        heat_capacity_j_k=np.full(
            halls, 60.0 * each_w
        ),  # load without cooling warms the hall by 1 K a minute
        air_mass_kg=np.full(halls, 4e-3 * each_w),
        envelope_w_k=np.full(halls, 0.8e-3 * each_w),
        fresh_air_kg_s=np.full(halls, 0.5e-6 * each_w),
        fresh_air_min_humidity_ratio=0.0055,
        leakage_recirculation=0.06,
        leakage_airflow_scale=0.25,
        hot_spot_factor=2.5,
    )


def crah(it_w: float, halls: int) -> Crah:
    air = DESIGN_AIRFLOW_RATIO * _rated_server_air_kg_s(it_w) / halls
    heat_w = 1.08 * it_w / halls
    water = heat_w / (WATER_CP_J_KG_K * DESIGN_CHW_RISE_K)
    return_c = DESIGN_SUPPLY_AIR_C + heat_w / (AIR_CP_J_KG_K * air)
    C_air, C_water = AIR_CP_J_KG_K * air, WATER_CP_J_KG_K * water
    effectiveness = heat_w / (min(C_air, C_water) * (return_c - DESIGN_CHW_C))
    ua = counterflow_ua_w_k(
        jnp.asarray(effectiveness), jnp.asarray(min(C_air, C_water)), jnp.asarray(max(C_air, C_water))
    )
    return _part(
        Crah,
        rated_airflow_kg_s=np.full(halls, air),
        rated_fan_w=np.full(halls, CRAH_SPECIFIC_FAN_J_KG * air),
        minimum_speed=0.3,
        rated_ua_w_k=jnp.full(halls, 1.25 * ua),
        air_side_resistance=0.65,
        rated_water_kg_s=np.full(halls, 1.25 * water),
    )


def chilled_water(heat_w: float, unit_w: float) -> ChilledWater:
    flow = heat_w / (WATER_CP_J_KG_K * DESIGN_CHW_RISE_K)
    return _part(
        ChilledWater,
        volume_kg=300.0 * flow,  # five minutes' flow
        pump=_pump(flow, head_pa=260e3, static_head_fraction=0.3),
        minimum_flow_kg_s=0.4 * unit_w / (WATER_CP_J_KG_K * DESIGN_CHW_RISE_K),
    )


def _pump(flow_kg_s: float, head_pa: float, static_head_fraction: float) -> Pump:
    return _part(
        Pump,
        rated_flow_kg_s=flow_kg_s,
        rated_head_pa=head_pa,
        static_head_fraction=static_head_fraction,
        shutoff_head_ratio=1.25,
        efficiency=0.68,
        minimum_speed=0.3,
    )


def chillers(unit_w: float, units: int, cop: float) -> Chillers:
    return _part(
        Chillers,
        units=units,
        rated_capacity_w=unit_w,
        rated_cop=cop,
        capacity_curve=capacity_curve(),
        input_curve=input_curve(cop),
        part_load_curve=PART_LOAD_CURVE,
        minimum_load_ratio=0.15,
        minimum_cw_c=15.0,
        minimum_lift_k=4.0,
        curve_chw_low_c=4.0,
        curve_chw_high_c=22.0,
        curve_cw_high_c=42.0,
        stage_up_load_ratio=0.92,
        stage_down_load_ratio=0.75,
        minimum_stage_s=900.0,
    )


def economizer(heat_w: float) -> Economizer:
    flow = heat_w / (WATER_CP_J_KG_K * DESIGN_CHW_RISE_K)
    return _part(
        Economizer,
        ua_w_k=heat_w / 2.0,  # 2 K between the streams at design heat with balanced flows
        rated_cw_flow_kg_s=flow,
        head_pa=50e3,
    )


def condenser_water(unit_w: float, units: int) -> CondenserWater:
    each = 1.18 * unit_w / (WATER_CP_J_KG_K * DESIGN_CW_RISE_K)
    return _part(
        CondenserWater,
        volume_kg=300.0 * each * (units - 1),
        pump=_pump(each * units, head_pa=220e3, static_head_fraction=0.35),
        flow_per_chiller_kg_s=each,
    )


def tower(heat_w: float, cells: int) -> Tower:
    rejected_w = 1.18 * heat_w / (cells - 1)  # each cell, one spare
    water = rejected_w / (WATER_CP_J_KG_K * DESIGN_CW_RISE_K)
    air = 0.75 * water  # liquid-to-gas ratio 1.33, usual for induced-draft counterflow
    entering_c = DESIGN_WETBULB_C + DESIGN_APPROACH_K + DESIGN_CW_RISE_K
    slope_at_c = jnp.asarray((DESIGN_WETBULB_C + entering_c) / 2 - DESIGN_CW_RISE_K / 4)
    wet_cp = saturated_air_slope_j_kg_k(slope_at_c, jnp.asarray(STANDARD_PRESSURE_PA))
    C_air, C_water = air * wet_cp, water * WATER_CP_J_KG_K
    effectiveness = rejected_w / (jnp.minimum(C_air, C_water) * (entering_c - DESIGN_WETBULB_C))
    ua_wet = counterflow_ua_w_k(
        jnp.asarray(effectiveness), jnp.minimum(C_air, C_water), jnp.maximum(C_air, C_water)
    )
    return _part(
        Tower,
        cells=cells,
        rated_ua_w_k=ua_wet * AIR_CP_J_KG_K / wet_cp,
        rated_water_kg_s=water,
        rated_air_kg_s=air,
        rated_fan_w=0.016 * rejected_w,
        minimum_water_fraction=0.4,
        free_convection=0.08,
    )


def control() -> LocalControl:
    return _part(
        LocalControl,
        slew_per_s=_part(
            Setpoints,
            supply_air_c=1.0 / 60,
            chw_supply_c=0.5 / 60,
            cw_supply_c=1.0 / 60,
            airflow_ratio=0.1 / 60,
            economizer_enable=1.0,
            chillers_available=1.0,
        ),
        coil_trim=_part(PIGains, proportional_per_k=0.01, integral_per_k_s=1e-4, low=-1.0, high=1.0),
    )
