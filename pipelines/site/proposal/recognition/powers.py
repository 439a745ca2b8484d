"""W, kW or MW, where a power's own size leaves it open: a plant's powers stand in proportions to its IT power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.site.proposal.recognition.candidates import UNUSUAL, Candidate, Subject
from pipelines.site.proposal.recognition.ranges import usual
from pipelines.site.proposal.recognition.relations import CONSIDERED, WELL_NAMED, Chosen
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion, is_energy

# Power over IT power: from the thriftiest large site to a small one that is half empty; of single machines down to one
# of many. The ratio of facility to IT power (ISO/IEC 30134-2) lies between 1 and, in old and empty rooms, about 4.
TO_IT: dict[str, tuple[float, float]] = {
    "it_power_kw": (0.002, 1.0), "facility_power_kw": (1.0, 5.0), "cooling_power_kw": (0.01, 2.0),
    "chiller_kw": (0.003, 1.5), "chw_pump_kw": (3e-4, 0.5), "secondary_pump_kw": (3e-4, 0.5), "cw_pump_kw": (3e-4, 0.5),
    "tower_fan_kw": (1e-4, 0.4), "crah_fan_kw": (5e-4, 0.6), "ups_loss_kw": (1e-3, 0.4), "pdu_loss_kw": (3e-4, 0.2),
    "lighting_kw": (1e-4, 0.3),
    "cooling_load_kw": (0.05, 2.5), "forecast_load_kw": (0.2, 3.0), "other_kw": (1e-4, 0.5),
}  # fmt: skip
MOST_HUGE = 0.4  # share of the powers that must be too large in the unit of their names
# Where there is no IT meter, what another power says of it: IT power over that, and how far that may be out.
ANCHORS = (
    ("it_power_kw", 1.0, 1.0),
    ("facility_power_kw", 0.7, 2.5),
    ("cooling_load_kw", 1.0, 2.5),
    ("cooling_power_kw", 3.0, 5.0),
    ("chiller_kw", 5.0, 6.0),
)


@dataclass(frozen=True)
class _Hypothesis:
    unit: str
    it_kw: float
    feasible: list[list[str]]

    @property
    def contradicted(self) -> int:
        return sum(not units for units in self.feasible)

    @property
    def agreeing(self) -> int:
        return sum(self.unit in units for units in self.feasible)


def settle_power_units(subjects: Sequence[Subject]) -> None:
    """Choose the unit of powers that are open so that all of them stand in possible proportions."""
    _mend_names(subjects)
    powers = [
        (s, c) for s in subjects if (c := s.best) is not None and c.points >= CONSIDERED and _is_power(c)
    ]
    if all(candidate.choice.how in ("written", "certain") for _, candidate in powers):
        return
    anchor = next(
        (
            each
            for each in ANCHORS
            if any(c.quantity == each[0] and c.points >= WELL_NAMED for _, c in powers)
        ),
        None,
    )
    if anchor is None:
        return
    sure = [each for each in powers if each[1].points >= WELL_NAMED]
    hypotheses = _hypotheses(sure, *anchor)
    if not hypotheses:
        return
    fewest = min(each.contradicted for each in hypotheses)
    left = [each for each in hypotheses if each.contradicted == fewest]
    best = max(left, key=lambda each: each.agreeing)
    apart = len(left) == 1 or all(each is best or each.agreeing < best.agreeing for each in left)
    if fewest > 0.2 * len(sure) or not apart:
        return
    how = "certain" if len(left) == 1 and len(sure) > 1 else "likely"
    rest = [each for each in powers if each not in sure]
    feasible = [
        *best.feasible,
        *(_feasible(s, c, best.unit, anchor[0], best.it_kw, anchor[2]) for s, c in rest),
    ]
    for (_, candidate), units in zip((*sure, *rest), feasible, strict=True):
        _settle(candidate, units, best.unit, how)


def _mend_names(subjects: Sequence[Subject]) -> None:
    """Where names say kW and most powers would be those of whole cities, the values are W: KW was part of the name."""
    named = [
        (s, c)
        for s in subjects
        if (c := s.best) is not None and _is_power(c) and _named_kw(s, c) and not s.seen.idle
    ]
    huge = [each for each in named if not _as(*each, "kW") and _as(*each, "W")]
    if len(huge) < 2 or len(huge) < MOST_HUGE * len(named) or not all(_as(s, c, "W") for s, c in named):
        return
    for _, candidate in named:
        candidate.choice = replace(candidate.choice, unit="W", how="likely", others=("kW",), fits=True)
        candidate.add(0.0, "kW by its name, but in kW the powers would be a thousand times too large")
        candidate.points += UNUSUAL if (_, candidate) in huge else 0.0


def _named_kw(subject: Subject, candidate: Candidate) -> bool:
    return candidate.choice.unit == "kW" and candidate.choice.how == "written" and subject.written is None


def _as(subject: Subject, candidate: Candidate, unit: str) -> bool:
    return usual(candidate.quantity or "", unit, float(np.median(subject.seen.running)))


def _is_power(candidate: Candidate) -> bool:
    quantity = candidate.quantity
    return quantity is not None and QUANTITIES[quantity].unit == "kW" and not is_energy(candidate.choice.unit)


def _options(candidate: Candidate) -> list[str]:
    choice = candidate.choice
    if choice.how in ("written", "certain"):
        return [choice.unit]
    # Of a value that is likely one of these, the others are unusual but possible.
    return list(dict.fromkeys((choice.unit, *choice.others, *(("kW",) if choice.how == "likely" else ()))))


def _size(subject: Subject, candidate: Candidate, unit: str) -> float:
    assert candidate.quantity is not None
    slope, _ = conversion(unit, candidate.quantity)
    return float(slope * np.median(subject.seen.running))


def _hypotheses(powers: Chosen, quantity: str, to_it: float, margin: float) -> list[_Hypothesis]:
    anchors = [(s, c) for s, c in powers if c.quantity == quantity]
    known = {c.choice.unit for _, c in anchors if c.choice.how in ("written", "certain")}
    units = (
        list(dict.fromkeys(unit for _, c in anchors for unit in _options(c)))
        if not known
        else sorted(known)[:1]
    )
    found = []
    for unit in units:
        it_kw = to_it * sum(
            _size(s, c, unit if c.choice.how not in ("written", "certain") else c.choice.unit)
            for s, c in anchors
        )
        if it_kw > 0:
            found.append(
                _Hypothesis(unit, it_kw, [_feasible(s, c, unit, quantity, it_kw, margin) for s, c in powers])
            )
    return found


def _feasible(
    subject: Subject, candidate: Candidate, unit: str, anchor: str, it_kw: float, margin: float
) -> list[str]:
    assert candidate.quantity is not None
    options = _options(candidate)
    if candidate.quantity == anchor and anchor != "it_power_kw":
        return [unit] if unit in options else []
    if subject.seen.idle:
        return options
    low, high = TO_IT[candidate.quantity]
    return [
        each
        for each in options
        if low / margin <= _size(subject, candidate, each) / it_kw <= high * margin * 1.02
        and (candidate.quantity != anchor or each == unit or candidate.choice.how in ("written", "certain"))
    ]


def _settle(candidate: Candidate, units: list[str], unit: str, how: str) -> None:
    choice = candidate.choice
    if choice.how in ("written", "certain") or not units:
        return
    if len(units) == 1:
        candidate.choice = replace(choice, unit=units[0], how=how, others=())
        candidate.add(0.0, "unit by proportion to the other powers")
    elif unit in units:
        candidate.choice = replace(choice, unit=unit, how="likely", others=())
        candidate.add(0.0, "unit as of the other powers")
