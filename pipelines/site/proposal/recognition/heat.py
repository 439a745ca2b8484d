"""Heat from flow and temperature rise: which settles the unit of a flow and confirms what is a load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Subject
from pipelines.site.proposal.recognition.powersums import plus, ratio, sum_of
from pipelines.site.proposal.recognition.ranges import CANDIDATES
from pipelines.site.proposal.recognition.relations import AGREES, FEWEST, Chosen, chosen, mean_of

WATER_KJ_KG_K = 4.19  # at 15 °C, CRC Handbook
# Heat by flow and temperatures over the load: sensors err, fans and pumps heat, some loads are not metered.
CARRIES = (0.6, 1.6)
# Design differences of loops where one temperature is not metered, K: low delta-T to wide.
RISES_K = {"chw_flow_kg_s": (3.5, 12.0), "cw_flow_kg_s": (3.0, 9.0)}
ANY_RISE_K = {
    "chw_flow_kg_s": (1.2, 22.0),
    "cw_flow_kg_s": (1.2, 15.0),
}  # no loop that cools has less, or more
SIDED = 1.0  # `less` of patterns below which a name tells supply or return
MULTIPLE_OF_CHILLER = (1.5, 25.0)  # cooling over chiller power, the lowest and highest that is believed


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
            why = (
                "a chiller's power and its load fit"
                if fits
                else "no chiller has so much power for so little heat, or so little"
            )
            for _, candidate in (*chosen(subjects, "cooling_load_kw"), *chosen(subjects, "chiller_kw")):
                candidate.add(0.08 if fits else -0.25, why)


def _weigh_flow(
    subjects: Sequence[Subject],
    aligned: Aligned,
    quantity: str,
    sides: tuple[str, str],
    heat: pd.Series | None,
) -> None:
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
            candidate.choice = replace(
                candidate.choice, unit=unit, how="certain" if sure else "likely", others=()
            )
        candidate.add(0.2 if sure else AGREES, "flow times temperature rise is the heat")


def _doubt_flows(
    flows: Chosen, written: str, rise: pd.Series | None, heat: pd.Series, aligned: Aligned, quantity: str
) -> None:
    """A unit that is written but carries far too much or too little heat, where another would carry it."""
    if rise is None and _carries(flows, written, None, heat, aligned, ANY_RISE_K[quantity]):
        return
    others = [
        u
        for u in CANDIDATES["kg/s"]
        if u != written and _carries(flows, u, rise, heat, aligned, RISES_K[quantity])
    ]
    for _, candidate in flows if len(others) == 1 else []:
        candidate.choice = replace(candidate.choice, how="open", others=(others[0],))
        candidate.add(
            -0.2, f"in {written} it would carry far too much or too little heat, in {others[0]} the right one"
        )


def _alike(flows: Chosen) -> list[list[str]]:
    """The units to try for all flows together: the written one, or those that are open for all."""
    options = [
        [c.choice.unit] if c.choice.how == "written" else [c.choice.unit, *c.choice.others] for _, c in flows
    ]
    common = [unit for unit in options[0] if all(unit in each for each in options)]
    return [common] if common else []


def _carries(
    flows: Chosen,
    unit: str,
    rise: pd.Series | None,
    heat: pd.Series,
    aligned: Aligned,
    rises_k: tuple[float, float],
) -> bool:
    flow = pd.concat([aligned.series(s, c, unit) for s, c in flows], axis=1).sum(axis=1, min_count=len(flows))
    running = flow.where(flow > 0)
    carried = WATER_KJ_KG_K * (running if rise is None else running * rise)
    over_heat = ratio(carried, heat)
    low, high = (1.0 / rises_k[1], 1.0 / rises_k[0]) if rise is None else CARRIES
    return low <= over_heat <= high


def _rise(subjects: Sequence[Subject], aligned: Aligned, sides: tuple[str, str]) -> pd.Series | None:
    """Temperature rise of a loop, by temperatures whose names tell the side."""
    told = ([(s, c) for s, c in chosen(subjects, side) if c.match.pattern.less < SIDED] for side in sides)
    cold, warm = (mean_of(found, aligned) for found in told)
    return None if cold is None or warm is None else warm - cold
