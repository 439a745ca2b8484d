"""What a total of cooling power holds: which machines with meters of their own are in it already."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Subject
from pipelines.site.proposal.recognition.powersums import CLOSES, LOSSES, PARTS, plus, ratio, sum_of
from pipelines.site.proposal.recognition.relations import chosen
from pipelines.site.proposal.recognition.terms import concepts_of

TOTAL = "cooling_power_kw"
IN_THE_ROOM = ("crah_fan_kw",)  # not part of a chiller plant


def find_covered(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Set `Subject.covers` of each total of cooling power: quantities that must not be added to it."""
    totals = [subject for subject, _ in chosen(subjects, TOTAL) if not subject.double]
    if not totals:
        return
    parts = {q: series for q in PARTS if (series := sum_of(subjects, (q,), aligned)) is not None}
    total = sum_of(subjects, (TOTAL,), aligned)
    assert total is not None
    covers = _by_sum(total, parts) or _by_facility(subjects, aligned, total, parts) or _by_name(totals)
    for subject in totals:
        subject.covers = covers


def _by_sum(total: pd.Series, parts: dict[str, pd.Series]) -> tuple[str, ...]:
    """The parts that make up the total; nothing where none do."""
    sets = [names for size in range(len(parts), 0, -1) for names in combinations(parts, size)]
    gaps = {
        names: abs(ratio(together, total) - 1.0)
        for names in sets
        if (together := plus(*(parts[n] for n in names))) is not None
    }
    best = min(gaps, key=lambda names: gaps[names], default=())
    return best if best and gaps[best] < CLOSES else ()


def _by_facility(
    subjects: Sequence[Subject], aligned: Aligned, total: pd.Series, parts: dict[str, pd.Series]
) -> tuple[str, ...]:
    """Whether the air handlers fit into what IT, losses and the total leave of facility power."""
    room = plus(*(parts[name] for name in IN_THE_ROOM if name in parts))
    facility, it = (
        sum_of(subjects, ("facility_power_kw",), aligned),
        sum_of(subjects, ("it_power_kw",), aligned),
    )
    if room is None or facility is None or it is None:
        return ()
    known = plus(it, total, sum_of(subjects, LOSSES, aligned))
    assert known is not None
    left = facility - known
    in_room = ratio(left, room)
    plant = tuple(name for name in PARTS if name not in IN_THE_ROOM)
    if in_room > 0.7:
        return plant
    return PARTS if in_room < 0.4 else ()


def _by_name(totals: Sequence[Subject]) -> tuple[str, ...]:
    plant = all("plant" in concepts_of(total.terms) for total in totals)
    return tuple(name for name in PARTS if not (plant and name in IN_THE_ROOM))
