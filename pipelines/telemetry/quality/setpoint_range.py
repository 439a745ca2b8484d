"""Setpoints whose recorded values do not lie in the limits of the site file: one of the two is in another unit."""

from collections.abc import Iterator

import pandas as pd

from pipelines.site.file import Site
from pipelines.site.points import Point
from pipelines.site.quantities import QUANTITIES
from pipelines.site.setpoint_table import Setpoint, resolution_of
from pipelines.site.units import conversion
from pipelines.telemetry.quality.finding import Finding

MOSTLY = 0.5  # share of the recorded values: an operator who overrides for a week is no fault
BOTH_WAYS_C = ("degF",)  # what limits of a tag in degC may have been typed in


def setpoints_out_of_range(site: Site, table: pd.DataFrame) -> Iterator[Finding]:
    """A finding for each setpoint that mostly stood outside [min, max]."""
    for setpoint in site.setpoints:
        point = site.by_tag[setpoint.tag]
        recorded = table[point.column].dropna()
        slack = resolution_of(setpoint, point) * abs(point.to_canonical[0])
        inside = recorded.between(setpoint.min - slack, setpoint.max + slack)
        if len(recorded) and float(inside.mean()) < 1.0 - MOSTLY:
            yield _finding(setpoint, point, recorded, float(1.0 - inside.mean()))


def _finding(setpoint: Setpoint, point: Point, recorded: pd.Series, share: float) -> Finding:
    low, high = recorded.quantile(0.05), recorded.quantile(0.95)
    slope, offset = point.to_canonical
    own = (
        f" ({(low - offset) / slope:.4g}..{(high - offset) / slope:.4g} {point.unit})" if slope != 1.0 else ""
    )
    unit = QUANTITIES[point.quantity].unit
    return Finding(
        "setpoint outside its limits",
        point.column,
        f"values of {point.tag} lie in {low:.4g}..{high:.4g} {unit}{own}, {share:.0%} of them outside min..max "
        f"({setpoint.min:.4g}..{setpoint.max:.4g} {unit}){_suspicion(setpoint, point, recorded)}",
        "write min, max and default in the canonical unit in [[setpoints]], or correct the unit of the point",
    )


def _suspicion(setpoint: Setpoint, point: Point, recorded: pd.Series) -> str:
    """Which unit the limits would fit in: the tag's own, or degF."""
    units = dict.fromkeys((point.unit, *(BOTH_WAYS_C if QUANTITIES[point.quantity].unit == "degC" else ())))
    for unit in units:
        slope, offset = conversion(unit, point.quantity, point.full_scale, point.power_factor)
        low, high = slope * setpoint.min + offset, slope * setpoint.max + offset
        if float(recorded.between(low, high).mean()) > 1.0 - MOSTLY:
            return f"; typed in {unit} these limits would be {low:.4g}..{high:.4g}"
    return ""
