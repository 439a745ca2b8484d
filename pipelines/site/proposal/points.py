"""A guess for one point: quantity, unit, equipment and kind of reading, from its name and sampled values."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.errors import SiteError
from pipelines.site.points import Reading
from pipelines.site.proposal.names import equipment_of, looks_derived, quantities_of, written_unit
from pipelines.site.quantities import QUANTITIES, column_name
from pipelines.site.units import conversion, is_energy

# Where a temperature usually lies, °C: a reading outside is taken for °F if that brings it inside.
USUAL_C = {
    "chw_supply_c": (3.0, 25.0), "chw_return_c": (5.0, 32.0), "chw_supply_sp_c": (3.0, 25.0),
    "cw_supply_c": (8.0, 40.0), "cw_return_c": (8.0, 45.0), "cw_supply_sp_c": (8.0, 40.0),
    "outdoor_drybulb_c": (-30.0, 45.0), "outdoor_wetbulb_c": (-30.0, 32.0),
    "outdoor_dew_point_c": (-35.0, 30.0), "rack_dew_point_c": (-12.0, 25.0),
    "return_air_c": (15.0, 48.0), "rack_outlet_c": (18.0, 55.0),
}  # fmt: skip
USUAL_AIR_C = (10.0, 35.0)
MAINS_HZ = (50.0, 60.0)
SENTINELS = (-9999.0, -999.0, -99.0, 999.0, 9999.0, 32767.0, -32768.0, 65535.0)
POWER_WORDS = re.compile(r"power|energy|load", re.IGNORECASE)
SMALLEST_SHARE_IN_RANGE = 0.5


@dataclass(frozen=True)
class Guess:
    """What a tag is taken for; `quantity` is None where it was not recognised, and `why` says the reason.

    low, middle, high: 1st, 50th and 99th percentile of the sample, in the source's unit (NaN without values).
    """

    tag: str
    quantity: str | None
    unit: str
    equipment: str
    reading: Reading
    full_scale: float | None
    low: float
    middle: float
    high: float
    why: str

    @property
    def column(self) -> str:
        """Column of the interval table that the point would fill."""
        assert self.quantity is not None
        return column_name(self.quantity, self.equipment)

    def canonical(self, value: float) -> float:
        """A reading in the canonical unit."""
        assert self.quantity is not None
        slope, offset = conversion(self.unit, self.quantity, self.full_scale)
        return slope * value + offset


def guess_point(
    tag: str, values: pd.Series, *, change_only: bool = False, unit_row: str | None = None
) -> Guess:
    """Guess what `tag` measures from its name and its sampled values (text or numbers, in time order).

    change_only: its readings come at irregular times, as from a log of changes.
    """
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    numbers = numbers[~numbers.isin(SENTINELS)].dropna()
    if numbers.empty:
        return _unknown(tag, numbers, "no numbers in the sample")
    if looks_derived(tag):
        return _unknown(tag, numbers, "looks derived from other points")
    on_off = bool(numbers.isin([0.0, 1.0]).all())
    for quantity in quantities_of(tag, on_off=on_off):
        full_scale = _full_scale(tag, quantity, numbers)
        unit = _unit(tag, quantity, numbers, unit_row)
        if unit is not None and _fits(quantity, unit, full_scale, numbers):
            return Guess(
                tag=tag,
                quantity=quantity,
                unit=unit,
                equipment=tag.split(":", 1)[1] if ":" in tag else equipment_of(tag),
                reading=_reading(unit, numbers, change_only),
                full_scale=full_scale,
                why="" if written_unit(tag) is not None or not unit else "unit from the values",
                **_percentiles(numbers),
            )
    return _unknown(tag, numbers, "name or unit is not known, or the values do not suit them")


def _unknown(tag: str, numbers: pd.Series, why: str) -> Guess:
    unit = written_unit(tag) or ""
    return Guess(tag, None, unit, equipment_of(tag), "instant", None, **_percentiles(numbers), why=why)


def _percentiles(numbers: pd.Series) -> dict[str, float]:
    if numbers.empty:
        return {"low": np.nan, "middle": np.nan, "high": np.nan}
    low, middle, high = np.percentile(numbers, [1, 50, 99])
    return {"low": float(low), "middle": float(middle), "high": float(high)}


def _full_scale(tag: str, quantity: str, numbers: pd.Series) -> float | None:
    if written_unit(tag) != "Hz" or QUANTITIES[quantity].unit:
        return None
    return next((mains for mains in MAINS_HZ if numbers.max() <= 1.02 * mains), MAINS_HZ[-1])


def _unit(tag: str, quantity: str, numbers: pd.Series, unit_row: str | None) -> str | None:
    """The unit written in the name, else the one that puts the values where they usually lie."""
    stated = unit_row or written_unit(tag)
    if tag.split(":", 1)[0] in QUANTITIES:
        return QUANTITIES[quantity].unit
    if stated is not None:
        return stated
    canonical = QUANTITIES[quantity].unit
    if canonical == "degC":
        return _celsius_or_fahrenheit(quantity, float(numbers.median()))
    if canonical == "":
        return "percent" if quantity.endswith("_frac") and numbers.max() > 1.5 else ""
    return canonical if canonical == "kW" and POWER_WORDS.search(tag) else None


def _celsius_or_fahrenheit(quantity: str, middle: float) -> str | None:
    low, high = USUAL_C.get(quantity, USUAL_AIR_C)
    if low <= middle <= high:
        return "degC"
    slope, offset = conversion("degF", quantity)
    return "degF" if low <= slope * middle + offset <= high else None


def _fits(quantity: str, unit: str, full_scale: float | None, numbers: pd.Series) -> bool:
    try:
        slope, offset = conversion(unit, quantity, full_scale)
    except SiteError:
        return False
    if is_energy(unit):
        return True
    limits = QUANTITIES[quantity]
    possible = (slope * numbers + offset).between(limits.low, limits.high)
    return float(possible.mean()) >= SMALLEST_SHARE_IN_RANGE


def _reading(unit: str, numbers: pd.Series, change_only: bool) -> Reading:
    if not is_energy(unit):
        return "change" if change_only else "instant"
    steps = numbers.diff().dropna()
    # A counter only rises, except where it wraps or is reset.
    rises = len(steps) > 1 and (steps >= 0).mean() > 0.99 and (steps > 0).any()
    return "counter" if rises and numbers.iloc[-1] > 10 * steps.abs().median() else "interval"
