"""Units as exports spell them: in a tag's name, in brackets, or in a row of units under the header."""

import re
import unicodedata
from dataclasses import dataclass

# Kinds that a quantity of ours can be measured in; the others are known so that they are not mistaken for these.
POWER, HEAT, ENERGY, TEMPERATURE, SHARE, FREQUENCY, FLOW, AIRFLOW, PRESSURE, SPEED, ANGLE = (
    "power", "heat", "energy", "temperature", "share", "frequency", "flow", "airflow", "pressure", "speed", "angle",
)  # fmt: skip
OTHER = {
    "kva": "apparent power", "kvar": "reactive power", "ampere": "current", "volt": "voltage", "pf": "power factor",
    "kwton": "a ratio", "hour": "running hours", "rpm": "speed in turns", "heat energy": "energy of heat",
    "kelvin": "a difference of temperatures", "ppm": "concentration", "m3": "a volume", "j/kg": "enthalpy",
    "g/kg": "moisture content", "lux": "light", "w/m2": "radiation", "mm": "length",
}  # fmt: skip


@dataclass(frozen=True)
class WrittenUnit:
    """A unit as someone wrote it.

    kind: what it measures (POWER, HEAT, ...; a key of OTHER for what no quantity is measured in).
    unit: as a site file has it; sure: nothing else is written so (C alone may be hall C).
    """

    kind: str
    unit: str
    sure: bool = True


_TABLE = {
    (POWER, "kW"): "kw kwe kwel kw_e kilowatt kilowatts",
    (POWER, "W"): "w watt watts",
    (POWER, "MW"): "mw megawatt megawatts",
    (HEAT, "RT"): "rt tr ton tons tonr tonsr trf usrt rton rtons refrigeration_ton refrigeration_tons",
    (HEAT, "kW"): "kwt kwth kwr kwc kw_th kw_thermal kwthermal kwcooling kw_cooling kwthermique kwf",
    (HEAT, "MW"): "mwt mwth mwr mwc mw_th",
    (ENERGY, "kWh"): "kwh kilowatt_hour kilowatt_hours kwhr kw_h kw_hr",
    (ENERGY, "MWh"): "mwh megawatt_hours megawatt_hour",
    (ENERGY, "Wh"): "wh watt_hours",
    (ENERGY, "GJ"): "gj gigajoule",
    ("heat energy", ""): "kwhth kwh_th kwht mwhth mwht rth tonh tonhr ton_h ton_hr ton_hours trh rt_h",
    (TEMPERATURE, "degC"): "c degc deg_c celsius degree_celsius degrees_celsius degreescelsius grad_celsius gradc cel",
    (TEMPERATURE, "degF"): "f degf deg_f fahrenheit degree_fahrenheit degrees_fahrenheit degreesfahrenheit fahr",
    (SHARE, "%"): "pct percent perc percentage prozent pourcent prc rh pctrh percent_rh percent_relative_humidity rf",
    (SHARE, ""): "frac fraction",
    (FREQUENCY, "Hz"): "hz hertz",
    (FLOW, "gpm"): "gpm usgpm us_gpm gal_min gallons_per_minute us_gallons_per_minute",
    (FLOW, "L/s"): "lps l_s l_sec ltr_s litres_per_second liters_per_second ls ltrs_sec l_seg",
    (FLOW, "liter/minute"): "lpm l_min l_mn litres_per_minute",
    (FLOW, "m3/h"): "m3h m3_h m3ph m3hr m3_hr cmh cumh cubic_meters_per_hour cubic_metres_per_hour mch",
    (FLOW, "meter**3/second"): "m3s m3_s cms cubic_meter_per_second cubic_meters_per_second",
    (FLOW, "kg/s"): "kgs kg_s kgps kg_sec kilograms_per_second",
    (AIRFLOW, "cfm"): "cfm ft3_min scfm cubic_feet_per_minute",
    (PRESSURE, "Pa"): "pa pascal pascals",
    (PRESSURE, "hPa"): "hpa mbar millibar",
    (PRESSURE, "kPa"): "kpa kilopascals kilopascal",
    (PRESSURE, "bar"): "bar bars barg",
    (PRESSURE, "psi"): "psi psig psia psid",
    (PRESSURE, "inHg"): "inhg in_hg",
    (PRESSURE, "mmHg"): "mmhg",
    (PRESSURE, "inH2O"): "inwc in_wc inwg in_wg inh2o iwc in_h2o",
    (SPEED, "mph"): "mph miles_per_hour",
    (SPEED, "m/s"): "m_s mps m_sec meters_per_second",
    (SPEED, "km/h"): "kmh km_h kph",
    (SPEED, "knot"): "kt kn knot knots",
    (ANGLE, "deg"): "deg degree degrees grad",
    ("kva", ""): "kva va mva kilovolt_amperes volt_ampere volt_amperes", ("kvar", ""): "kvar var vars mvar",
    ("ampere", ""): "a amp amps ampere amperes", ("volt", ""): "v volt volts kv vac", ("pf", ""): "pf cosphi",
    ("kwton", ""): "kw_ton kw_rt kw_tr kwpt kwperton kw_per_ton kw_per_rt kwton kwrt kw_tons kw_kw cop eer",
    ("hour", ""): "h hr hrs hour hours s sec min minutes", ("rpm", ""): "rpm",
    ("kelvin", ""): "k kelvin delta_c delta_f deltac deltaf dk", ("ppm", ""): "ppm",
    ("m3", ""): "m3 gal gallon gallons l",
    ("j/kg", ""): "kj_kg j_kg btu_lb", ("g/kg", ""): "g_kg gr_lb", ("lux", ""): "lux", ("w/m2", ""): "w_m2",
    ("mm", ""): "mm cm m ft",
}  # fmt: skip
# Letters and short words that may be something else: C of hall C, TR of transformer.
_LETTERS = "cfwkavhslm"
_SHORT = ("deg min rt tr rh rf ls ton wh pa kn kt var va mw", "cel grad sec bar pf kwf kwc kwr kwt cms")
_DOUBTFUL = frozenset((*_LETTERS, *(word for words in _SHORT for word in words.split())))
SPELLINGS: dict[str, WrittenUnit] = {
    word: WrittenUnit(kind, unit, word not in _DOUBTFUL)
    for (kind, unit), words in _TABLE.items()
    for word in words.split()
}
# Units whose very spelling a site file takes; kept as the export has them.
_KEPT = frozenset(
    ("C", "°C", "F", "°F", "degC", "degF", "%", "RT", "TR", "kW", "W", "MW", "kWh", "MWh", "GPM", "gpm", "L/s", "l/s",
     "L/sec", "m3/h", "cfm", "mph", "in", "inHg", "Hz", "hPa", "kPa", "Pa", "m/s", "psi", "bar", "kg/s")
)  # fmt: skip


