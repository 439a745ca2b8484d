"""Peaks of power: the month's so far, which a demand charge is counted from, and how fast stored heat is moved."""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from models.setpoints import Array, quantity_of
from pipelines.control.sensing.history import WINDOW, History


@dataclass(frozen=True)
class Peak:
    """The highest hourly mean of facility power, kW, of a month ("2026-01", UTC)."""

    month: str = ""
    kw: float = 0.0

    def after(self, history: History, at: datetime) -> "Peak":
        """The same one decision later; a new month begins at 0, where less power is all that counts."""
        month = f"{at:%Y-%m}"
        kw = self.kw if month == self.month else 0.0
        hour_kw = history.mean("facility_kw", at, WINDOW)
        return Peak(month, max(kw, hour_kw) if math.isfinite(hour_kw) else kw)


# What stores heat, and the share of its slew rate at which it is moved. Engineering judgement; six plants,
# docs/graybox.md.
STORES, UNHURRIED = ("supply_air_sp_c", "supply_air_c", "chw_supply_sp_c", "chw_supply_c"), 0.5


def unhurried(names: tuple[str, ...], present: Array, target: Array, most: Array) -> Array:
    """The target (k,), or on the way to it: heat that rooms and water give up comes out as a peak of chillers.

    present, most (k,): setpoints now and the largest move that their slew rates allow.
    """
    stores = np.array([quantity_of(name) in STORES for name in names], bool)
    return np.where(stores, np.clip(target, present - UNHURRIED * most, present + UNHURRIED * most), target)
