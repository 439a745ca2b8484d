"""Avoided energy in money, CO2 and water, hour by hour; and the key performance indicators of ISO/IEC 30134."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.savings.estimate import Figure, scaled
from pipelines.savings.record import Record
from pipelines.site.file import Site
from pipelines.site.tariff import prices_per_kwh
from pipelines.telemetry.plant_table import figure_name

YEAR_DAYS = 364.0  # of a period that counts as a year: fewer make an interim figure
AVERAGE, MARGINAL = "grid_carbon_kg_per_kwh", "grid_marginal_carbon_kg_per_kwh"


@dataclass(frozen=True)
class Amount:
    """A saving in another unit, with its 90 % interval; why_not: why it is not known, empty where it is."""

    value: float | None
    low: float | None
    high: float | None
    unit: str
    why_not: str = ""

    @property
    def shown(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


def unknown(unit: str, why: str) -> Amount:
    """An amount that cannot be told."""
    return Amount(None, None, None, unit, why)


def energy_cost(site: Site, times: pd.DatetimeIndex, saved_kw: np.ndarray, saving: Figure) -> Amount:
    """What the avoided energy would have cost at the price of each hour; saved_kw (n,): NaN where none is."""
    if site.tariff is None:
        return unknown("", "the site file has no [tariff]")
    prices = prices_per_kwh(site.tariff, times)
    claimed = np.isfinite(saved_kw)
    missing = claimed & ~np.isfinite(prices)
    if missing.any():
        first, last = times[missing][[0, -1]]
        return unknown(
            site.tariff.currency,
            f"the tariff has no price from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC "
            f"({int(missing.sum())} hours); add [[tariff.rates]] for that time",
        )
    return _weighted(prices, saved_kw, saving, site.tariff.currency)


def demand_cost(
    site: Site, times: pd.DatetimeIndex, facility_kw: np.ndarray, saved_kw: np.ndarray, rmse_kw: float
) -> Amount:
    """What a lower highest hour of each billing month saved; rmse_kw: of the counterfactual at a single hour.

    Months of which under nine tenths of the hours are known are left out.
    """
    if site.tariff is None or site.tariff.demand_per_kw <= 0.0:
        return unknown("", "the tariff has no demand charge")
    if not np.isfinite(facility_kw).any():
        return unknown(site.tariff.currency, "facility power is not metered")
    local = times.tz_convert(site.tariff.time_zone)
    frame = pd.DataFrame({"with": facility_kw, "without": facility_kw + saved_kw})
    frame["known"] = frame.notna().all(axis=1)
    months = frame.groupby([local.year, local.month])
    whole = months["known"].mean() >= 0.9
    peaks = months[["with", "without"]].max()[whole]
    if peaks.empty:
        return unknown(site.tariff.currency, "no billing month is known for nine tenths of its hours")
    saved = float((peaks["without"] - peaks["with"]).sum()) * site.tariff.demand_per_kw
    half = 1.645 * rmse_kw * np.sqrt(len(peaks)) * site.tariff.demand_per_kw
    return Amount(saved, saved - half, saved + half, site.tariff.currency)


def carbon(site: Site, record: Record, saved_kw: np.ndarray, saving: Figure, name: str) -> Amount:
    """CO2 that was not emitted, by the grid's series among the site's points, else by the site file's constant."""
    series = intensity(site, record, name)
    if series is None:
        return unknown(
            "kg CO2",
            f"the grid's CO2 is not known: measure {name}, or set {_constant(name)} in [carbon]",
        )
    missing = np.isfinite(saved_kw) & ~np.isfinite(series)
    if missing.mean() > 0.1:
        return unknown("kg CO2", f"{name} is missing in {int(missing.sum())} hours; ingest the grid's series")
    filled = np.where(np.isfinite(series), series, np.nanmean(series))
    return _weighted(filled, saved_kw, saving, "kg CO2")


def intensity(site: Site, record: Record, name: str) -> np.ndarray | None:
    """kg of CO2 per kWh in each hour (n,); None where the site knows none."""
    series = record.column(name)
    if np.isfinite(series).any():
        return series
    constant = getattr(site.carbon, _constant(name))
    return None if constant is None else np.full(len(record.plant), constant)


