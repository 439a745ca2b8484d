"""Non-routine events: what changed beside control, with reason and name, and what is made of it."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

EventKind = Literal[
    "load step", "new hall", "failed equipment", "replaced equipment", "changed meter", "other"
]
Treatment = Literal["exclude", "add"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)


@dataclass(frozen=True)
class Adjustment:
    """An event that is not the doing of control. Times in UTC; end None: it lasts.

    exclude: its hours count in neither period. add: so many kW, which the event added to what is metered, are taken
    off (negative: it took them away). number: of the order in the ledger.
    """

    start: pd.Timestamp
    end: pd.Timestamp | None
    kind: EventKind
    treatment: Treatment
    kw: float
    by: str
    why: str
    number: int

    def concerns(self, times: pd.DatetimeIndex) -> np.ndarray:
        """Which of the times (n,) it covers."""
        covered = times >= self.start
        return np.asarray(covered if self.end is None else covered & (times < self.end))


@dataclass(frozen=True)
class Applied:
    """An adjustment and the hours of each period that it concerned."""

    adjustment: Adjustment
    baseline_h: int
    reporting_h: int


def adjusted(power_kw: np.ndarray, times: pd.DatetimeIndex, adjustments: list[Adjustment]) -> np.ndarray:
    """Power (n,) with what the adjustments ask for: NaN in excluded hours, kW taken off in others."""
    power_kw = power_kw.copy()
    for each in adjustments:
        hours = each.concerns(times)
        power_kw[hours] = np.nan if each.treatment == "exclude" else power_kw[hours] - each.kw
    return power_kw
