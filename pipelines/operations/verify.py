"""Verification at the receiving side: the second layer, deliberately independent of the first.

It shares no code with `models.safety`: it works on plain numbers by tag, from the site file and the values last
written. What it passes lies inside the site file's limits and the limits in force, whatever was read, written or
proposed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.site.file import Setpoint, Site

ROUNDING = 1e-6
LONGEST_H = 1.0


def counted_h(passed_h: float) -> float:
    """Hours for which a slew rate counts: at most `LONGEST_H`, none where the time passed is negative or unknown."""
    return min(max(passed_h, 0.0), LONGEST_H) if math.isfinite(passed_h) else 0.0


@dataclass(frozen=True)
class Checked:
    """Values by tag (canonical units) that may be written, why others may not, and low and high in force by tag."""

    values: dict[str, float]
    refused: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]


def checked(
    site: Site,
    proposed: Mapping[str, float],
    in_force: Mapping[str, float],
    passed_h: float,
    limits: Mapping[str, tuple[float, float]],
) -> Checked:
    """What may be written of the values proposed, by tag, canonical units.

    in_force: values now in force, as last written or else as read back. passed_h: hours since they were written.
    limits: those in force; the site file's apply as well.

    Slew counts from the value in force, clipped into the limits: a setpoint outside its limits returns to the
    nearest limit at once and then moves at its slew rate. A refused value is replaced by the same clipped value:
    sending nothing would leave the plant outside its limits, and the nearest limit is the smallest move that ends
    that. A continuous setpoint whose value in force is unknown is not sent: its slew rate could not be kept.
    """
    ranges, refused = _ranges(site, limits)
    starts = {each.tag: _start(each, in_force.get(each.tag), ranges[each.tag]) for each in site.setpoints}
    stays = {tag: value for tag, value in starts.items() if value is not None}
    values = dict(stays)
    for setpoint in site.setpoints:
        tag = setpoint.tag
        if tag not in proposed:
            continue
        wanted = _number(proposed[tag])
        why = _fault(setpoint, wanted, starts[tag], passed_h, ranges[tag])
        if why:
            refused.append(f"{tag} {wanted:.6g} refused: {why}")
        else:
            values[tag] = min(max(wanted, ranges[tag][0]), ranges[tag][1])
    refused += _relations(site, values, stays)
    unknown = sorted(str(tag) for tag in set(proposed) - starts.keys())
    refused += [f"{tag} refused: it is no setpoint of this site" for tag in unknown]
    return Checked(values, tuple(refused), ranges)


def _ranges(
    site: Site, limits: Mapping[str, tuple[float, float]]
) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """Low and high of every setpoint by tag, and what of the limits in force could not be used."""
    ranges, unusable = {}, []
    for setpoint in site.setpoints:
        tag, widest = setpoint.tag, (setpoint.min, setpoint.max)
        low, high = (_number(each) for each in limits.get(tag, widest))
        inside = max(low, widest[0]), min(high, widest[1])
        if setpoint.kind == "binary" and math.isfinite(low) and math.isfinite(high):
            inside = float(math.ceil(inside[0])), float(math.floor(inside[1]))
        usable = math.isfinite(low) and math.isfinite(high) and inside[0] <= inside[1]
        ranges[tag] = inside if usable else widest
        if not usable:
            unusable.append(f"limits in force {low:g}..{high:g} of {tag} refused: the site file's apply")
    return ranges, unusable


def _start(setpoint: Setpoint, now: float | None, within: tuple[float, float]) -> float | None:
    """The value in force clipped into the limits; None where it is not known."""
    value = math.nan if now is None else _number(now)
    if not math.isfinite(value) or (setpoint.kind == "binary" and value not in (0.0, 1.0)):
        return None
    return min(max(value, within[0]), within[1])


def _fault(
    setpoint: Setpoint, wanted: float, start: float | None, passed_h: float, within: tuple[float, float]
) -> str:
    """Why a value may not be written; empty where it may."""
    if not math.isfinite(wanted):
        return "it is not finite"
    if setpoint.kind == "binary" and wanted not in (0.0, 1.0):
        return "it is neither on nor off"
    if not setpoint.min - ROUNDING <= wanted <= setpoint.max + ROUNDING:
        return f"outside the site file's limits {setpoint.min:g}..{setpoint.max:g}"
    if not within[0] - ROUNDING <= wanted <= within[1] + ROUNDING:
        return f"outside the limits in force {within[0]:g}..{within[1]:g}"
    if setpoint.kind == "binary":
        return ""
    if start is None:
        return "what is in force is not known, so its slew rate cannot be kept"
    hours = counted_h(passed_h)
    if abs(wanted - start) > setpoint.slew_per_hour * hours + ROUNDING:
        return (
            f"{abs(wanted - start):.3g} in {hours:.2f} h is faster than {setpoint.slew_per_hour:g} per hour"
        )
    return ""


def _relations(site: Site, values: dict[str, float], stays: Mapping[str, float]) -> list[str]:
    """Setpoints in `values` go back to their present value where the step would break a relation or break it further.

    Setting back one pair may break another relation: repeated until nothing changes, at most once per relation.
    """
    refused: list[str] = []
    for _ in site.safety.relations:
        before = len(refused)
        for relation in site.safety.relations:
            refused += _relation(relation.lower, relation.upper, relation.least_k, values, stays)
        if len(refused) == before:
            break
    return refused


def _relation(
    lower: str, upper: str, least_k: float, values: dict[str, float], stays: Mapping[str, float]
) -> list[str]:
    if lower not in values or upper not in values:
        return []
    gap_k, now_k = values[upper] - values[lower], math.inf
    if lower in stays and upper in stays:
        now_k = stays[upper] - stays[lower]
    if gap_k >= least_k - ROUNDING or gap_k >= now_k - ROUNDING:
        return []
    for tag in (lower, upper):
        if tag in stays:
            values[tag] = stays[tag]
        else:
            del values[tag]
    return [f"{lower} and {upper} refused: {gap_k:.3g} K apart, {least_k:g} K are declared"]


def _number(value: object) -> float:
    """A float, NaN for what is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
