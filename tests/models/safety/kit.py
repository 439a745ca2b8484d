"""A plant with three setpoints and an economizer's switch."""

import numpy as np

from models.safety.layer import Safety
from models.safety.types import Envelope, Situation
from models.setpoints import Bounds

NAMES = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
BOUNDS = Bounds(
    names=NAMES,
    low=np.array([18.0, 7.0, 6.0, 0.0]),
    high=np.array([26.0, 20.0, 30.0, 1.0]),
    default=np.array([20.0, 12.0, 21.0, 0.0]),
    slew_per_hour=np.array([2.0, 2.0, 4.0, 1.0]),
    binary=np.array([False, False, False, True]),
)
ENVELOPE = Envelope(inlet_low_c=18.0, inlet_high_c=27.0, dew_point_high_c=15.0, rate_k_per_h=20.0)
SAFETY = Safety(ENVELOPE)
QUARTER_H = 0.25


def setpoints(air=22.0, chilled=14.0, condenser=20.0, economizer=0.0) -> np.ndarray:
    return np.array([air, chilled, condenser, economizer])


def situation(present=None, **given) -> Situation:
    """A quarter of an hour after the last decision."""
    usual = {
        "present": setpoints() if present is None else present,
        "most": BOUNDS.slew_per_hour * QUARTER_H,
        "known": {"outdoor_wetbulb_c": 8.0, "outdoor_drybulb_c": 10.0, "chiller_kw": 90.0},
    }
    return Situation(**(usual | given))


def course(*values: float) -> tuple[tuple[float, float], ...]:
    """Readings a quarter of an hour apart, the newest now."""
    return tuple((QUARTER_H * (len(values) - 1 - k), value) for k, value in enumerate(values))
