"""What adds up: facility power from its parts, heat from flow and temperatures, a share from the powers it is of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.proposal.recognition.ranges import CANDIDATES
from pipelines.site.proposal.recognition.relations import AGREES, CONSIDERED, FEWEST, Chosen, chosen
from pipelines.site.quantities import QUANTITIES

PARTS = ("chiller_kw", "chw_pump_kw", "secondary_pump_kw", "cw_pump_kw", "tower_fan_kw", "crah_fan_kw")
LOSSES = ("ups_loss_kw", "pdu_loss_kw", "lighting_kw", "other_kw")
ADDS_UP, CLOSES = (0.88, 1.04), 0.03
WATER_KJ_KG_K = 4.19  # at 15 °C, CRC Handbook
CARRIES = (0.6, 1.6)  # heat by flow and temperatures over the load: sensors, heat of fans and pumps, loads not metered
# Design differences of loops where one temperature is not metered, K: low delta-T to wide.
RISES_K = {"chw_flow_kg_s": (3.5, 12.0), "cw_flow_kg_s": (3.0, 9.0)}
UNSAID = 1.2  # `less` of patterns that do not tell whose power it is
ANY_RISE_K = {"chw_flow_kg_s": (1.2, 22.0), "cw_flow_kg_s": (1.2, 15.0)}  # no loop that cools has less, or more
MULTIPLE_OF_CHILLER = (1.5, 25.0)  # cooling over chiller power, the lowest and highest that is believed


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
            for _, candidate in _taking_part(subjects, ("it_power_kw", "facility_power_kw", "cooling_power_kw")):
                candidate.add(0.15, "IT, cooling and losses add up to facility power")
            for _, candidate in _taking_part(subjects, (*PARTS, *LOSSES)):
                candidate.add(0.05, "IT, cooling and losses add up to facility power")
            return


def _name_totals(
    subjects: Sequence[Subject], aligned: Aligned, it: pd.Series | None, losses: pd.Series | None, parts: pd.Series | None
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
    facility, it = sum_of(subjects, ("facility_power_kw",), aligned), sum_of(subjects, ("it_power_kw",), aligned)
    cooling = [each for each in _cooling(subjects, aligned) if each is not None]
    losses, rest = sum_of(subjects, LOSSES, aligned), sum_of(subjects, PARTS, aligned)
    unsaid = [s for s in subjects if (c := s.best) is None or (c.match.pattern.less >= UNSAID and c.points < 0.5)]
    if facility is not None and it is not None and not cooling:
        _take(unsaid, "cooling_power_kw", _minus(facility, plus(it, losses, rest)), aligned)
    elif facility is not None and it is not None and len(cooling) == 1 and not chosen(subjects, "cooling_power_kw"):
        _take(unsaid, "cooling_power_kw", _minus(facility, plus(it, losses, rest)), aligned)
    elif facility is not None and it is None and cooling:
        _take(unsaid, "it_power_kw", _minus(facility, plus(cooling[-1], losses)), aligned)
    elif facility is None and it is not None and cooling:
        _take(unsaid, "facility_power_kw", plus(it, losses, cooling[-1]), aligned)


def _take(unsaid: Sequence[Subject], quantity: str, lacking: pd.Series | None, aligned: Aligned) -> None:
    if lacking is None or not lacking.median() > 0:
        return
    found = [(s, c) for s in unsaid if (c := s.candidate(quantity)) is not None and _completes(aligned.series(s, c), lacking)]
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


def weigh_heat(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Flow times temperature rise is the load: which settles the unit of a flow and confirms what is a load."""
    load = sum_of(subjects, ("cooling_load_kw",), aligned, known=True)
    heat = load if load is not None else sum_of(subjects, ("it_power_kw",), aligned, known=True)
    chillers = sum_of(subjects, ("chiller_kw",), aligned, known=True)
    if heat is not None:
        _weigh_flow(subjects, aligned, "chw_flow_kg_s", ("chw_supply_c", "chw_return_c"), heat)
        _weigh_flow(subjects, aligned, "cw_flow_kg_s", ("cw_supply_c", "cw_return_c"), plus(heat, chillers))
    if load is not None and chillers is not None:
        multiple = (load / chillers.where(chillers > 0.02 * chillers.max())).dropna()
        if len(multiple) >= FEWEST:
            fits = MULTIPLE_OF_CHILLER[0] <= float(multiple.median()) <= MULTIPLE_OF_CHILLER[1]
            for _, candidate in (*chosen(subjects, "cooling_load_kw"), *chosen(subjects, "chiller_kw")):
                candidate.add(0.08 if fits else -0.25, "a chiller's power and its load fit" if fits else "no chiller moves so much heat with so little power, or so little with so much")


