"""What adds up: facility power from its parts, and a share from the powers it is of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.proposal.recognition.powersums import CLOSES, LOSSES, PARTS, plus, ratio, sum_of
from pipelines.site.proposal.recognition.relations import CONSIDERED, FEWEST, Chosen, chosen
from pipelines.site.quantities import QUANTITIES

ADDS_UP = (0.88, 1.04)  # IT, cooling and losses over facility power: lighting and offices are seldom metered
TOTALS = ("cooling_power_kw", "facility_power_kw")
UNSAID = 1.2  # `less` of patterns that do not tell whose power it is


def weigh_sums(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Powers that together make another; a total whose name does not say of what is told by its parts."""
    it, losses = sum_of(subjects, ("it_power_kw",), aligned), sum_of(subjects, LOSSES, aligned)
    parts = sum_of(subjects, PARTS, aligned)
    _name_totals(subjects, aligned, it, losses, parts)
    _complete(subjects, aligned)
    it = sum_of(subjects, ("it_power_kw",), aligned)
    facility, cooling = sum_of(subjects, ("facility_power_kw",), aligned), _cooling(subjects, aligned)
    if facility is None or it is None:
        return
    if ratio(it, facility) > 1.02:
        for subject, candidate in _taking_part(subjects, ("it_power_kw", "facility_power_kw")):
            candidate.add(-0.4, f"IT power would exceed facility power ({subject.column.tag})")
        return
    for sums in cooling:
        together = plus(it, losses, sums)
        if together is not None and ADDS_UP[0] <= ratio(together, facility) <= ADDS_UP[1]:
            for _, candidate in _taking_part(
                subjects, ("it_power_kw", "facility_power_kw", "cooling_power_kw")
            ):
                candidate.add(0.15, "IT, cooling and losses add up to facility power")
            for _, candidate in _taking_part(subjects, (*PARTS, *LOSSES)):
                candidate.add(0.05, "IT, cooling and losses add up to facility power")
            return


def _name_totals(
    subjects: Sequence[Subject],
    aligned: Aligned,
    it: pd.Series | None,
    losses: pd.Series | None,
    parts: pd.Series | None,
) -> None:
    """Columns called total or nothing: which sum they are."""
    for quantity, expected, tolerance in (
        ("cooling_power_kw", parts, CLOSES),
        ("it_power_kw", it, CLOSES),
        ("facility_power_kw", None if it is None else plus(it, losses, parts), 0.12),
    ):
        for subject in subjects:
            candidate = subject.candidate(quantity)
            if expected is None or candidate is None or subject.double or candidate.match.pattern.less < 0.8:
                continue
            if abs(ratio(expected, aligned.series(subject, candidate)) - 1.0) < tolerance:
                candidate.add(0.5, "it is the sum of the parts")


def _complete(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """A power of nobody knows what that is just what a sum lacks is what the sum lacks."""
    facility, it = (
        sum_of(subjects, ("facility_power_kw",), aligned),
        sum_of(subjects, ("it_power_kw",), aligned),
    )
    cooling = [each for each in _cooling(subjects, aligned) if each is not None]
    losses, rest = sum_of(subjects, LOSSES, aligned), sum_of(subjects, PARTS, aligned)
    unsaid = [
        s for s in subjects if (c := s.best) is None or (c.match.pattern.less >= UNSAID and c.points < 0.5)
    ]
    if facility is not None and it is not None and not chosen(subjects, "cooling_power_kw"):
        _take(unsaid, "cooling_power_kw", _minus(facility, plus(it, losses, rest)), aligned)
    elif facility is not None and it is None and cooling:
        _take(unsaid, "it_power_kw", _minus(facility, plus(cooling[-1], losses)), aligned)
    elif facility is None and it is not None and cooling:
        _take(unsaid, "facility_power_kw", plus(it, losses, cooling[-1]), aligned)


def _take(unsaid: Sequence[Subject], quantity: str, lacking: pd.Series | None, aligned: Aligned) -> None:
    if lacking is None or not lacking.median() > 0:
        return
    found = [
        (s, c)
        for s in unsaid
        if (c := s.candidate(quantity)) is not None and _completes(aligned.series(s, c), lacking)
    ]
    if len(found) == 1:
        found[0][1].add(0.6, "it is what the other powers lack of facility power")


def _completes(one: pd.Series, lacking: pd.Series) -> bool:
    both = pd.concat([one, lacking], axis=1).dropna()
    if len(both) < FEWEST or not 0.75 <= ratio(one, lacking) <= 1.1:
        return False
    return float(both.iloc[:, 0].corr(both.iloc[:, 1])) > 0.8


def _minus(whole: pd.Series, part: pd.Series | None) -> pd.Series:
    return whole if part is None else whole - part


def _cooling(subjects: Sequence[Subject], aligned: Aligned) -> Iterator[pd.Series | None]:
    """Ways in which cooling power may be made up: of its total, with or without the air handlers, or of its parts."""
    total = sum_of(subjects, ("cooling_power_kw",), aligned)
    if total is not None:
        yield total
        yield plus(total, sum_of(subjects, ("crah_fan_kw",), aligned))
    else:
        yield sum_of(subjects, PARTS, aligned)


def _taking_part(subjects: Sequence[Subject], quantities: tuple[str, ...]) -> Chosen:
    return [(s, c) for quantity in quantities for s, c in chosen(subjects, quantity)]


def weigh_shares(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """A percentage that is one power over another says nothing new."""
    shares = [
        (s, c)
        for s in subjects
        if (c := s.best) is not None and c.quantity and QUANTITIES[c.quantity].unit == ""
    ]
    powers = [
        (s, c)
        for s in subjects
        if (c := s.best) is not None and c.quantity in (*TOTALS, *PARTS) and c.points >= CONSIDERED
    ]
    totals = [(s, c) for s, c in powers if c.quantity in TOTALS]
    for subject, candidate in shares:
        if subject.seen.few_states or subject.seen.constant:
            continue
        own = aligned.series(subject, candidate)
        for whole, of in totals:
            for part, power in powers:
                quotient = aligned.series(part, power) / aligned.series(whole, of).replace(0.0, np.nan)
                if part is not whole and _equal(own, quotient):
                    _reject(candidate, f"the share of {part.column.tag} in {whole.column.tag}")


def _equal(one: pd.Series, other: pd.Series) -> bool:
    gap = (one - other).dropna().abs()
    return len(gap) >= FEWEST and float(gap.median()) < 0.005 and float(gap.quantile(0.8)) < 0.02


def _reject(candidate: Candidate, why: str) -> None:
    candidate.add(-1.0, why)