def plain(text: str) -> str:
    """Lower case, German umlauts as two letters, other accents dropped, superscripts as digits."""
    lower = text.lower()
    for sign, letters in (
        ("ä", "ae"),
        ("ö", "oe"),
        ("ü", "ue"),
        ("ß", "ss"),
        ("°", "deg"),
        ("º", "deg"),
        ("%", "pct"),
    ):
        lower = lower.replace(sign, letters)
    return "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))


def unit_of_text(text: str, *, alone: bool = True) -> WrittenUnit | None:
    """The unit that a whole text spells, such as `L/sec`, `°F` or `degrees-fahrenheit`; None where it is none.

    alone: the text stands where only a unit would (brackets, a row of units), so that C can only be Celsius.
    """
    stripped = text.strip().strip("()[]{}").strip()
    key = re.sub(r"[^a-z0-9]+", "_", plain(stripped)).strip("_")
    key = re.sub(r"_?per_", "_", key)
    found = SPELLINGS.get(key) or SPELLINGS.get(key.replace("_", ""))
    if key == "in" and alone:  # of mercury: weather services write it so
        found = WrittenUnit(PRESSURE, "inHg")
    if key in ("0_1", "bool", "on_off") and alone:
        found = WrittenUnit(SHARE, "")
    if found is None:
        return None
    as_written = stripped in _KEPT and (found.kind != HEAT or found.unit == "RT")
    return WrittenUnit(found.kind, stripped if as_written else found.unit, found.sure or alone)
