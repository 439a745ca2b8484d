"""Exports whose tags say nothing (N2.14.AI03): temperatures, setpoints and weather told from what their readings do.

Points of one controller or folder belong to one machine or loop, and share all of their tag but the last part.
Nothing found so is certain: a person has to confirm it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.proposal.recognition.concepts import Pattern
from pipelines.site.proposal.recognition.naming import NameMatch
from pipelines.site.proposal.recognition.ranges import UnitChoice
from pipelines.site.proposal.recognition.terms import concepts_of

LEAST, MOST_NAMED = 8, 0.5  # nameless columns that there must be, and the share that may have names
LIKELY, PERHAPS = 0.56, 0.4  # points: taken in to be confirmed, and asked about
TEMPERATURES = ("degC", "degF")
BELIEVED_C = (-35.0, 60.0)
FOLLOWS_K, FOLLOWS_CORR = 1.3, 0.5
RACK_RISE_K, COIL_RISE_K, LOOP_RISE_K = (0.2, 3.5), (4.0, 20.0), (1.0, 15.0)
CHILLED_BELOW_C = 16.0
MISSED_K = 9.0  # by which a tower in a warm climate misses its setpoint
WARM = 0.75  # quantile of the weather above which a tower misses its setpoint


@dataclass(eq=False)
class Reading:
    """A nameless column with a temperature that it may be, and the controller it belongs to."""

    subject: Subject
    group: tuple[str, ...]
    unit: str
    celsius: pd.Series


def name_nameless(subjects: Sequence[Subject], aligned: Aligned) -> list[Subject]:
    """Give columns without a name candidates by their behaviour; returns those that are still without."""
    nameless = [s for s in subjects if _says_nothing(s)]
    if len(nameless) < LEAST or len(nameless) < (1 - MOST_NAMED) * len(subjects):
        return []
    readings = [each for s in nameless for each in _temperatures(s, aligned)]
    weather = _weather(nameless, readings, aligned)
    for loop in _loops(readings, weather):
        _name_loop(loop, readings, weather)
    for subject in nameless:
        if subject.seen.on_off and not subject.candidates and _only_switch(subject, nameless):
            behaves(subject, "economizer_enable", "", LIKELY, "the only point that is switched")
    return [s for s in nameless if not s.candidates]


def behaves(
    subject: Subject, quantity: str, unit: str, points: float, why: str, how: str = "certain"
) -> None:
    """Add a candidate that a column's behaviour speaks for."""
    match = NameMatch(Pattern(quantity, ()), 0.0, 0.0, None, (), frozenset(("behaviour",)))
    subject.candidates.append(Candidate(match, UnitChoice(unit, how), "instant", points, [why]))


def group_of(subject: Subject) -> tuple[str, ...]:
    """What a tag shares with the others of its controller or folder: all but its last part."""
    parts = re.split(r"[/\\.:'|]+", subject.column.tag)
    return (subject.column.source, *parts[:-1])


def _says_nothing(subject: Subject) -> bool:
    named = bool(subject.candidates) or subject.meant or subject.seen.empty
    return not named and not concepts_of(subject.terms) - {"sp", "cmd"}


def _temperatures(subject: Subject, aligned: Aligned) -> Iterator[Reading]:
    raw = aligned.raw(subject)
    for unit in TEMPERATURES if not subject.seen.on_off else ():
        celsius = raw if unit == "degC" else (raw - 32.0) / 1.8
        low, high = celsius.quantile(0.01), celsius.quantile(0.99)
        if BELIEVED_C[0] <= low and high <= BELIEVED_C[1] and celsius.median() > -15.0:
            yield Reading(subject, group_of(subject), unit, celsius)


def _is_setpoint(reading: Reading) -> bool:
    seen = reading.subject.seen
    return (seen.steps_seldom or seen.constant) and 3.0 <= reading.celsius.median() <= 36.0


@dataclass(eq=False)
class _Loop:
    setpoint: Reading
    measured: Reading
    missed: bool = False


