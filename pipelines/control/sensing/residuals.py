"""What the plant does against what it was told and what was expected of it: noticed within an hour, and named."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np

from models.safety.sensors import shifted, spike
from pipelines.site.setpoints import Settable

PAST = timedelta(hours=24)
OBEYED_SHARE, OBEYED_LEAST = 0.05, 0.05  # of an hour's slew; canonical unit: a smaller difference is rounding
DISOBEYED_FOR = timedelta(minutes=45)
FLOOR_K, FLOOR_SHARE = 1.5, 0.03  # what is no fault, of temperatures and of powers
LEAPING = 3.0  # times that: a meter that leaps
METERED = ("facility_kw",)
FOLLOWS = {
    "supply_air_c": "supply_air_sp_c",
    "chw_supply_c": "chw_supply_sp_c",
}


class Obedience:
    """Whether setpoints read back are those that were written."""

    def __init__(self, settable: Settable) -> None:
        self._settable = settable
        self._since: dict[str, datetime] = {}

    def notices(self, at: datetime, written: np.ndarray | None, reading: Mapping[str, float]) -> list[str]:
        """Setpoints that the plant has not taken for most of an hour. written (k,), None where nothing was."""
        found = []
        for index, name in enumerate(self._settable.names):
            shown = reading.get(name, math.nan)
            tolerance = max(OBEYED_LEAST, OBEYED_SHARE * self._settable.slew[index])
            if written is None or math.isnan(shown) or abs(shown - written[index]) <= tolerance:
                self._since.pop(name, None)
                continue
            since = self._since.setdefault(name, at)
            if since > at:
                self._since[name] = at
            if at - since >= DISOBEYED_FOR:
                tag = self._settable.tags[index]
                told, is_ = tag.exported(float(written[index])), tag.exported(shown)
                found.append(f"{tag.tag} is not obeyed: told {told:.4g}, reads {is_:.4g}")
        return found


class Residuals:
    """Measured less expected of what has a counterpart, each against its own past."""

    def __init__(self) -> None:
        self._past: dict[str, list[tuple[datetime, float]]] = {}

    def notices(self, at: datetime, reading: Mapping[str, float], expected: Mapping[str, float]) -> list[str]:
        """What has shifted. expected: quantity -> what the model expected of the interval that has passed."""
        against = {
            measured: (reading[sp], "its setpoint") for measured, sp in FOLLOWS.items() if sp in reading
        } | {name: (value, "what was expected") for name, value in expected.items()}
        if {"facility_kw", "cooling_kw", "it_kw"} <= reading.keys():
            against["facility_kw"] = (reading["cooling_kw"] + reading["it_kw"], "the sum of its submeters")
        found = []
        for name, (value, what) in against.items():
            measured = reading.get(name, math.nan)
            off, unit = self._off(name, at, measured - value, measured), name.rsplit("_", 1)[-1]
            if off:
                found.append(
                    f"{name} is {off:+.1f} {unit.replace('kw', 'kW').replace('c', 'K')} off {what}, unlike before"
                )
        return found

    def forget_after(self, at: datetime) -> None:
        """Forget what was read at times that the clock says are still to come."""
        for name, past in self._past.items():
            self._past[name] = [one for one in past if one[0] < at]

    def _off(self, name: str, at: datetime, residual: float, measured: float) -> float:
        if not math.isfinite(residual):
            return 0.0
        past = [one for one in self._past.get(name, []) if at - PAST < one[0] < at]
        self._past[name] = [*past, (at, residual)]
        floor = FLOOR_K if name.endswith("_c") else FLOOR_SHARE * abs(measured)
        residuals = [value for _, value in self._past[name]]
        if name in METERED and spike(residuals, LEAPING * floor):
            return residual
        return shifted(residuals, floor)
