"""The month's peak so far: what a demand charge is counted from."""

import math
from dataclasses import dataclass
from datetime import datetime

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
