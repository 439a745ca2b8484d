"""Years: a baseline of 3 to 12 months, a year under control; the interval against the truth."""

from typing import Any

import numpy as np

from benchmarks.savings.sites import MONTH_H, Sites, simulated
from models.errors import TooFewRowsError
from models.savings.candidates import regressions
from models.savings.estimate import Estimate, Servers, estimate
from models.savings.hours import WEEK_HOURS, Hours
from models.savings.meters import Meters, sum_of_shares

MONTHS = (3, 6, 9, 12)
COOLING = ("chiller_w", "chw_pump_w", "cw_pump_w", "tower_fan_w", "crah_fan_w")
EPOCH_H = 480_000  # a Thursday in 2024; only differences and hours of the week count
METERS = {
    "power_drift": 0.005,
    "load_drift": 0.005,
    "air_drift_k": 0.1,
}  # as `simulator.Meters.typical` drifts a year


def year(seed: int, sites: int) -> list[dict[str, Any]]:
    """A row per site of a seed: truth and what the report would say; utilisation is metered at every other site."""
    months = MONTHS[seed // 3 % len(MONTHS)]
    drawn = simulated(seed, sites, baseline=months, reporting=12)
    rows = []
    for site in range(sites):
        baseline, reporting = hours_of(drawn, site, months * MONTH_H)
        try:
            made = estimated(drawn, site, baseline, reporting)
        except TooFewRowsError as why:
            rows.append({"refused": str(why), "months": months})
            continue
        rows.append(_row(drawn, site, months, made, baseline, reporting))
    return rows


def hours_of(drawn: Sites, site: int, baseline_h: int) -> tuple[Hours, Hours]:
    """Baseline and reporting hours of one site, cooling power as its meters read it."""
    read = {name: values[site].astype(float) for name, values in drawn.read.items()}
    hour = EPOCH_H + np.arange(len(read["it_w"]))
    both = Hours(
        hour=hour,
        week_hour=hour % WEEK_HOURS,
        power_kw=sum(read[name] for name in COOLING) / 1e3,
        load_kw=read["it_w"] / 1e3,
        drybulb_c=read["outdoor_drybulb_c"],
        wetbulb_c=read["outdoor_wetbulb_c"],
    )
    before = np.arange(len(hour)) < baseline_h
    return both.where(before), both.where(~before)


def servers_of(drawn: Sites, site: int) -> Servers:
    """Inlets, utilisation at every other site, and what the power chain loses per kW of IT."""
    read = {name: values[site].astype(float) for name, values in drawn.read.items()}
    losses = read["facility_w"] - read["it_w"] - sum(read[name] for name in COOLING)
    known = np.isfinite(losses) & np.isfinite(read["it_w"])
    slope = float(np.polyfit(read["it_w"][known], losses[known], 1)[0])
    metered = read["it_utilization"] if site % 2 == 0 else None
    return Servers(read["rack_inlet_c"], metered, loss_share=float(np.clip(slope, 0.0, 0.3)))


def estimated(drawn: Sites, site: int, baseline: Hours, reporting: Hours) -> Estimate:
    """What the report would say."""
    shares = sum_of_shares(np.array([np.nanmean(drawn.read[name][site]) for name in COOLING]))
    meters = Meters(**METERS, power_share=shares)
    return estimate(
        baseline, reporting, regressions(baseline), meters=meters, servers=servers_of(drawn, site)
    )


def _row(
    drawn: Sites, site: int, months: int, made: Estimate, baseline: Hours, reporting: Hours
) -> dict[str, Any]:
    def true_kwh(of: dict[str, np.ndarray], name: str, hours: np.ndarray) -> float:
        return float(of[name][site][hours].sum(dtype=float)) / 1e3

    covered, saving = made.covered, made.believed.saving
    truth, cooling, facility = (
        true_kwh(drawn.default, "facility_w", covered) - true_kwh(drawn.controlled, "facility_w", covered),
        true_kwh(drawn.default, "cooling_w", covered),
        true_kwh(drawn.default, "facility_w", covered),
    )
    naive = float(np.nanmean(baseline.power_kw) - np.nanmean(reporting.power_kw[covered])) * covered.sum()
    return {
        "months": months,
        "growth": round(float(drawn.growth[site]), 2),
        "climate": str(drawn.climate[site]),
        "metered_work": site % 2 == 0,
        "model": made.believed.name,
        "method": made.believed.method.method,
        "truth_kwh": truth,
        "saving_kwh": saving.kwh,
        "half_kwh": saving.half_90_kwh,
        "naive_kwh": naive,
        "cooling_kwh": cooling,
        "facility_kwh": facility,
        "covered": float(covered.mean()),
    }