def _loops(readings: Sequence[Reading], weather: pd.Series | None) -> list[_Loop]:
    """Setpoints, each with the temperature of its controller that follows it, or that the weather keeps above it."""
    best: dict[int, tuple[float, _Loop]] = {}
    for setpoint in (r for r in readings if _is_setpoint(r)):
        beside = [r for r in readings if r.group == setpoint.group and not _is_setpoint(r)]
        near = [(_distance(setpoint, r), _Loop(setpoint, r)) for r in beside]
        near = [each for each in near if each[0] < FOLLOWS_K]
        near = near or [
            (_above(setpoint, r), _Loop(setpoint, r, missed=True)) for r in beside if _follows(r, weather)
        ]
        if near:
            distance, loop = min(near, key=lambda each: each[0])
            known = best.get(id(setpoint.subject))
            if distance < MISSED_K and (known is None or distance < known[0]):
                best[id(setpoint.subject)] = (distance, loop)
    return [loop for _, loop in best.values()]


def _above(setpoint: Reading, measured: Reading) -> float:
    """How far a temperature stays above a setpoint that it never falls below, K."""
    gap = (measured.celsius - setpoint.celsius).dropna()
    return float(gap.median()) if len(gap) >= 24 and (gap > -1.5).mean() > 0.9 else np.inf


def _follows(reading: Reading, weather: pd.Series | None) -> bool:
    return weather is not None and float(reading.celsius.corr(weather)) > 0.5


def _distance(setpoint: Reading, measured: Reading) -> float:
    gap = (measured.celsius - setpoint.celsius).dropna()
    if len(gap) < 24:
        return np.inf
    if setpoint.celsius.std() > 0.3 and measured.celsius.corr(setpoint.celsius) < FOLLOWS_CORR:
        return np.inf
    return float(gap.abs().median())


def _name_loop(loop: _Loop, readings: Sequence[Reading], weather: pd.Series | None) -> None:
    rooms = [r for r in readings if r.group not in _with_setpoints(readings)]
    kind, why = _kind(loop, rooms, weather)
    behaves(
        loop.setpoint.subject,
        f"{kind}_sp_c",
        loop.setpoint.unit,
        LIKELY,
        f"a reading of its controller follows it; {why}",
    )
    for reading in (loop.measured, *_like(loop.measured, readings, loop.setpoint)):
        _once(reading, f"{kind}_c", "it follows a setpoint")
    rise = COIL_RISE_K if kind == "supply_air" else LOOP_RISE_K
    back = {"supply_air": "return_air_c", "chw_supply": "chw_return_c", "cw_supply": "cw_return_c"}[kind]
    beside = [r for r in readings if r.group == loop.measured.group and r.unit == loop.measured.unit]
    for reading in _warmer(loop.measured, beside, rise):
        _once(reading, back, "warmer by what a loop warms")
    if kind == "supply_air":
        inlets = _warmer(loop.measured, rooms, RACK_RISE_K)
        for reading in inlets:
            _once(reading, "rack_inlet_c", "a little above supply air, which it follows")
        for reading in _warmer(
            loop.measured, [r for r in rooms if r.group in {i.group for i in inlets}], COIL_RISE_K
        ):
            _once(reading, "rack_outlet_c", "above supply air by what servers warm it")


def _with_setpoints(readings: Sequence[Reading]) -> set[tuple[str, ...]]:
    return {r.group for r in readings if _is_setpoint(r)}


def _kind(loop: _Loop, rooms: Sequence[Reading], weather: pd.Series | None) -> tuple[str, str]:
    """Which loop it is: room air has racks that follow it, towers miss their setpoint in warm weather."""
    if _warmer(loop.measured, rooms, RACK_RISE_K):
        return "supply_air", "another follows at the rise to a rack's inlet"
    if loop.missed:
        return "cw_supply", "it is often missed, and follows the weather"
    if weather is not None:
        gap = (loop.measured.celsius - loop.setpoint.celsius).dropna()
        warm = weather.reindex(gap.index)
        above = gap[warm > warm.quantile(WARM)].median() - gap[warm < warm.quantile(0.5)].median()
        if above > 0.8:
            return "cw_supply", "it is missed in warm weather"
    level = float(loop.measured.celsius.median())
    return (
        ("chw_supply", "as cold as chilled water")
        if level < CHILLED_BELOW_C
        else ("cw_supply", "as warm as tower water")
    )


def _like(measured: Reading, readings: Sequence[Reading], setpoint: Reading) -> list[Reading]:
    """Those of the controller that follow the setpoint as closely: one for each hall."""
    return [
        r
        for r in readings
        if (r.group, r.unit) == (measured.group, measured.unit)
        and not _is_setpoint(r)
        and _distance(setpoint, r) < FOLLOWS_K
        and (measured.celsius.std() < 0.3 or r.celsius.corr(measured.celsius) > 0.5)
    ]


