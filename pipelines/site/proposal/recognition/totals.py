"""Powers that would be counted twice: a total beside its parts, one power metered on its way at two places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.alike import siblings
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.proposal.recognition.equipment import equipment_of
from pipelines.site.proposal.recognition.relations import FEWEST, Chosen
from pipelines.site.proposal.recognition.terms import concepts_of
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import is_energy

SURE_ENOUGH = 0.5  # points of what may take another point's place
EXACT, NOISY = 0.005, 0.02  # median distance of a total from the sum of its parts, as a share of it
TOGETHER = 0.95  # correlation of a total and its parts, where they vary
SAME_POWER = (0.8, 1.25)  # sums at two places of one way, with the losses between
# From the source on; each meters what the one before passes on.
IT_LEVELS = ("ups", "pdu", "hall", "rack", "server")


def leave_out_doubles(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Mark (`Subject.double`) every point whose power other points hold already."""
    groups: dict[str, Chosen] = defaultdict(list)
    for subject in subjects:
        best = subject.best
        if best is not None and best.quantity and best.points >= SURE_ENOUGH and _summed(best):
            groups[best.quantity].append((subject, best))
    for members in groups.values():
        _leave_out_energy(members)
        _leave_out_totals([each for each in members if not each[0].double], aligned)
    _leave_out_levels([each for each in groups["it_power_kw"] if not each[0].double], aligned)


def _summed(candidate: Candidate) -> bool:
    quantity = QUANTITIES[candidate.quantity or ""]
    return quantity.across == "sum" and quantity.unit == "kW"


def _leave_out_energy(members: Chosen) -> None:
    """Of power and energy of one machine, the power stays."""
    powers = {equipment_of(s): s for s, c in members if not is_energy(c.choice.unit)}
    for subject, candidate in members:
        same = powers.get(equipment_of(subject))
        if is_energy(candidate.choice.unit) and same is not None:
            subject.double = f"the energy of what {same.column.tag} has as power"


def _leave_out_totals(members: Chosen, aligned: Aligned) -> None:
    if len(members) < 2:
        return
    series = {id(s): aligned.series(s, c) for s, c in members}
    named = [s for s, _ in members if _says_total(s)]
    by_size = sorted((s for s, _ in members), key=lambda s: -float(series[id(s)].mean()))
    for total in [*named, *(s for s in by_size if s not in named)]:
        parts = _parts_of(total, [s for s, _ in members if s is not total and not s.double], series)
        if parts:
            listed = ", ".join(part.column.tag for part in parts[:4]) + (", ..." if len(parts) > 4 else "")
            total.double = f"the sum of {listed}; it would be counted twice"


def _parts_of(total: Subject, others: list[Subject], series: dict[int, pd.Series]) -> list[Subject]:
    """The others, or those among them that differ in a number only, if they sum to `total`."""
    untold = [s for s in others if not _says_total(s)]
    sets = [others, untold, *siblings(untold), *_levels(untold).values()]
    for parts in sets:
        if len(parts) >= (1 if _says_total(total) else 2) and _sums(
            series[id(total)], [series[id(p)] for p in parts], _says_total(total)
        ):
            return parts
    return []


def _sums(total: pd.Series, parts: list[pd.Series], named: bool) -> bool:
    both = pd.concat([total, pd.concat(parts, axis=1).sum(axis=1, min_count=len(parts))], axis=1).dropna()
    if len(both) < min(FEWEST, 3) or not both.iloc[:, 0].abs().median() > 0:
        return False
    gap = (both.iloc[:, 0] - both.iloc[:, 1]).abs().median() / both.iloc[:, 0].abs().median()
    varies = bool((both.std() > NOISY * both.mean()).all())
    together = varies and float(both.iloc[:, 0].corr(both.iloc[:, 1])) > TOGETHER
    if named:
        return bool(gap < NOISY)
    return bool(gap < NOISY and together and len(parts) > 1 and np.isfinite(gap))


def _says_total(subject: Subject) -> bool:
    return "total" in concepts_of(subject.terms)


def level_of(subject: Subject) -> str:
    """Where on its way to the servers a meter of IT power stands, by its name; "" where that is not said."""
    concepts = {
        concept
        for term in subject.terms
        for s in term.senses
        if s.reliability >= 0.5
        for concept in s.concepts
    }
    return next(
        (
            level
            for level in reversed(IT_LEVELS)
            if level in concepts and not (level == "hall" and {"ups", "pdu"} & concepts)
        ),
        "",
    )


def _levels(subjects: Sequence[Subject]) -> dict[str, list[Subject]]:
    levels: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        levels[level_of(subject)].append(subject)
    return levels


def _leave_out_levels(members: Chosen, aligned: Aligned) -> None:
    """Of UPS outputs and the distribution behind them, which meter one power, the place nearer to the servers stays."""
    series = {id(s): aligned.series(s, c) for s, c in members}
    levels = _levels([s for s, _ in members])
    if len(levels) < 2:
        return
    sums = {
        name: pd.concat([series[id(s)] for s in found], axis=1).sum(axis=1, min_count=len(found))
        for name, found in levels.items()
    }
    order = [name for name in ("", *IT_LEVELS) if name in levels]
    largest = max(order, key=lambda name: float(sums[name].median()))
    keep = next((n for n in reversed(order) if n and _same_power(sums[n], sums[largest])), largest)
    for name in order:
        for subject in levels[name] if name != keep else []:
            same = _same_power(sums[name], sums[keep])
            why = "the same power as" if same else "metered beside, and likely a part of,"
            subject.double = (
                f"{why} {', '.join(s.column.tag for s in levels[keep][:3])}; it would be counted twice"
            )


def _same_power(one: pd.Series, other: pd.Series) -> bool:
    ratio = (one / other.where(other != 0)).dropna()
    return len(ratio) > 0 and SAME_POWER[0] <= float(ratio.median()) <= SAME_POWER[1]
