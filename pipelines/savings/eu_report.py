"""Information and indicators of Delegated Regulation (EU) 2024/1364, annexes I to III, as far as a site knows them."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.files import write_csv
from pipelines.savings.accounting import YEAR_DAYS
from pipelines.savings.record import Record
from pipelines.site.file import Site

# Cooling degree days count days with a mean of 24 °C and more, by what exceeds 21 °C.
BASE_C, COOL_C = 24.0, 21.0
NOT_METERED, NOT_DECLARED = "not metered", "not declared in [reporting]"
NOT_OURS = "of the operator's own systems: coldaisle does not measure it"
COLUMNS = ["annex", "code", "indicator", "value", "unit", "source"]


def eu_rows(site: Site, record: Record) -> pd.DataFrame:
    """A row per item: COLUMNS. value is empty where it is not known, and source then says why.

    Energy in kWh over the hours in which it was metered, scaled to the whole period where under a tenth is missing.
    Cooling degree days as Eurostat defines them: 24 °C threshold, 21 °C base.
    """
    declared = site.reporting
    energy = {
        name: _total(record, name)
        for name in ("facility_kw", "it_kw", "reused_heat_kw", "renewable_power_kw")
    }
    water_m3 = _total(record, "makeup_water_kg_s", 3600.0 / 1000.0)
    on_site = energy["renewable_power_kw"]
    facility = energy["facility_kw"]
    goo, ppa = (
        None if share is None or facility is None else share * facility
        for share in (declared.guarantees_of_origin, declared.power_purchase)
    )
    known = [each for each in (on_site, goo, ppa) if each is not None]
    renewable = sum(known) if known else None
    potable = (
        None if water_m3 is None or declared.potable_water is None else declared.potable_water * water_m3
    )
    inlet_sp = _mean(record, "supply_air_sp_c")
    no_potable = NOT_METERED if water_m3 is None else NOT_DECLARED
    degree_days = _degree_days(record, site.local_zone)
    rows = [
        ("I", "", "Name of the data centre", declared.name or site.title, "", ""),
        ("I", "", "Operator", declared.operator or None, "", NOT_DECLARED),
        ("I", "", "Country", declared.country or None, "", NOT_DECLARED),
        ("II", "PD_IT", "Installed information technology power demand", declared.installed_it_kw, "kW", NOT_DECLARED),
        ("II", "S_DC", "Data centre total floor area", declared.floor_m2, "m2", NOT_DECLARED),
        ("II", "S_CR", "Data centre computer room floor area", declared.computer_room_floor_m2, "m2", NOT_DECLARED),
        ("II", "E_DC", "Total energy consumption", facility, "kWh", NOT_METERED),
        ("II", "E_IT", "Total energy consumption of information technology equipment", energy["it_kw"], "kWh",
         NOT_METERED),
        ("II", "C_BtG", "Average battery capacity", declared.battery_kw, "kW", NOT_DECLARED),
        ("II", "W_IN", "Total water input", water_m3, "m3", NOT_METERED),
        ("II", "W_IN-POT", "Total potable water input", potable, "m3", no_potable),
        ("II", "E_REUSE", "Waste heat reused", energy["reused_heat_kw"], "kWh", NOT_METERED),
        ("II", "T_WH", "Average waste heat temperature", declared.waste_heat_c, "degC", NOT_DECLARED),
        ("II", "T_IN", "Average setpoint information technology equipment intake air temperature", inlet_sp, "degC",
         "no supply-air setpoint is recorded"),
        ("II", "", "Types of refrigerants", "; ".join(declared.refrigerants) or None, "", NOT_DECLARED),
        ("II", "CDD", "Cooling degree days", degree_days, "K d", "no outdoor drybulb is recorded"),
        ("II", "E_RES-TOT", "Total renewable energy consumption", renewable, "kWh", NOT_METERED),
        ("II", "E_RES-GOO", "Renewable energy from guarantees of origin", goo, "kWh", NOT_DECLARED),
        ("II", "E_RES-PPA", "Renewable energy from power purchase agreements", ppa, "kWh", NOT_DECLARED),
        ("II", "E_RES-OS", "Renewable energy from on-site sources", on_site, "kWh", NOT_METERED),
        *(("II", code, name, None, unit, NOT_OURS) for code, name, unit in _ICT),
        ("III", "PUE", "Power usage effectiveness", _ratio(facility, energy["it_kw"]), "", NOT_METERED),
        ("III", "WUE", "Water usage effectiveness", _ratio(water_m3, energy["it_kw"], 1000.0), "L/kWh", NOT_METERED),
        ("III", "ERF", "Energy reuse factor", _ratio(energy["reused_heat_kw"], facility), "", NOT_METERED),
        ("III", "REF", "Renewable energy factor", _ratio(renewable, facility), "", NOT_METERED),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS)
    metered = (
        "metered"
        if record.period.days >= YEAR_DAYS
        else f"metered, {record.period.days:.0f} days: not a year"
    )
    given = table["value"].notna()
    of_meters = table["code"].isin(
        ["E_DC", "E_IT", "W_IN", "E_REUSE", "T_IN", "CDD", "E_RES-OS", "PUE", "WUE", "ERF"]
    )
    table.loc[given, "source"] = np.where(of_meters[given], metered, "declared or from declared shares")
    return table


_ICT = (
    ("C_SERV", "ICT capacity for servers", ""),
    ("C_STOR", "ICT capacity for storage equipment", "PB"),
    ("B_IN", "Incoming traffic bandwidth", "Gbit/s"),
    ("B_OUT", "Outgoing traffic bandwidth", "Gbit/s"),
    ("T_IN-DATA", "Incoming data traffic", "EB"),
    ("T_OUT-DATA", "Outgoing data traffic", "EB"),
)


def write_eu(site: Site, record: Record, path: Path) -> None:
    """The rows as CSV."""
    write_csv(eu_rows(site, record), path, index=False)


def _total(record: Record, name: str, factor: float = 1.0) -> float | None:
    values = record.column(name)
    known = np.isfinite(values)
    if known.mean() < 0.9:
        return None
    return float(values[known].mean()) * len(values) * factor


def _mean(record: Record, quantity: str) -> float | None:
    names = record.columns_of(quantity)
    values = np.concatenate([record.column(name) for name in names]) if names else np.array([])
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


def _degree_days(record: Record, zone: str) -> float | None:
    drybulb = pd.Series(record.column("outdoor_drybulb_c"), index=record.index.tz_convert(zone))
    if not drybulb.notna().any():
        return None
    daily = drybulb.groupby(pd.DatetimeIndex(drybulb.index).date).mean()
    return float((daily[daily >= BASE_C] - COOL_C).sum())


def _ratio(numerator: float | None, denominator: float | None, factor: float = 1.0) -> float | None:
    return None if numerator is None or not denominator else factor * numerator / denominator