def _warmer(below: Reading, readings: Sequence[Reading], rise_k: tuple[float, float]) -> list[Reading]:
    """Readings that follow `below` at a rise that stays about the same."""
    found = []
    for reading in readings:
        if reading.subject is below.subject or _is_setpoint(reading):
            continue
        rise = (reading.celsius - below.celsius).dropna()
        if len(rise) < 24 or not rise_k[0] <= rise.median() <= rise_k[1]:
            continue
        close = float((rise - rise.median()).abs().median()) < 0.3 * max(float(rise.median()), 1.5)
        follows = float(reading.celsius.corr(below.celsius)) > 0.5 or below.celsius.std() < 0.3
        if close and follows:
            found.append(reading)
    return found


def _once(reading: Reading, quantity: str, why: str) -> None:
    if not reading.subject.candidates:
        behaves(reading.subject, quantity, reading.unit, LIKELY, why)


def _weather(nameless: Sequence[Subject], readings: Sequence[Reading], aligned: Aligned) -> pd.Series | None:
    """Name drybulb, wetbulb and humidity of the controller that follows the sun; returns drybulb, °C."""
    steered = _with_setpoints(readings)
    free = [
        r for r in readings if r.subject.seen.daily_swing > 0.08 and r.group not in steered and _outdoors(r)
    ]
    groups: dict[tuple[str, ...], list[Reading]] = defaultdict(list)
    for reading in free:
        groups[reading.group].append(reading)
    if not groups:
        return None
    group = max(groups, key=lambda each: max(_swing_k(r) for r in groups[each]))
    humidity = _humidity([s for s in nameless if group_of(s) == group], aligned)
    air = [r for r in groups[group] if r.subject is not humidity]
    if humidity is not None:
        behaves(
            humidity,
            "outdoor_rh_frac",
            "%",
            LIKELY,
            "a percentage beside the weather that falls while the air warms",
        )
    if not air:
        return None
    drybulb = max(air, key=_swing_k)
    behaves(
        drybulb.subject,
        "outdoor_drybulb_c",
        drybulb.unit,
        LIKELY,
        "the temperature that swings most with day and season",
    )
    for reading in air:
        gap = (drybulb.celsius - reading.celsius).dropna()
        if reading.subject.candidates or reading.unit != drybulb.unit:
            continue
        if (gap > -0.8).mean() > 0.95 and reading.celsius.corr(drybulb.celsius) > 0.75:
            behaves(
                reading.subject, "outdoor_wetbulb_c", reading.unit, LIKELY, "below drybulb, which it follows"
            )
    return drybulb.celsius


def _humidity(group: Sequence[Subject], aligned: Aligned) -> Subject | None:
    """The column of the weather's controller that falls within days while the others rise."""
    raw = {id(s): _within_days(aligned.raw(s)) for s in group}
    for subject in group:
        low, _, high = subject.seen.percentiles
        others = [raw[id(s)].corr(raw[id(subject)]) for s in group if s is not subject]
        # Of two that fall and rise against each other, humidity is the one that fog and rain hold near 100 %.
        near_full = high > 90.0 and float(np.mean(subject.seen.numbers > 0.9 * high)) > 0.08
        if low >= 0 and high <= 102.0 and others and max(others) < -0.3 and (len(others) > 1 or near_full):
            return subject
    return None


def _within_days(raw: pd.Series) -> pd.Series:
    if not isinstance(raw.index, pd.DatetimeIndex):
        return raw
    return raw - raw.groupby(raw.index.normalize()).transform("mean")


def _outdoors(reading: Reading) -> bool:
    """Whether it varies by more than rooms and loops do, and stays below what the sun makes of air."""
    return bool(reading.celsius.std() > 3.0 and reading.celsius.quantile(0.99) < 50.0)


def _swing_k(reading: Reading) -> float:
    low, high = reading.celsius.quantile(0.02), reading.celsius.quantile(0.98)
    return float(high - low)


def _only_switch(subject: Subject, nameless: Sequence[Subject]) -> bool:
    return sum(s.seen.on_off for s in nameless) == 1 and not subject.seen.idle
