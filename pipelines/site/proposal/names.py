"""Which quantity a tag's name stands for, as building and plant engineers name points."""

import re
from collections.abc import Iterator

from pipelines.site.quantities import QUANTITIES

# Words that name a unit when they begin or end a tag, as in kW_CHH, WBT_C, CHWS_F, Hz_CT.
UNIT_WORDS = {
    "kw": "kW", "kwh": "kWh", "mw": "MW", "mwh": "MWh", "rt": "RT", "ton": "RT", "tons": "RT",
    "f": "degF", "degf": "degF", "c": "degC", "degc": "degC", "hz": "Hz", "gpm": "GPM", "lps": "L/s",
    "cfm": "cfm", "mph": "mph", "pa": "Pa", "hpa": "hPa", "kpa": "kPa", "pct": "percent",
    "percent": "percent",
}  # fmt: skip

_DERIVED = r"^(delta|diff|percent|precent|pct|share)\b|\bkw (per )?(rt|ton)\b|\b(cop|eer|pue)\b"

_SETPOINT = r"\b(sp|stpt|setpoint|set point|target)\b"
_CHILLED = r"\b(chw|chws|chwst|chilled water)\b"
_CONDENSER = r"\b(cw|cdw|cws|cwst|condenser( water)?|cooling water|tower water)\b"
_TEMPERATURES = (
    (
        "chw_supply_c",
        r"\b(chws|chwst|lchwt)\b|\b(chw|chilled water) (supply|leaving|out)\b|\bleaving chilled",
    ),
    (
        "chw_return_c",
        r"\b(chwr|chwrt|echwt)\b|\b(chw|chilled water) (return|entering|in)\b|\bentering chilled",
    ),
    (
        "cw_return_c",
        r"\b(cdhi|cwr|cwrt|cdwr|lcwt)\b|\b(cw|condenser( water)?|cooling water) (return|leaving)\b",
    ),
    (
        "cw_supply_c",
        r"\b(cdlo|cws|cwst|cdws|ecwt)\b|\b(cw|condenser( water)?|cooling water) (supply|entering|temp)",
    ),
    ("rack_dew_point_c", r"\b(rack|aisle|room|hall)\b.*\bdew ?point\b"),
    ("outdoor_dew_point_c", r"\b(dew ?point|dewpt|dpt)\b"),
    ("outdoor_wetbulb_c", r"\b(wbt|oawb|wet ?bulb)\b"),
    ("rack_inlet_c", r"\b(rack|server|cold aisle)\b.*\b(inlet|temp)|\brack in\b|\bcold aisle\b"),
    ("rack_outlet_c", r"\b(rack|server)\b.*\boutlet\b|\bhot aisle\b"),
    ("return_air_c", r"\b(rat|return air)\b"),
    ("supply_air_c", r"\b(sat|supply air)\b"),
    (
        "outdoor_drybulb_c",
        r"\b(oat|oadb|dbt|dry ?bulb)\b|\b(outside|outdoor|ambient)( air)? temp|^temp(erature)?$",
    ),
)
_SETPOINTS = (
    ("economizer_enable", r"\b(economizer|economiser|free cooling|wse)\b"),
    ("chillers_available_sp", r"\bchillers? (available|allowed|staged)\b"),
    ("airflow_ratio_sp", r"\bair ?flow\b"),
    ("chw_supply_sp_c", _CHILLED),
    ("cw_supply_sp_c", _CONDENSER),
    ("supply_air_sp_c", r"\b(sat|supply air|air)\b"),
)
_FLOWS_AND_WEATHER = (
    ("airflow_kg_s", r"\bair ?flow\b|\bcfm\b"),
    ("cw_flow_kg_s", rf"{_CONDENSER}.*\b(flow|rate)\b"),
    ("chw_flow_kg_s", rf"{_CHILLED}.*\b(flow|rate)\b|^(chw )?gpm$|^flow$"),
    ("outdoor_rh_frac", r"\b(rh|humidity)\b"),
    ("wind_speed_m_s", r"\bwind speed\b"),
    ("wind_direction_deg", r"\bwind dir"),
    ("aisle_pressure_pa", r"\b(aisle|plenum|underfloor)\b.*\bpressure\b"),
    ("loop_pressure_pa", r"\b(loop|differential|dp)\b.*\bpressure\b"),
    ("outdoor_pressure_pa", r"\b(barometric|atmospheric|outdoor|station)?\b ?\bpressure\b"),
    ("economizer_on", r"\b(economizer|economiser|free cooling|wse)\b"),
    ("it_utilization_frac", r"\b(cpu|utili[sz]ation)\b"),
)
# Quantities by equipment: (power, share of full speed or load, running).
_EQUIPMENT = (
    (("secondary_pump_kw", "secondary_pump_speed_frac", "secondary_pump_on"),
     r"\b(chs|schp|schwp|secondary( chilled water)?( pump)?)\b"),
    (("chw_pump_kw", "chw_pump_speed_frac", "chw_pump_on"),
     r"\b(chp|chwp|pchp|pchwp|primary pump|(chw|chilled water) pump)\b"),
    (("cw_pump_kw", "cw_pump_speed_frac", "cw_pump_on"),
     r"\b(cds|cdp|cwp|cdwp|(cw|condenser|cooling)( water)? pump)\b"),
    (("tower_fan_kw", "tower_fan_speed_frac", "tower_on"), r"\b(ct|ctf|tower|cooling tower)\b"),
    (("crah_fan_kw", "crah_fan_speed_frac", "crah_on"), r"\b(crah|crac|ahu|fan wall)\b"),
    (("chiller_kw", "chiller_load_frac", "chiller_on"), r"\b(ch|chh|chl|chlr|chiller)\b"),
)  # fmt: skip
_METERS = (
    ("cooling_load_kw", r"\b(rt|tons?|(building|cooling|thermal|heat) load)\b"),
    ("ups_loss_kw", r"\bups loss"),
    ("pdu_loss_kw", r"\bpdu loss"),
    ("lighting_kw", r"\b(lighting|lights)\b"),
    ("it_power_kw", r"\b(it|servers?|ups output|pdu|rack power)\b"),
    ("facility_power_kw", r"\b(facility|utility|incomer|main|site|building)\b"),
    ("cooling_power_kw", r"\b(hvac|cooling|plant|mechanical|tot|total)\b"),
)


