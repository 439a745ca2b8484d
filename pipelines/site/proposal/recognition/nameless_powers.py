"""Powers and flows of exports whose tags say nothing, told from which is the sum of which, and from heat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Subject
from pipelines.site.proposal.recognition.heat import WATER_KJ_KG_K
from pipelines.site.proposal.recognition.nameless import LIKELY, behaves, group_of
from pipelines.site.proposal.recognition.ranges import usual
from pipelines.site.proposal.recognition.relations import chosen, mean_of

SCALES = {"kW": 1.0, "W": 1e-3, "MW": 1e3}
LARGEST_KW = 60_000.0  # of facilities that have one controller a machine
LEFT_OVER = (-0.03, 0.12)  # what the parts leave of facility power: lighting, offices, what is not metered
IT_SHARE, LOSS_SHARE, FAN_SHARE = (0.4, 0.97), (0.01, 0.14), (0.002, 0.15)
CARRIES = (0.6, 1.6)  # heat over IT power
PER_UNIT = {"L/s": 1.0, "m3/h": 1 / 3.6, "gpm": 1 / 15.85}  # L/s
LOOPS = (("chw_flow_kg_s", "chw_supply_c", "chw_return_c"), ("cw_flow_kg_s", "cw_supply_c", "cw_return_c"))

Groups = dict[tuple[str, ...], list[Subject]]


def name_nameless_powers(left: Sequence[Subject], subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Give candidates to the columns that are left: facility power is the sum of most, IT power the most of it."""
    raw = {
        id(s): aligned.raw(s)
        for s in left
        if not s.seen.on_off and s.seen.percentiles[0] >= 0 and not _like_a_temperature(s, subjects, aligned)
    }
    groups: Groups = defaultdict(list)
    for subject in left:
        if id(subject) in raw:
            groups[group_of(subject)].append(subject)
    found = _facility({g: each for g, each in groups.items() if not _of_water(g, subjects)}, raw)
    if found is None:
        return
    whole, parts = found
    units = [u for u in SCALES if _suit(u, whole, parts, raw)]
    how = "certain" if len(units) == 1 else "open"
    unit = units[0] if units else "kW"
    behaves(whole, "facility_power_kw", unit, LIKELY, "the sum of the other powers", how)
    _name_parts(parts, raw, subjects, unit, how)
    _name_flows(left, subjects, aligned, SCALES[unit] * _total(parts[0], raw))


def _like_a_temperature(subject: Subject, subjects: Sequence[Subject], aligned: Aligned) -> bool:
    """Whether it follows a temperature of its controller as only another temperature does."""
    named = [s for s in subjects if (c := s.best) is not None and (c.quantity or "").endswith("_c")]
    own = aligned.raw(subject)
    beside = [aligned.raw(s) for s in named if group_of(s) == group_of(subject)]
    return any(own.corr(each) > 0.8 and 0.4 < own.median() / each.median() < 3.0 for each in beside)


def _of_water(group: tuple[str, ...], subjects: Sequence[Subject]) -> bool:
    """Whether a controller is that of a water loop, whose other reading is its flow."""
    loops = ("chw_supply_c", "cw_supply_c")
    return any(group_of(s) == group for quantity in loops for s, _ in chosen(subjects, quantity))


def _suit(unit: str, whole: Subject, parts: list[list[Subject]], raw: dict[int, pd.Series]) -> bool:
    scale = SCALES[unit]
    total, it = scale * float(raw[id(whole)].median()), scale * float(_total(parts[0], raw).median())
    return usual("facility_power_kw", "kW", total) and usual("it_power_kw", "kW", it) and total < LARGEST_KW


def _facility(groups: Groups, kw: dict[int, pd.Series]) -> tuple[Subject, list[list[Subject]]] | None:
    """The column that the sums of whole controllers add up to, and those controllers' columns."""
    alone = [each[0] for each in groups.values() if len(each) == 1]
    best: tuple[float, Subject, list[list[Subject]]] | None = None
    for whole in alone:
        parts, left = [], kw[id(whole)]
        for each in sorted(
            (g for g in groups.values() if whole not in g), key=lambda g: -_total(g, kw).median()
        ):
            rest = left - _total(each, kw)
            if rest.median() > LEFT_OVER[0] * kw[id(whole)].median() and rest.std() < 1.05 * left.std():
                parts.append(each)
                left = rest
        share = float((left / kw[id(whole)]).median())
        if len(parts) > 1 and LEFT_OVER[0] <= share <= LEFT_OVER[1] and (best is None or share < best[0]):
            best = (share, whole, parts)
    return None if best is None else best[1:]


def _total(group: Sequence[Subject], kw: dict[int, pd.Series]) -> pd.Series:
    return pd.concat([kw[id(s)] for s in group], axis=1).sum(axis=1, min_count=len(group))


def _name_parts(
    parts: list[list[Subject]], kw: dict[int, pd.Series], subjects: Sequence[Subject], unit: str, how: str
) -> None:
    def name(group: Sequence[Subject], quantity: str, why: str) -> None:
        for subject in group:
            behaves(subject, quantity, unit, LIKELY, why, how)

    it_kw = _total(parts[0], kw)
    name(parts[0], "it_power_kw", "the most of facility power")
    air = {group_of(s) for s, _ in chosen(subjects, "supply_air_c")}
    cooling = []
    for group in parts[1:]:
        share = float((_total(group, kw) / it_kw).median())
        follows = float(_total(group, kw).corr(it_kw))
        if group_of(group[0]) in air and FAN_SHARE[0] <= share <= FAN_SHARE[1]:
            name(group, "crah_fan_kw", "of the controller that supplies air")
        elif follows > 0.9 and LOSS_SHARE[0] <= share <= LOSS_SHARE[1]:
            name(group, "ups_loss_kw", "a small share of IT power that follows it closely")
        else:
            cooling.append(group)
    if len(cooling) == 1 and len(cooling[0]) == 1:
        name(cooling[0], "cooling_power_kw", "the rest of facility power")
    elif cooling:
        name(cooling[0], "chiller_kw", "the largest power beside IT")


def _name_flows(
    left: Sequence[Subject], subjects: Sequence[Subject], aligned: Aligned, it_kw: pd.Series
) -> None:
    """Columns of a loop's controller that carry, by its temperature rise, about the heat of IT power."""
    for quantity, cold, warm in LOOPS:
        below, above = mean_of(chosen(subjects, cold), aligned), mean_of(chosen(subjects, warm), aligned)
        groups = {group_of(s) for s, _ in chosen(subjects, cold)}
        if below is None or above is None:
            continue
        for subject in left:
            if group_of(subject) not in groups or subject.candidates:
                continue
            units = [u for u in PER_UNIT if _carries(aligned.raw(subject), u, above - below, it_kw)]
            if len(units) == 1:
                why = "times the temperature rise it is the heat"
                behaves(subject, quantity, units[0], LIKELY, why, "likely")


def _carries(raw: pd.Series, unit: str, rise: pd.Series, it_kw: pd.Series) -> bool:
    heat = WATER_KJ_KG_K * PER_UNIT[unit] * raw.where(raw > 0) * rise
    return bool(CARRIES[0] <= heat.median() / it_kw.median() <= CARRIES[1])
