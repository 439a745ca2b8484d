"""Verification at the receiving side: the second layer, written apart from the first on purpose.

It shares no code with `models.safety`: plain numbers by tag, from the site file and the last values that left. A value
that breaks a rule does not leave; the one in force stays.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.site.file import Site

ROUNDING = 1e-6
LONGEST_H = 1.0


@dataclass(frozen=True)
class Checked:
    """Values by tag (canonical units) that may leave, and why others did not."""

    values: dict[str, float]
    refused: tuple[str, ...]


def checked(
    site: Site,
    proposed: Mapping[str, float],
    in_force: Mapping[str, float],
    passed_h: float,
    limits: Mapping[str, tuple[float, float]],
) -> Checked:
    """What may leave of the values proposed.

    in_force: values now in force by tag, as last written or else as read. passed_h: since they were written. limits:
    those in force; the site file's hold as well. A value on its way back inside is let through at its slew rate.
    """
    values: dict[str, float] = {}
    refused: list[str] = []
    for setpoint in site.setpoints:
        tag, now = setpoint.tag, in_force.get(setpoint.tag)
        wanted = proposed.get(tag)
        why = "" if wanted is None else _fault(site, tag, wanted, now, passed_h, limits)
        if wanted is not None and not why:
            values[tag] = wanted
        elif now is not None:
            values[tag] = now
        if why:
            refused.append(f"{tag} {wanted:.6g} refused: {why}")
    for relation in site.safety.relations:
        refused += _relation(relation.lower, relation.upper, relation.least_k, values, in_force)
    unknown = sorted(set(proposed) - {setpoint.tag for setpoint in site.setpoints})
    refused += [f"{tag} refused: it is no setpoint of this site" for tag in unknown]
    return Checked(values, tuple(refused))


def _fault(
    site: Site,
    tag: str,
    wanted: float,
    now: float | None,
    passed_h: float,
    limits: Mapping[str, tuple[float, float]],
) -> str:
    setpoint = next(each for each in site.setpoints if each.tag == tag)
    if not math.isfinite(wanted):
        return "it is not finite"
    if setpoint.kind == "binary" and wanted not in (0.0, 1.0):
        return "it is neither on nor off"
    if not setpoint.min - ROUNDING <= wanted <= setpoint.max + ROUNDING and not _returns(
        wanted, now, setpoint.min, setpoint.max
    ):
        return f"outside the site file's limits {setpoint.min:g}..{setpoint.max:g}"
    low, high = limits.get(tag, (setpoint.min, setpoint.max))
    if not low - ROUNDING <= wanted <= high + ROUNDING and not _returns(wanted, now, low, high):
        return f"outside the limits in force {low:g}..{high:g}"
    if setpoint.kind == "continuous" and now is not None:
        most = setpoint.slew_per_hour * min(max(passed_h, 0.0), LONGEST_H)
        if abs(wanted - now) > most + ROUNDING:
            return f"{abs(wanted - now):.3g} in {passed_h:.2f} h is faster than {setpoint.slew_per_hour:g} per hour"
    return ""


def _returns(wanted: float, now: float | None, low: float, high: float) -> bool:
    """Whether a value outside is at least a step back towards the inside."""
    if now is None:
        return False
    return (now > high and wanted < now) or (now < low and wanted > now)


def _relation(
    lower: str, upper: str, least_k: float, values: dict[str, float], in_force: Mapping[str, float]
) -> list[str]:
    """Both stay where they are where a step would break the relation, or break it further."""
    if lower not in values or upper not in values or values[upper] - values[lower] >= least_k - ROUNDING:
        return []
    before = in_force.get(upper, math.inf) - in_force.get(lower, -math.inf)
    if values[upper] - values[lower] >= before - ROUNDING:
        return []
    gap_k = values[upper] - values[lower]
    values.update({tag: in_force[tag] for tag in (lower, upper) if tag in in_force})
    return [f"{lower} and {upper} refused: {gap_k:.3g} K apart, {least_k:g} K are declared"]
