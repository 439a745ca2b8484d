"""What an engineer declares in the site file: relations, interlocks, minimum times and dwell. Nothing by default."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.safety.types import Clip, Situation
from models.setpoints import Array, Bounds

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Relation:
    """`lower` stays at least `least_k` below `upper`, both setpoints (chilled water below supply air)."""

    lower: str
    upper: str
    least_k: float


@dataclass(frozen=True)
class Interlock:
    """While `when` (less `less`, where named) is over `above` or under `below`, a setpoint keeps a limit.

    `when` and `less` are quantities: a setpoint stands for the value wanted of it, all else for what is measured.
    What is not known counts as in force.
    """

    name: str
    when: str
    setpoint: str
    less: str = ""
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class MinimumTimes:
    """Shortest time that an on/off setpoint stays on and off, hours."""

    setpoint: str
    on_h: float = 0.0
    off_h: float = 0.0


@dataclass(frozen=True)
class Dwell:
    """No switching of `setpoint` for `hours` after the equipment that `after` meters started or stopped."""

    setpoint: str
    after: str
    running_above: float
    hours: float


@dataclass(frozen=True)
class Declared:
    """All that a site declares."""

    relations: tuple[Relation, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    minimum_times: tuple[MinimumTimes, ...] = ()
    dwells: tuple[Dwell, ...] = ()


def heeded(
    declared: Declared, bounds: Bounds, values: Array, situation: Situation
) -> tuple[Array, list[Clip]]:
    """Setpoints (k,) after every declaration, and what was clipped.

    A person's override is not moved: of a relation, the other setpoint gives way.
    """
    clips: list[Clip] = []
    for interlock in declared.interlocks:
        values = _interlocked(interlock, bounds, values, situation, clips)
    for relation in declared.relations:
        values = _related(relation, bounds, values, situation.overrides, clips)
    return _switched(declared, bounds, values, situation, clips), clips


def broken(interlock: Interlock, known: Mapping[str, float]) -> bool:
    """Whether an interlock's condition holds, or cannot be told."""
    value = known.get(interlock.when, np.nan) - (known.get(interlock.less, np.nan) if interlock.less else 0.0)
    if not np.isfinite(value):
        return True
    over = interlock.above is not None and value > interlock.above
    under = interlock.below is not None and value < interlock.below
    return over or under


def _interlocked(
    interlock: Interlock, bounds: Bounds, values: Array, situation: Situation, clips: list[Clip]
) -> Array:
    known = {**situation.known, **dict(zip(bounds.names, values.tolist(), strict=True))}
    if interlock.setpoint in situation.overrides or not broken(interlock, known):
        return values
    low = -np.inf if interlock.at_least is None else interlock.at_least
    high = np.inf if interlock.at_most is None else interlock.at_most
    wanted = float(values[bounds.names.index(interlock.setpoint)])
    return _put(bounds, values, interlock.setpoint, float(np.clip(wanted, low, high)), interlock.name, clips)


def _related(
    relation: Relation, bounds: Bounds, values: Array, overrides: Mapping[str, float], clips: list[Clip]
) -> Array:
    lower, upper = (float(values[bounds.names.index(name)]) for name in (relation.lower, relation.upper))
    if upper - lower >= relation.least_k - TOLERANCE:
        return values
    why = f"{relation.lower} stays {relation.least_k:g} K below {relation.upper}"
    if relation.lower in overrides:
        return _put(bounds, values, relation.upper, lower + relation.least_k, "relation", clips, why)
    return _put(bounds, values, relation.lower, upper - relation.least_k, "relation", clips, why)


def _switched(
    declared: Declared, bounds: Bounds, values: Array, situation: Situation, clips: list[Clip]
) -> Array:
    for name, why in _may_not_switch(declared, bounds, situation):
        index = bounds.names.index(name)
        if name not in situation.overrides:
            values = _put(
                bounds, values, name, float(np.round(situation.present[index])), "dwell", clips, why
            )
    return values


def _may_not_switch(declared: Declared, bounds: Bounds, situation: Situation) -> list[tuple[str, str]]:
    found = []
    for times in declared.minimum_times:
        index = bounds.names.index(times.setpoint)
        least_h = times.on_h if situation.present[index] > 0.5 else times.off_h
        since_h = np.inf if situation.since_switch_h is None else situation.since_switch_h[index]
        if since_h < least_h - TOLERANCE:
            found.append((times.setpoint, f"switched {since_h:.2f} h ago, stays {least_h:g} h"))
    for dwell in declared.dwells:
        since_h = situation.since_running_h.get(dwell.after, np.inf)
        if since_h < dwell.hours - TOLERANCE:
            found.append(
                (dwell.setpoint, f"{dwell.after} changed {since_h:.2f} h ago, wait {dwell.hours:g} h")
            )
    return found


def _put(
    bounds: Bounds, values: Array, name: str, allowed: float, rule: str, clips: list[Clip], why: str = ""
) -> Array:
    index = bounds.names.index(name)
    wanted = float(values[index])
    if abs(allowed - wanted) <= TOLERANCE:
        return values
    clips.append(Clip(rule, name, wanted, allowed, why or "declared in the site file"))
    changed = values.copy()
    changed[index] = allowed
    return changed
