"""Points of a site whose unit changes halfway, from its interval table and from what was kept out of it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipelines.site.file import Point, Site
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import is_energy
from pipelines.telemetry.quality.finding import Finding
from pipelines.telemetry.quality.scale import ScaleStep, scale_steps

OUT_OF_RANGE = "out of physical range"  # in another unit most readings are
# Factors that a quantity's unit may be wrong by; of others none is looked for.
_BY_UNIT = {
    "kW": (1000.0, 60.0, 12.0, 3.6, 3.517, 3.412),
    "kg/s": (1000.0, 60.0, 15.85, 4.403, 3.6),
    "Pa": (1000.0, 100.0),
    "m/s": (3.6,),
    "": (100.0,),
}
RARELY = 0.02  # share of the record's moves that are as large as one that counts
# Of the other points: so many at once are an event in the plant. Equipment seldom does what a thousandfold unit does.
LEAST_MOVED, LEAST_MOVED_RARE = 0.1, 0.3
AT_EVENT = 4  # readings on either side of an event


def unit_changes(site: Site, table: pd.DataFrame, quarantine: pd.DataFrame) -> Iterator[Finding]:
    """A finding for every change of unit; `table` and `quarantine` as the store has them."""
    found = [
        (point, step)
        for point in site.points
        if not point.quantity.endswith(("_on", "_enable", "_available_sp", "_deg"))
        for step in _steps(point, table, quarantine)
    ]
    for point, step in found:
        alike = {other.column for other, each in found if abs(each.at_us / step.at_us - 1.0) < 1e-6}
        if step.offset or not _event(site, table, step, apart_from=alike):
            yield _finding(point, step)


def _steps(point: Point, table: pd.DataFrame, quarantine: pd.DataFrame) -> list[ScaleStep]:
    unit = QUANTITIES[point.quantity].unit
    readings = _readings(point, table, quarantine)
    time_us, value = pd.DatetimeIndex(readings.index).as_unit("us").asi8, readings.to_numpy(float)
    if unit == "degC":
        return scale_steps(time_us, value, fahrenheit=True)
    return scale_steps(time_us, value, factors=_BY_UNIT.get(unit, ()))


def _readings(point: Point, table: pd.DataFrame, quarantine: pd.DataFrame) -> pd.Series:
    """What a point read, canonical unit, in order of time: intervals, and readings that were beyond its range."""
    values = table[point.column].dropna()
    out = quarantine[(quarantine["tag"] == point.tag) & (quarantine["source"] == point.source)]
    out = out[out["reason"] == OUT_OF_RANGE].dropna(subset="time")
    if out.empty or is_energy(point.unit):
        return values
    slope, offset = point.to_canonical
    read = pd.to_numeric(out["value"], errors="coerce").to_numpy(float) * slope + offset
    beyond = pd.Series(read, index=pd.DatetimeIndex(out["time"]))
    return pd.concat([values, beyond.dropna()]).sort_index(kind="stable")


def _event(site: Site, table: pd.DataFrame, step: ScaleStep, *, apart_from: set[str]) -> bool:
    """Whether the plant around moved at the step as it rarely does: then equipment started, and no unit changed."""
    others = [
        point.column
        for point in site.points
        if point.column not in apart_from
        and not point.quantity.startswith(("outdoor", "forecast", "wind"))
        and "_sp" not in point.quantity
    ]
    at = int(table.index.searchsorted(pd.Timestamp(step.at_us, unit="us", tz="UTC")))
    moved = [
        move >= np.nanquantile(moves, 1.0 - RARELY) > 0.0
        for moves in (_moves(table[column].to_numpy(float)) for column in others)
        if np.isfinite(move := moves[min(at, len(moves) - 1)])
    ]
    return sum(moved) >= max(1.0, (LEAST_MOVED_RARE if step.rare else LEAST_MOVED) * len(moved))


def _moves(value: np.ndarray) -> np.ndarray:
    """How far readings (n,) after each of them are from those before."""
    smooth = pd.Series(value).rolling(AT_EVENT, min_periods=1).median().to_numpy()
    ahead = np.append(smooth[AT_EVENT - 1 :], np.full(AT_EVENT - 1, np.nan))
    return np.abs(ahead - np.append(np.nan, smooth[:-1]))


def _finding(point: Point, step: ScaleStep) -> Finding:
    at = pd.Timestamp(step.at_us, unit="us", tz="UTC")
    after = pd.Timestamp(step.after_us, unit="us", tz="UTC")
    change = f"{step.slope:.4g} times" if not step.offset else f"{step.slope:.4g} times, {step.offset:+.4g},"
    return Finding(
        finding="unit changes halfway",
        columns=point.column,
        seen=(
            f"after {after:%Y-%m-%d %H:%M} UTC tag {point.tag} reads {change} what it read before (measured "
            f"{step.ratio * (step.slope if step.offset else 1.0):.4g}): {step.meaning}?"
        ),
        remedy="convert the readings of one part to the point's unit in the export, and ingest it again",
        start=at,
    )
