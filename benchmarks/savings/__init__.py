"""Savings against truth: what the report says of simulated sites whose saving is known by running them twice.

528 site-years and 360 trials; the first run simulates them (half an hour on 2 cores, kept in SAVINGS_CACHE), later
ones take minutes. SITES=n in the environment: so many sites a seed, in place of 44 and 40. Worst classes first.
"""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

# Seeds 0 to 11 and 102 to 113, of trials 300 to 308, were developed on.
YEAR_SEEDS, TRIAL_SEEDS = range(400, 412), range(200, 209)
YEAR_SITES, TRIAL_SITES = 44, 40
NOTHING = 1e-4  # of facility energy: less was not saved
BIG = 0.1  # of the cooling energy, and of the facility's

Row = dict[str, Any]


def run() -> list[Row]:
    """A row for each class, worst first.

    covered: share whose truth lies in the 90 % interval; draw holds: in that of the draw. half, %: median half width,
    of the cooling energy. error: median, over a saving of 10 % of cooling or more; of 10 % of facility: of facility
    energy; claimed: share of the former. claims: share of the sites with nothing saved.
    """
    from benchmarks.savings.trials import trial
    from benchmarks.savings.years import year

    sites = int(os.environ.get("SITES", "0"))
    years = _all(year, YEAR_SEEDS, sites or YEAR_SITES)
    trials = _all(trial, TRIAL_SEEDS, sites or TRIAL_SITES)
    return [
        *_classes("year", years, ("months", "growth", "climate", "metered_work", "model", "method")),
        *_classes("trial", trials, ("days", "blocks", "climate", "metered_work")),
    ]


def _all(of: Callable[[int, int], list[Row]], seeds: range, sites: int) -> list[Row]:
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # two processes, a thread each
    rows = []
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for seed, made in zip(seeds, pool.map(of, seeds, [sites] * len(seeds)), strict=True):
            print(f"seed {seed}: {len(made)} sites", file=sys.stderr)
            rows += made
    return rows


def _classes(kind: str, rows: list[Row], keys: tuple[str, ...]) -> Iterator[Row]:
    told = [row for row in rows if "refused" not in row]
    yield _judged(f"{kind}s, all", told) | {"refused": len(rows) - len(told)}
    by_class = [
        _judged(f"{kind}s, {key} {value}", [row for row in told if row[key] == value])
        for key in keys
        for value in sorted({row[key] for row in told})
    ]
    yield from sorted(by_class, key=lambda row: -abs(row["covered"] - 0.9))


def _judged(name: str, rows: list[Row]) -> Row:
    truth, saving, half, cooling, facility = (
        np.array([row[key] for row in rows])
        for key in ("truth_kwh", "saving_kwh", "half_kwh", "cooling_kwh", "facility_kwh")
    )
    nothing = np.abs(truth) < NOTHING * facility
    claims = np.array([row.get("shown", True) for row in rows]) & (saving > half)
    of_cooling, of_facility = truth >= BIG * cooling, truth >= BIG * facility
    error = np.abs(saving - truth) / np.where(truth > 0.0, truth, np.nan)
    drawn = [row["low_drawn"] <= row["truth_kwh"] <= row["high_drawn"] for row in rows if "low_drawn" in row]
    return {
        "class": name,
        "sites": len(rows),
        "covered": float(np.mean(np.abs(saving - truth) <= half)),
        "draw holds": float(np.mean(drawn)) if drawn else None,
        "half, %": 100.0 * float(np.median(half / cooling)),
        "error": float(np.median(error[of_cooling])) if of_cooling.any() else None,
        "of 10 % of facility": float(np.median(error[of_facility])) if of_facility.any() else None,
        "claimed": float(np.mean(claims[of_cooling])) if of_cooling.any() else None,
        "nothing saved": int(nothing.sum()),
        "claims": float(np.mean(claims[nothing])) if nothing.any() else None,
    }