def words_of(tag: str) -> str:
    """A tag's name in lower-case words, without a unit in brackets: `CHWS_Temp (F)` is `chws temp`."""
    bare = re.sub(r"[(\[][^)\]]*[)\]]", " ", tag).replace("kW", "kw")
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)", " ", bare)
    return " ".join(re.sub(r"[^0-9A-Za-z]+", " ", bare).lower().split())


def written_unit(tag: str) -> str | None:
    """The unit that a tag's name states, in brackets or as its first or last word."""
    brackets = re.findall(r"[(\[]([^)\]]+)[)\]]", tag)
    if brackets:
        return brackets[-1].strip()
    words = words_of(tag).split()
    named = [UNIT_WORDS[word] for word in (words[-1:] + words[:1]) if word in UNIT_WORDS]
    return named[0] if named else None


def equipment_of(tag: str) -> str:
    """The numbered piece of equipment that a tag names: `ch1` for `CH1_kW`, nothing for `CHWS_F`."""
    match = re.search(r"\b([a-z]{2,})[ ]?(\d{1,2})\b", words_of(tag))
    return f"{match[1]}{match[2]}" if match else ""


def looks_derived(tag: str) -> bool:
    """Whether a tag names a difference, a share or a ratio of other points, which no quantity stands for."""
    return re.search(_DERIVED, words_of(tag)) is not None


def quantities_of(tag: str, *, on_off: bool) -> Iterator[str]:
    """Quantities that a tag may stand for, likeliest first. on_off: it takes no values but 0 and 1."""
    exact = tag.split(":", 1)[0]
    if exact in QUANTITIES:
        yield exact
        return
    words = words_of(tag)
    if looks_derived(tag):
        return
    if re.search(rf"{_SETPOINT}|\benabled?\b|\bchillers available\b", words):
        yield from _matching(_SETPOINTS, words)
        return
    yield from _matching(_TEMPERATURES, words)
    yield from _matching(_FLOWS_AND_WEATHER, words)
    for (power, share, running), pattern in _EQUIPMENT:
        if re.search(pattern, words):
            yield from _of_equipment(power, share, running, tag, on_off)
    yield from _matching(_METERS, words)


def _of_equipment(power: str, share: str, running: str, tag: str, on_off: bool) -> Iterator[str]:
    unit, words = written_unit(tag), words_of(tag)
    if on_off and unit is None:
        yield running
    if unit is not None or re.search(r"\b(power|energy)\b", words):
        yield power
    if unit is not None or re.search(r"\b(speed|vfd|load)\b", words):
        yield share


def _matching(rules: tuple[tuple[str, str], ...], words: str) -> Iterator[str]:
    return (quantity for quantity, pattern in rules if re.search(pattern, words))