def _weigh_flow(subjects: Sequence[Subject], aligned: Aligned, quantity: str, sides: tuple[str, str], heat: pd.Series | None) -> None:
    flows = [(s, c) for s, c in chosen(subjects, quantity) if not s.double]
    if not flows or heat is None:
        return
    rise = _rise(subjects, aligned, sides)
    for units in _alike(flows):
        held = [unit for unit in units if _carries(flows, unit, rise, heat, aligned, RISES_K[quantity])]
        if len(held) == 1:
            _confirm_flows(flows, held[0], sure=rise is not None)
        elif len(units) == 1:
            _doubt_flows(flows, units[0], rise, heat, aligned, quantity)


def _confirm_flows(flows: Chosen, unit: str, *, sure: bool) -> None:
    for _, candidate in flows:
        if candidate.choice.how not in ("written", "certain"):
            candidate.choice = replace(candidate.choice, unit=unit, how="certain" if sure else "likely", others=())
        candidate.add(0.2 if sure else AGREES, "flow times temperature rise is the heat")


def _doubt_flows(
    flows: Chosen, written: str, rise: pd.Series | None, heat: pd.Series, aligned: Aligned, quantity: str
) -> None:
    """A unit that is written but carries far too much or too little heat, where another would carry it."""
    if rise is None and _carries(flows, written, None, heat, aligned, ANY_RISE_K[quantity]):
        return
    others = [u for u in CANDIDATES["kg/s"] if u != written and _carries(flows, u, rise, heat, aligned, RISES_K[quantity])]
    for _, candidate in flows if len(others) == 1 else []:
        candidate.choice = replace(candidate.choice, how="open", others=(others[0],))
        candidate.add(-0.2, f"in {written} it would carry far too much or too little heat, in {others[0]} the right one")


def _alike(flows: Chosen) -> list[list[str]]:
    """The units to try for all flows together: the written one, or those that are open for all."""
    options = [[c.choice.unit] if c.choice.how == "written" else [c.choice.unit, *c.choice.others] for _, c in flows]
    common = [unit for unit in options[0] if all(unit in each for each in options)]
    return [common] if common else []


def _carries(flows: Chosen, unit: str, rise: pd.Series | None, heat: pd.Series, aligned: Aligned, rises_k: tuple[float, float]) -> bool:
    flow = pd.concat([aligned.series(s, c, unit) for s, c in flows], axis=1).sum(axis=1, min_count=len(flows))
    running = flow.where(flow > 0)
    carried = WATER_KJ_KG_K * (running if rise is None else running * rise)
    over_heat = ratio(carried, heat)
    low, high = (1.0 / rises_k[1], 1.0 / rises_k[0]) if rise is None else CARRIES
    return low <= over_heat <= high


def _rise(subjects: Sequence[Subject], aligned: Aligned, sides: tuple[str, str]) -> pd.Series | None:
    cold, warm = (pd.concat([aligned.series(s, c) for s, c in found], axis=1).mean(axis=1) if (found := chosen(subjects, side)) else None
                  for side in sides)  # fmt: skip
    return None if cold is None or warm is None else warm - cold


def _taking_part(subjects: Sequence[Subject], quantities: tuple[str, ...]) -> Chosen:
    return [(s, c) for quantity in quantities for s, c in chosen(subjects, quantity)]


def sum_of(subjects: Sequence[Subject], quantities: tuple[str, ...], aligned: Aligned, known: bool = False) -> pd.Series | None:
    """Sum of all points of some quantities, without doubles. known: only if no unit among them is open."""
    found = [(s, c) for quantity in quantities for s, c in chosen(subjects, quantity) if not s.double]
    if not found or (known and any(c.choice.how == "open" for _, c in found)):
        return None
    return pd.concat([aligned.series(s, c) for s, c in found], axis=1).sum(axis=1, min_count=len(found))


def plus(*series: pd.Series | None) -> pd.Series | None:
    """Sum of what is there; None where nothing is."""
    there = [each for each in series if each is not None]
    return pd.concat(there, axis=1).sum(axis=1, min_count=len(there)) if there else None


def ratio(one: pd.Series, other: pd.Series) -> float:
    """Median of one over the other; NaN where they share no reading."""
    quotient = (one / other.where(other != 0)).dropna()
    return float(quotient.median()) if len(quotient) else np.nan


def weigh_shares(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """A percentage that is one power over another says nothing new."""
    shares = [(s, c) for s in subjects if (c := s.best) is not None and c.quantity and QUANTITIES[c.quantity].unit == ""]
    powers = [(s, c) for s in subjects if (c := s.best) is not None and c.quantity in ("cooling_power_kw", "facility_power_kw", *PARTS)
              and c.points >= CONSIDERED]  # fmt: skip
    totals = [(s, c) for s, c in powers if c.quantity in ("cooling_power_kw", "facility_power_kw")]
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
