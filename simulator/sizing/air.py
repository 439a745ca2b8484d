"""Sizes of the air side (servers, halls, CRAHs) and of the power chain."""

import jax.numpy as jnp
import numpy as np

from simulator.constants import AIR_CP_J_KG_K, WATER_CP_J_KG_K
from simulator.crah import Crah
from simulator.fan import AFFINITY_CURVE
from simulator.hall import Hall
from simulator.it import Servers
from simulator.power_chain import PowerChain
from simulator.sizing.design import CHW_C, CHW_RISE_K, SERVER_RISE_K, SUPPLY_AIR_C, Design, part
from simulator.solve import counterflow_ua_w_k

AIRFLOW_RATIO = 1.35  # CRAH airflow the fans can give, over the servers' rated draw
CRAH_SPECIFIC_FAN_J_KG = 700.0  # about 500 Pa over fan, motor and drive efficiency of 0.6


def servers(design: Design) -> Servers:
    """Servers of the design's IT power, split evenly over the halls. Figures: ordinary volume servers."""
    return part(
        Servers,
        rated_w=np.full(design.halls, design.hall_w),
        idle_fraction=0.35,
        fan_fraction=0.06,
        fan_idle_speed=0.55,
        fan_knee_c=24.0,
        fan_slope_per_k=0.06,
        fan_curvature_per_k2=0.0,
        fan_power_curve=AFFINITY_CURVE,
        fan_max_speed=1.6,
        leakage_per_k=0.0015,
        air_rise_k=SERVER_RISE_K,
        shutdown_c=50.0,
    )


def power_chain(design: Design) -> PowerChain:
    """UPS, PDU and transformer with a margin over the IT power; loss coefficients of ordinary equipment.

    The UPS is rated 1.25 and the transformer 1.8 times the IT power.
    """
    return part(
        PowerChain,
        ups_rated_w=1.25 * design.it_w,
        ups_loss=np.array([0.015, 0.005, 0.025]),  # double conversion, 94-95 % efficient at half load
        pdu_rated_w=1.25 * design.it_w,
        pdu_loss=np.array([0.004, 0.0, 0.012]),
        transformer_rated_w=1.8 * design.it_w,
        transformer_loss=np.array([0.002, 0.0, 0.01]),
        lighting_w=0.006 * design.it_w,
        ups_heat_to_hall=0.3,
    )


def hall(design: Design) -> Hall:
    """Halls whose heat capacity, air mass, envelope and fresh air scale with their IT power."""
    each_w = np.full(design.halls, design.hall_w)
    return part(
        Hall,
        heat_capacity_j_k=60.0 * each_w,  # load without cooling warms the hall by 1 K a minute
        air_mass_kg=4e-3 * each_w,
        envelope_w_k=0.8e-3 * each_w,
        fresh_air_kg_s=0.5e-6 * each_w,
        fresh_air_min_humidity_ratio=0.0055,
        leakage_recirculation=0.06,
        leakage_airflow_scale=0.25,
        hot_spot_factor=2.5,
        aisle_surplus_pa=50.0,  # 2 Pa at 20 % surplus
    )


def crah(design: Design) -> Crah:
    """CRAHs for 1.08 of a hall's IT power at design temperatures, with 25 % more coil and water.

    The coil's UA inverts the counterflow effectiveness (Incropera, Fundamentals of Heat and Mass Transfer,
    ch. 11).
    """
    air = AIRFLOW_RATIO * design.server_air_kg_s / design.halls
    heat_w = 1.08 * design.hall_w
    water = heat_w / (WATER_CP_J_KG_K * CHW_RISE_K)
    return_c = SUPPLY_AIR_C + heat_w / (AIR_CP_J_KG_K * air)
    C_min, C_max = sorted((AIR_CP_J_KG_K * air, WATER_CP_J_KG_K * water))
    effectiveness = heat_w / (C_min * (return_c - CHW_C))
    ua = counterflow_ua_w_k(*(jnp.asarray(value) for value in (effectiveness, C_min, C_max)))
    return part(
        Crah,
        rated_airflow_kg_s=np.full(design.halls, air),
        rated_fan_w=np.full(design.halls, CRAH_SPECIFIC_FAN_J_KG * air),
        fan_power_curve=AFFINITY_CURVE,
        minimum_speed=0.3,
        rated_ua_w_k=jnp.full(design.halls, 1.25 * ua),
        air_side_resistance=0.65,
        rated_water_kg_s=np.full(design.halls, 1.25 * water),
        underfloor_rated_pa=25.0,
    )
