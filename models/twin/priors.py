"""Priors of a plant's parameters: which of them are fitted, on what scale, and how far they may move."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

Kind = Literal["factor", "excess", "share", "shift"]


@dataclass(frozen=True)
class Prior:
    """Prior of a parameter around its nameplate value. spread: standard deviation before telemetry.

    factor: of the logarithm. excess: of the logarithm of what exceeds 1. share: of the logit. shift: in the
    parameter's own unit.
    """

    kind: Kind
    spread: float


# Not fitted: counts and settings, scales of other parameters, parameters without a gradient.
FIXED = (
    "*.units", "*.cells", "plant.control.*", "*.stage_*", "*.minimum_on_s", "*.minimum_off_s", "*.lockout_*",
    "plant.servers.rated_w", "plant.servers.shutdown_c", "*.curve_*", "*.surge_*", "*.minimum_lift_k",
    "plant.power_chain.*_rated_w", "*.pump.rated_flow_kg_s", "*.pump.minimum_flow_kg_s", "*.pump.efficiency",
    "*.minimum_cw_flow_ratio", "plant.tower.rated_water_kg_s", "*_water_fraction", "plant.tower.design_wetbulb_c",
    "plant.tower.design_range_k", "plant.tower.minimum_*", "*.drift_fraction", "*.cycles_of_concentration",
    "*.air_mass_kg", "*.fresh_air*", "*_surplus_pa", "*.underfloor_*",
    "setpoints.chillers_available", "setpoints.economizer_enable",
)  # fmt: skip

# Without a utilisation meter, IT power alone drives the servers and the scale of utilisation is arbitrary.
UNSCALED = ("plant.servers.idle_fraction",)
# Where a thermal load stands for IT power there is no hall: only the water flow for a load is fitted.
NO_HALL = (
    "plant.servers.*", "plant.hall.*", "plant.power_chain.*", "plant.crah.minimum_speed",
    "plant.crah.air_side_resistance", "plant.crah.rated_airflow_kg_s", "setpoints.airflow_ratio",
)  # fmt: skip

# First match wins. Spreads are round figures: how far plants of ordinary design lie from a sizing rule.
PRIORS = (
    ("*.rated_cop", Prior("factor", 0.2)),
    ("*heat_capacity_j_k", Prior("factor", 0.5)),
    ("*.volume_kg", Prior("factor", 0.5)),
    ("*_loss", Prior("factor", 0.7)),
    ("*.lighting_w", Prior("factor", 0.7)),
    ("setpoints.airflow_ratio", Prior("factor", 0.15)),
    ("*_head_ratio", Prior("excess", 0.4)),  # head at no flow lies above rated head
    ("*efficiency", Prior("share", 0.3)),
    ("*_c", Prior("shift", 2.0)),
    ("*_k", Prior("factor", 0.3)),
)
DEFAULT_FACTOR, DEFAULT_SHARE = Prior("factor", 0.4), Prior("share", 0.6)
SQUARE_SPREAD = 0.2  # of a fan's or pump's rated power: spread of the part proportional to flow squared
CURVE_SPREAD = 0.1  # of a performance curve's output, at the edge of its range


def prior_of(name: str, values: np.ndarray) -> Prior | None:
    """The prior of a leaf by its dotted name; None where it is not fitted."""
    if any(fnmatchcase(name, pattern) for pattern in FIXED) or not np.any(values):
        return None
    for pattern, prior in PRIORS:
        if fnmatchcase(name, pattern):
            return prior
    inside = np.all((values > 0) & (values < 1)) and not name.endswith(("_per_k", "_w", "_kg_s", "_pa"))
    return DEFAULT_SHARE if inside else DEFAULT_FACTOR


def curve_directions(name: str, size: int) -> dict[str, np.ndarray]:
    """Directions in which a performance curve may bend, as changes of its coefficients by one prior spread.

    Biquadratics (6) of chilled and condenser water in °C bend about 10 and 25 °C, by `CURVE_SPREAD` 10 K
    away; curves of a ratio (3: quadratic) about full load; powers of fans and pumps by the share proportional
    to the second-highest power of flow; bicubics (10) of condenser water and a ratio likewise.
    """
    if name.endswith("power_curve") and size >= 2:
        # between the affinity law and a system with static pressure
        return {"square part": SQUARE_SPREAD * (np.eye(size)[-2] - np.eye(size)[-1])}
    if size == 6:
        return {
            "chw slope": CURVE_SPREAD * _biquadratic(1, 0, 10.0, 25.0),
            "cw slope": CURVE_SPREAD * _biquadratic(0, 1, 10.0, 25.0),
            "cw bend": 0.5 * CURVE_SPREAD * _biquadratic(0, 2, 10.0, 25.0),
        }
    if size == 3:  # (x - 1) and (x - 1)², nothing at full load
        return {
            "slope": CURVE_SPREAD * np.array([-1.0, 1.0, 0.0]),
            "bend": 2 * CURVE_SPREAD * np.array([1.0, -2.0, 1.0]),
        }
    if size == 10:  # c0 + c3 y + c4 y² + c5 x y ..., x condenser water, y the part-load ratio
        slope, bend = np.zeros(10), np.zeros(10)
        slope[[0, 3]] = -1.0, 1.0
        bend[[0, 3, 4]] = 1.0, -2.0, 1.0
        return {"slope": CURVE_SPREAD * slope, "bend": 2 * CURVE_SPREAD * bend}
    return {}


def _biquadratic(x_power: int, y_power: int, x0: float, y0: float) -> np.ndarray:
    """Coefficients of ((x - x0) / 10)^x_power ((y - y0) / 10)^y_power as `c0 + c1 x + c2 x² + c3 y + c4 y²`."""
    out = np.zeros(6)
    for power, origin, linear in ((x_power, x0, 1), (y_power, y0, 3)):
        if power == 1:
            out[[0, linear]] += np.array([-origin, 1.0]) / 10
        if power == 2:
            out[[0, linear, linear + 1]] += np.array([origin**2, -2 * origin, 1.0]) / 100
    return out
