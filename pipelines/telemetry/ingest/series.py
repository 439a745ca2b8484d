"""One point's readings between the raw layer and the table."""

from dataclasses import dataclass

import numpy as np

HOUR_US = 3_600_000_000


@dataclass
class Series:
    """One point's readings, sorted by time; every array is [readings].

    time_us: true UTC (clock offset taken off). exported: source units. step_us: the source's step, 0 unknown.
    reason: code, 0 is good. value: canonical units (kW for energy per interval, kWh for counters).
    """

    time_us: np.ndarray
    exported: np.ndarray
    step_us: np.ndarray
    reason: np.ndarray
    value: np.ndarray

    @property
    def good(self) -> np.ndarray:
        """[readings] whether each is believed so far."""
        return self.reason == 0