def _constant(name: str) -> str:
    return "average_kg_per_kwh" if name == AVERAGE else "marginal_kg_per_kwh"


def _weighted(weights: np.ndarray, saved_kw: np.ndarray, saving: Figure, unit: str) -> Amount:
    """Saved kW weighed by hour; the interval is that of the energy at the mean weight."""
    claimed = np.isfinite(saved_kw)
    value = float(np.sum(weights[claimed] * saved_kw[claimed]))
    half = scaled(saving, float(weights[claimed].mean())).half_90_kwh
    return Amount(value, value - half, value + half, unit)


def indicators(site: Site, record: Record) -> list[dict[str, object]]:
    """PUE, WUE, CUE, ERF and REF of a period, each with its standard, value and, where it has none, why.

    PUE = facility / IT energy (ISO/IEC 30134-2); REF = renewable / facility energy (-3); ERF = reused / facility
    energy (-6); CUE = CO2 of the facility / IT energy, kg/kWh (-8); WUE = make-up water / IT energy, L/kWh (-9).
    """
    facility_kwh, it_kwh = _both(record, "facility_kw", "it_kw")
    no_it = "the site has no IT meter" if not site.meters.it else "facility or IT power is not metered"
    interim = record.period.days < YEAR_DAYS
    rows: list[dict[str, object]] = []

    def add(name: str, standard: str, unit: str, value: float | None, why: str, note: str = "") -> None:
        kept = None if value is None or not np.isfinite(value) else value
        told = kept is not None
        rows.append(
            {
                "name": name,
                "standard": standard,
                "unit": unit,
                "value": kept,
                "why_not": "" if told else why,
                "note": note if told else "",
            }
        )

    note = f"{'interim, ' if interim else ''}{record.period.days:.0f} days"
    if site.meters.it:
        add(figure_name(site), "ISO/IEC 30134-2", "", _ratio(facility_kwh, it_kwh), no_it,
            f"{note}; boundary: {site.meters.boundary}")  # fmt: skip
    else:
        cooling_kwh, load_kwh = _both(record, "cooling_kw", "load_kw")
        add(
            "plant kW per kW of cooling",
            "",
            "",
            _ratio(cooling_kwh, load_kwh),
            "load or power is not metered",
            note,
        )
    water_kg = _sum_with(record, "makeup_water_kg_s", "it_kw", 3600.0)
    add("WUE", "ISO/IEC 30134-9", "L/kWh", _ratio(*water_kg), "make-up water is not metered", note)
    series = intensity(site, record, AVERAGE)
    emitted = (
        record.column("facility_kw") * series if series is not None else np.full(len(record.plant), np.nan)
    )
    known = np.isfinite(emitted) & np.isfinite(record.column("it_kw"))
    carbon_kg, of_it = float(emitted[known].sum()), float(record.column("it_kw")[known].sum())
    add("CUE", "ISO/IEC 30134-8", "kg CO2/kWh", _ratio(carbon_kg, of_it) if known.any() else None,
        "the grid's CO2 is not known" if series is None else no_it, note)  # fmt: skip
    for name, standard, quantity, what in (
        ("ERF", "ISO/IEC 30134-6", "reused_heat_kw", "reused heat is not metered"),
        ("REF", "ISO/IEC 30134-3", "renewable_power_kw", "renewable power is not metered"),
    ):
        add(name, standard, "", _ratio(*_both(record, quantity, "facility_kw")), what, note)
    return rows


def _both(record: Record, first: str, second: str) -> tuple[float, float]:
    """Energy of two quantities over the hours in which both are known."""
    return _sum_with(record, first, second, 1.0)


def _sum_with(record: Record, first: str, second: str, factor: float) -> tuple[float, float]:
    one, other = record.column(first), record.column(second)
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any():
        return float("nan"), float("nan")
    return factor * float(one[known].sum()), float(other[known].sum())


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator > 0.0 else None
