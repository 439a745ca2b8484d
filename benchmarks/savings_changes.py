"""A load that grows 30 % in the reporting year, and chillers replaced halfway: before less after, ours, and the truth.

A year of baseline, a year of reporting, facility energy at equal work in MWh. Replaced chillers are asked about twice:
without a word of it, and with the event recorded, which leaves the months after it out.
"""

import os
import statistics
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.savings.sites import MONTH_H, Sites, simulated
from benchmarks.savings.years import estimated, hours_of
from models.savings.estimate import Estimate
from models.savings.hours import Hours

SEEDS, SITES = (9, 10, 11), 12  # seeds of a year of baseline
REPLACED = 6  # month


def run() -> list[dict[str, Any]]:
    """A row for each site, then one for each kind of change."""
    sites = int(os.environ.get("SITES", SITES))
    rows: list[dict[str, Any]] = []
    for seed in SEEDS:
        grown = simulated(seed, sites, baseline=12, reporting=12)
        rows += [
            _row("load +30 %", grown, site, told=None)
            for site in range(sites)
            if round(float(grown.growth[site]), 2) == 0.3
        ]
        changed = simulated(seed, sites, baseline=12, reporting=12, replaced=REPLACED)
        steady = [site for site in range(sites) if changed.growth[site] == 0.0]
        rows += [_row("chillers replaced, not told", changed, site, told=None) for site in steady]
        rows += [_row("chillers replaced, told", changed, site, told=REPLACED) for site in steady]
    return rows + [_summary(kind, rows) for kind in dict.fromkeys(row["change"] for row in rows)]


def _row(change: str, drawn: Sites, site: int, *, told: int | None) -> dict[str, Any]:
    baseline, reporting = hours_of(drawn, site, 12 * MONTH_H)
    if told is not None:
        late = np.arange(len(reporting)) >= told * MONTH_H
        reporting = replace(reporting, power_kw=np.where(late, np.nan, reporting.power_kw))
    made = estimated(drawn, site, baseline, reporting)
    saving, truth = made.believed.saving, _truth_mwh(drawn, site, made)
    return {
        "change": change,
        "climate": str(drawn.climate[site]),
        "hours": int(made.covered.sum()),
        "before less after": _naive_mwh(baseline, reporting, made),
        "ours": saving.kwh / 1e3,
        "low": saving.low_kwh / 1e3,
        "high": saving.high_kwh / 1e3,
        "truth": truth,
        "holds": "yes" if saving.low_kwh <= truth * 1e3 <= saving.high_kwh else "no",
    }


def _truth_mwh(drawn: Sites, site: int, made: Estimate) -> float:
    hours = made.covered
    return float(
        (drawn.default["facility_w"][site][hours] - drawn.controlled["facility_w"][site][hours]).sum() / 1e6
    )


def _naive_mwh(baseline: Hours, reporting: Hours, made: Estimate) -> float:
    less_kw = float(np.nanmean(baseline.power_kw) - np.nanmean(reporting.power_kw[made.covered]))
    return less_kw * float(made.covered.sum()) / 1e3


def _summary(kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    own = [row for row in rows if row["change"] == kind]
    errors = {
        name: statistics.median(abs(row[name] - row["truth"]) for row in own)
        for name in ("before less after", "ours")
    }
    held = sum(row["holds"] == "yes" for row in own)
    return {"change": f"{kind}: median error", **errors, "holds": f"{held} of {len(own)}"}
