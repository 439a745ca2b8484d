"""Trials of 14, 28 and 56 days after three months of record; the intervals against the truth."""

from typing import Any

import numpy as np

from benchmarks.savings.sites import MONTH_H, Sites, simulated
from benchmarks.savings.years import hours_of, servers_of
from models.savings.candidates import regressions
from models.savings.trials.analysis import Blocks, TrialResult, analysed
from models.savings.trials.design import drawn

DAYS = (14, 28, 56)
RECORD_MONTHS, TRIAL_MONTHS = 3, 2
WASH_OUT_H = 4


def trial(seed: int, sites: int) -> list[dict[str, Any]]:
    """A row per site of a seed: truth and what the analysis says. Every other seed switches by half days."""
    days = DAYS[seed // 3 % len(DAYS)]
    halves = 2 if seed % 2 else 1
    designs = [_design(days, halves, 1000 * seed + site) for site in range(sites)]
    on = np.zeros((sites, TRIAL_MONTHS * MONTH_H), bool)
    for site, (blocks, _) in enumerate(designs):
        of_hour = np.repeat(blocks.on, 24 // halves)
        on[site, : len(of_hour)] = of_hour
    made = simulated(seed, sites, baseline=RECORD_MONTHS, reporting=TRIAL_MONTHS, on=on)
    rows = []
    for site, (blocks, hours) in enumerate(designs):
        before, after = hours_of(made, site, RECORD_MONTHS * MONTH_H)
        during = after.where(np.arange(len(after)) < hours)
        servers = servers_of(made, site)
        servers = servers.first(len(before) + hours)
        result = analysed(during, blocks, regressions(before), before=before, servers=servers)
        rows.append(_row(made, site, days, halves, blocks, result))
    return rows


def _design(days: int, halves: int, seed: int) -> tuple[Blocks, int]:
    weekday, half = np.repeat(np.arange(days) % 7, halves), np.tile(np.arange(halves), days)
    design = drawn(weekday, half, seed)
    length = 24 // halves
    block = np.repeat(np.arange(days * halves), length)
    block[np.tile(np.arange(length), days * halves) < WASH_OUT_H] = -1
    return Blocks(block, design.pair, design.on), days * 24


def _row(
    made: Sites, site: int, days: int, halves: int, blocks: Blocks, result: TrialResult
) -> dict[str, Any]:
    used = np.isin(blocks.pair, result.pairs_used)
    hours = np.flatnonzero((blocks.block >= 0) & used[np.maximum(blocks.block, 0)])

    def mean_kw(of: dict[str, np.ndarray], name: str) -> float:
        return float(of[name][site][hours].mean(dtype=float)) / 1e3

    facility = mean_kw(made.default, "facility_w")
    return {
        "days": days,
        "blocks": "half days" if halves == 2 else "days",
        "climate": str(made.climate[site]),
        "metered_work": site % 2 == 0,
        "truth_kwh": facility - mean_kw(made.controlled, "facility_w"),
        "saving_kwh": result.saved_kw,
        "half_kwh": result.half_90_kw,
        "low_drawn": result.drawn_low_kw,
        "high_drawn": result.drawn_high_kw,
        "shown": result.shown,
        "cooling_kwh": mean_kw(made.default, "cooling_w"),
        "facility_kwh": facility,
    }
