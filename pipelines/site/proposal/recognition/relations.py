"""What columns say of each other: which of a pair is colder, what follows a setpoint, what the weather's readings share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Candidate, Subject

Chosen = list[tuple[Subject, Candidate]]

CONSIDERED = 0.25  # points from which on a column's best candidate takes part in comparisons
AGREES, CONTRADICTS = 0.12, -0.5
COLDER_WARMER = (
    ("chw_supply_c", "chw_return_c"), ("cw_supply_c", "cw_return_c"), ("supply_air_c", "return_air_c"),
    ("rack_inlet_c", "rack_outlet_c"),
)  # fmt: skip
FOLLOWS = (("chw_supply_sp_c", "chw_supply_c"), ("cw_supply_sp_c", "cw_supply_c"), ("supply_air_sp_c", "supply_air_c"))
WELL_NAMED = 0.5  # points of a name that being colder or warmer may confirm
NEAR_SETPOINT_K = 2.5
EITHER_SIDE = 0.3  # points between two sides of a loop below which the temperatures decide, not the name
FEWEST = 6  # common readings to compare
STATES = 0.35
WEATHER = frozenset(("outdoor_drybulb_c", "outdoor_wetbulb_c", "outdoor_dew_point_c", "outdoor_rh_frac", "wind_speed_m_s",
                     "wind_direction_deg", "outdoor_pressure_pa"))  # fmt: skip


def chosen(subjects: Sequence[Subject], quantity: str) -> Chosen:
    """Columns whose best candidate is `quantity`."""
    best = [(subject, subject.best) for subject in subjects]
    return [(s, c) for s, c in best if c is not None and c.quantity == quantity and c.points >= CONSIDERED]


def mean_of(found: Chosen, aligned: Aligned) -> pd.Series | None:
    """Mean of several columns in canonical units; None without a column."""
    return pd.concat([aligned.series(s, c) for s, c in found], axis=1).mean(axis=1) if found else None


def weigh_states(subjects: Sequence[Subject]) -> None:
    """What takes no values but 0 and 1 is a state, and what takes others is none."""
    for subject in subjects:
        for candidate in subject.candidates:
            quantity = candidate.quantity or ""
            if not subject.seen.on_off or subject.seen.idle or not quantity:
                continue
            if quantity.endswith(("_on", "_enable")):
                candidate.add(STATES if candidate.match.missing else 0.05, "takes 0 and 1 only")
            else:
                candidate.add(-STATES, "takes 0 and 1 only")


def weigh_siblings(subjects: Sequence[Subject]) -> None:
    """Columns whose names differ in a number or letter only measure the same of several machines."""
    for alike in siblings(subjects):
        told = [subject for subject in alike if not subject.seen.idle and subject.candidates]
        if len(alike) < 2 or not told:
            continue
        quantities = {candidate.quantity for subject in told for candidate in subject.candidates}
        mean = {q: sum(c.points if (c := s.candidate(q)) else 0.0 for s in told) / len(told) for q in quantities}
        for candidate in (candidate for subject in alike for candidate in subject.candidates):
            candidate.points = mean.get(candidate.quantity, 0.0)


def siblings(subjects: Sequence[Subject]) -> list[list[Subject]]:
    """Columns of one export grouped by names that differ in a number or letter only."""
    groups: dict[tuple[str, ...], list[Subject]] = defaultdict(list)
    for subject in subjects:
        # a unit stays: HALL_C.T_C is not HALL_C.T_F
        words = ("#" if term.is_number or (len(term.text) == 1 and not term.unit) else term.text for term in subject.terms)
        groups[(subject.column.source, *words)].append(subject)
    return list(groups.values())


def weigh_sides(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Which of two temperatures of a loop is the colder: supply, whatever `leaving` was meant to leave."""
    for cold, warm in COLDER_WARMER:
        either = [s for s in subjects if _either_side(s, cold, warm)]
        if len(either) == 2:
            _decide(either, cold, warm, aligned)
        elif len(either) == 1:
            _decide_alone(either[0], subjects, cold, warm, aligned)
        _prefer_sided(subjects, cold)
        below, above = mean_of(chosen(subjects, cold), aligned), mean_of(chosen(subjects, warm), aligned)
        if below is None or above is None:
            continue
        gap = (above - below).dropna()
        if len(gap) < FEWEST or abs(gap.median()) < 0.2:
            continue
        right = bool((gap > 0).mean() > 0.5)
        for _, candidate in (*chosen(subjects, cold), *chosen(subjects, warm)):
            if not right:
                candidate.add(CONTRADICTS, f"{cold} would be warmer than {warm}")
            elif candidate.match.pattern.less < 1.0 and candidate.match.points >= WELL_NAMED:
                candidate.add(AGREES, f"{cold} is colder than {warm}")


def _prefer_sided(subjects: Sequence[Subject], quantity: str) -> None:
    """Where one name says supply, one that says neither is probably another temperature of the loop."""
    found = chosen(subjects, quantity)
    if any(candidate.match.pattern.less < 0.8 for _, candidate in found):
        for _, candidate in found:
            if candidate.match.pattern.less >= 0.8:
                candidate.add(-0.3, "another point is the supply by name")


