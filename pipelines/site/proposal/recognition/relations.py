"""What columns say of each other: which of a pair is colder, and what follows a setpoint."""

from __future__ import annotations

from collections.abc import Sequence

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
FOLLOWS = (
    ("chw_supply_sp_c", "chw_supply_c"),
    ("cw_supply_sp_c", "cw_supply_c"),
    ("supply_air_sp_c", "supply_air_c"),
)
WELL_NAMED = 0.5  # points of a name that being colder or warmer may confirm
NEAR_SETPOINT_K = 2.5
EITHER_SIDE = 0.3  # points between two sides of a loop below which the temperatures decide, not the name
FEWEST = 6  # common readings to compare


def chosen(subjects: Sequence[Subject], quantity: str) -> Chosen:
    """Columns whose best candidate is `quantity`."""
    best = [(subject, subject.best) for subject in subjects]
    return [(s, c) for s, c in best if c is not None and c.quantity == quantity and c.points >= CONSIDERED]


def mean_of(found: Chosen, aligned: Aligned) -> pd.Series | None:
    """Mean of several columns in canonical units; None without a column."""
    return pd.concat([aligned.series(s, c) for s, c in found], axis=1).mean(axis=1) if found else None


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


def _decide_alone(
    subject: Subject, subjects: Sequence[Subject], cold: str, warm: str, aligned: Aligned
) -> None:
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
            if (
                readings is not None
                and _apart(aligned.series(subject, candidate), readings) < NEAR_SETPOINT_K
            ):
                candidate.add(0.08, f"{measured} follows it")
