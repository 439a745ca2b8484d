"""Sizes of the chilled- and condenser-water loops, their pumps, and the economizer between them."""

from typing import Literal

import numpy as np

from simulator.chilled_water import ChilledWater
from simulator.condenser_water import CondenserWater
from simulator.constants import WATER_CP_J_KG_K, WATER_DENSITY_KG_M3
from simulator.economizer import Economizer, Piping
from simulator.pump import CurvePump, Pump, PumpGroup
from simulator.sizing.design import CHW_RISE_K, Design, part

PumpKind = Literal["head", "curve"]
PUMP_EFFICIENCY = 0.68  # pump, motor and drive together at rated speed
LEAST_PUMP_FLOW = 0.1  # of rated: below it a bypass opens, as makers ask for cooling of seals and bearings
# EnergyPlus data sets, ASHRAE 90.1 appendix G: a variable-speed pump with reset of pressure difference.
RESET_PUMP_CURVE = np.array([0.0, 0.0205, 0.4101, 0.5753])


def chilled_water(design: Design, pump: PumpKind) -> ChilledWater:
    """The chilled-water loop: five minutes' flow of water, 260 kPa of head, a minimum flow per chiller."""
    flow = design.chw_kg_s
    return part(
        ChilledWater,
        volume_kg=300.0 * flow,  # five minutes' flow
        pump=pump_group(pump, flow, head_pa=260e3, static_head_fraction=0.3),
        minimum_flow_kg_s=0.4 * design.chiller_w / (WATER_CP_J_KG_K * CHW_RISE_K),
    )


def condenser_water(design: Design, pump: PumpKind) -> CondenserWater:
    """The condenser-water loop: five minutes' flow of water, 220 kPa of head, pumps for all chillers."""
    each, units = design.cw_per_chiller_kg_s, design.chillers
    return part(
        CondenserWater,
        volume_kg=300.0 * each * (units - 1),
        pump=pump_group(pump, each * units, head_pa=220e3, static_head_fraction=0.35),
        flow_per_chiller_kg_s=each,
    )


def pump_group(kind: PumpKind, flow_kg_s: float, head_pa: float, static_head_fraction: float) -> PumpGroup:
    """Pumps for a flow (kg/s) and a head (Pa), with a head curve ("head") or a part-load curve ("curve").

    `static_head_fraction`: share of the head that does not depend on flow; only the head curve uses it.
    """
    least_kg_s = LEAST_PUMP_FLOW * flow_kg_s
    if kind == "curve":
        return part(
            CurvePump,
            rated_flow_kg_s=flow_kg_s,
            rated_head_pa=head_pa,
            minimum_flow_kg_s=least_kg_s,
            rated_w=flow_kg_s * head_pa / (WATER_DENSITY_KG_M3 * PUMP_EFFICIENCY),
            power_curve=RESET_PUMP_CURVE,
        )
    return part(
        Pump,
        rated_flow_kg_s=flow_kg_s,
        minimum_flow_kg_s=least_kg_s,
        rated_head_pa=head_pa,
        static_head_fraction=static_head_fraction,
        shutoff_head_ratio=1.25,
        efficiency=PUMP_EFFICIENCY,
        minimum_speed=0.3,
    )


def economizer(design: Design, chilled_side: Piping, condenser_side: Piping) -> Economizer:
    """An exchanger for the design heat with 2 K between the streams; the piping as given."""
    return part(
        Economizer,
        ua_w_k=design.heat_w / 2.0,  # 2 K between the streams at design heat with balanced flows
        rated_cw_flow_kg_s=design.chw_kg_s,
        minimum_cw_flow_ratio=1.0,
        head_pa=50e3,
        lockout_difference_k=1.0,
        chilled_side=chilled_side,
        condenser_side=condenser_side,
    )
