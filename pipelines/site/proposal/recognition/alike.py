"""States told from readings, and machines of one kind: what stands beside a column in name and values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pipelines.site.proposal.recognition.candidates import Subject

STATES = 0.35


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
        mean = {
            quantity: sum(_points(subject, quantity) for subject in told) / len(told)
            for quantity in quantities
        }
        for candidate in (candidate for subject in alike for candidate in subject.candidates):
            candidate.points = mean.get(candidate.quantity, 0.0)


def siblings(subjects: Sequence[Subject]) -> list[list[Subject]]:
    """Columns of one export grouped by names that differ in a number or letter only."""
    groups: dict[tuple[str, ...], list[Subject]] = defaultdict(list)
    for subject in subjects:
        # a unit stays: HALL_C.T_C is not HALL_C.T_F
        words = (
            "#" if term.is_number or (len(term.text) == 1 and not term.unit) else term.text
            for term in subject.terms
        )
        groups[(subject.column.source, *words)].append(subject)
    return list(groups.values())


def _points(subject: Subject, quantity: str | None) -> float:
    return next((each.points for each in subject.candidates if each.quantity == quantity), 0.0)