def _either_side(subject: Subject, cold: str, warm: str) -> bool:
    one, other = subject.candidate(cold), subject.candidate(warm)
    if one is None or other is None or subject.best not in (one, other):
        return False
    return abs(one.points - other.points) < EITHER_SIDE


def _decide(either: list[Subject], cold: str, warm: str, aligned: Aligned) -> None:
    first, second = (aligned.series(s, c) for s in either if (c := s.candidate(cold)))
    gap = (first - second).dropna()
    if len(gap) < FEWEST or abs(gap.median()) < 0.2:
        return
    colder, warmer = either if gap.median() < 0 else either[::-1]
    for subject, quantity in ((colder, cold), (warmer, warm)):
        candidate = subject.candidate(quantity)
        assert candidate is not None
        candidate.add(0.25, "the colder of the two" if quantity == cold else "the warmer of the two")


def _decide_alone(subject: Subject, subjects: Sequence[Subject], cold: str, warm: str, aligned: Aligned) -> None:
    candidate, other = subject.candidate(cold), subject.candidate(warm)
    assert candidate is not None
    assert other is not None
    own = aligned.series(subject, candidate)
    sp = mean_of(chosen(subjects, next((sp for sp, measured in FOLLOWS if measured == cold), "")), aligned)
    if sp is not None and _controlled(own, sp):
        candidate.add(0.3, "follows the setpoint")
        return
    rest = [(s, c) for q in (cold, warm) for s, c in chosen(subjects, q) if s is not subject]
    reference = mean_of(rest, aligned)
    if reference is None:
        candidate.add(0.05, "a loop with one sensor has it in the supply")
        return
    gap = (own - reference).dropna()
    if len(gap) >= FEWEST and abs(gap.median()) > 0.2:
        (other if gap.median() > 0 else candidate).add(0.2, "by the temperatures of the loop")


def _controlled(own: pd.Series, sp: pd.Series) -> bool:
    """Whether a temperature is the one that a setpoint is for: at times on it, and never far below."""
    gap = (own - sp).dropna()
    return len(gap) >= FEWEST and bool((gap.abs() < 1.0).mean() > 0.15) and bool((gap > -2.0).mean() > 0.9)


def _apart(one: pd.Series, other: pd.Series) -> float:
    gap = (one - other).dropna().abs()
    return float(gap.median()) if len(gap) >= FEWEST else np.inf


def weigh_setpoints(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """A temperature stays near its setpoint."""
    for setpoint, measured in FOLLOWS:
        for subject, candidate in chosen(subjects, setpoint):
            if subject.seen.steps_seldom or subject.seen.constant:
                candidate.add(0.05, "stays for hours and moves in steps")
            readings = mean_of(chosen(subjects, measured), aligned)
            if readings is not None and _apart(aligned.series(subject, candidate), readings) < NEAR_SETPOINT_K:
                candidate.add(0.08, f"{measured} follows it")


def weigh_weather(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Wetbulb and dew point lie below drybulb; humidity falls while it warms; drybulb follows the sun."""
    drybulb = chosen(subjects, "outdoor_drybulb_c")
    for subject, candidate in drybulb:
        if subject.seen.daily_swing > 0.2:
            candidate.add(0.08, "follows the sun")
    for subject, candidate in _among_weather(subjects):
        candidate.add(0.2, "stands among readings of the weather")
    drybulb = chosen(subjects, "outdoor_drybulb_c")
    air = mean_of(drybulb, aligned)
    if air is None:
        return
    for quantity in ("outdoor_wetbulb_c", "outdoor_dew_point_c"):
        for subject, candidate in chosen(subjects, quantity):
            gap = (air - aligned.series(subject, candidate)).dropna()
            if len(gap) >= FEWEST:
                below = (gap > -0.6).mean() > 0.95
                candidate.add(AGREES if below else CONTRADICTS, f"{'below' if below else 'above'} drybulb")
    for subject, candidate in chosen(subjects, "outdoor_rh_frac"):
        if _within_days(aligned.series(subject, candidate), air) < -0.3:
            candidate.add(0.2, "falls while the air outside warms")
            for _, each in drybulb:
                each.add(0.15, "humidity falls while it warms")


def _among_weather(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Candidate]]:
    """Weak candidates of the weather in an export that holds little else."""
    for source in {subject.column.source for subject in subjects}:
        here = [s for s in subjects if s.column.source == source]
        weather = [s for s in here if s.best is not None and s.best.quantity in WEATHER]
        if 2 <= len(weather) and len(weather) > 0.6 * len(here):
            yield from ((s, s.best) for s in weather if s.best is not None and s.best.match.pattern.less >= 0.5)


def _within_days(one: pd.Series, other: pd.Series) -> float:
    both = pd.concat([one, other], axis=1).dropna()
    if len(both) < 48 or not isinstance(both.index, pd.DatetimeIndex):
        return 0.0
    days = both.index.normalize()
    anomaly = both - both.groupby(days).transform("mean")
    return float(anomaly.iloc[:, 0].corr(anomaly.iloc[:, 1])) if (anomaly.std() > 0).all() else 0.0
