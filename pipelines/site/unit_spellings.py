"""Spellings of units in exports, by what pint calls them: historians, BACnet objects and people write as they like."""

import re
import unicodedata

# Where upper or lower case makes another unit: these are read as they stand.
EXACT = {"mW": "milliwatt", "mWh": "milliwatt_hour"}

# An M that stands for a thousand (the Roman numeral) as often as for a million.
AMBIGUOUS = {"MBtu/h": "kBtu/h or MMBtu/h", "MBtuh": "kBtu/h or MMBtu/h", "MBtu": "kBtu or MMBtu"}

# pint's name: what exports write, in any case, plural, spacing and punctuation (see `folded`). BACnet's names are those
# of ASHRAE 135, BACnetEngineeringUnits; %RH, gal/min and tonref are Project Haystack's.
_WRITTEN = {
    "dimensionless": ("", "0/1", "1", "bool", "boolean", "frac", "fraction", "ratio", "no units", "count"),
    "percent": ("%", "pct", "percent", "%RH", "RH%", "RH %", "percent RH", "percent relative humidity"),
    "degC": ("C", "°C", "degC", "degree C", "celsius", "degrees celsius", "centigrade"),
    "degF": ("F", "°F", "degF", "degree F", "fahrenheit", "degrees fahrenheit"),
    "kelvin": ("K", "°K", "deg K", "degrees kelvin", "kelvins"),
    "watt": ("W", "watts"),
    "kilowatt": ("kW", "kilowatts"),
    "megawatt": ("MW", "megawatts"),
    "watt_hour": ("Wh", "watt hours"),
    "kilowatt_hour": ("kWh", "kilowatt hours"),
    "megawatt_hour": ("MWh", "megawatt hours"),
    "megajoule": ("MJ", "megajoules"),
    "gigajoule": ("GJ", "gigajoules"),
    "horsepower": ("hp", "horsepower"),
    # heat
    "kilowatt_thermal": ("kWth", "kW th", "kWt", "kW thermal", "kW cooling"),
    "megawatt_thermal": ("MWth", "MWt", "MW thermal"),
    "kilowatt_thermal*hour": ("kWhth", "kWthh", "kWh th", "kWh thermal"),
    "megawatt_thermal*hour": ("MWhth", "MWthh", "MWh th", "MWh thermal"),
    "refrigeration_ton": (
        "RT", "TR", "ton", "tonR", "tonsR", "tonref", "USRT", "ton ref", "tons refrigeration", "tons of refrigeration",
        "refrigeration tons", "ton cooling", "tons of cooling",
    ),
    "refrigeration_ton*hour": ("RTh", "RThr", "TRh", "ton h", "ton hr", "ton hours", "tonref h"),
    "Btu/hour": ("Btu/h", "Btuh", "BTU/hr"),
    "kBtu/hour": ("kBtu/h", "kBtuh", "MBH", "kilo btus per hour"),
    "million_btu/hour": ("MMBtu/h", "MMBtuh", "MMBH", "mega btus per hour"),
    "Btu": ("Btu",),
    "kBtu": ("kBtu", "kilo btus"),
    "million_btu": ("MMBtu", "mega btus"),
    "kilocalorie/hour": ("kcal/h",),
    "megacalorie/hour": ("Mcal/h",),
    "gigacalorie/hour": ("Gcal/h",),
    # apparent and reactive power
    "volt_ampere": ("VA", "volt amperes", "volt amps"),
    "kilovolt_ampere": ("kVA", "kilovolt amperes", "kilovolt amps"),
    "megavolt_ampere": ("MVA", "megavolt amperes"),
    "kilovolt_ampere*hour": ("kVAh", "kilovolt ampere hours"),
    "volt_ampere_reactive": ("var", "volt amperes reactive"),
    "kilovolt_ampere_reactive": ("kvar", "kilovolt amperes reactive"),
    "megavolt_ampere_reactive": ("Mvar", "megavolt amperes reactive"),
    "kilovolt_ampere_reactive*hour": ("kvarh", "kilovolt ampere hours reactive"),
    # flow
    "liter/second": ("L/s", "lps", "L/sec", "liters per second"),
    "liter/minute": ("L/min", "lpm", "liters per minute"),
    "liter/hour": ("L/h", "lph", "liters per hour"),
    "meter**3/hour": ("m3/h", "cmh", "m3h", "cubic meters per hour", "cu m/h"),
    "meter**3/second": ("m3/s", "cms", "cubic meters per second"),
    "meter**3/minute": ("m3/min", "cmm", "cubic meters per minute"),
    "gallon/minute": ("gpm", "US gpm", "gal/min", "US gal/min", "gallons per minute", "US gallons per minute"),
    "imperial_gallon/minute": ("igpm", "imperial gallons per minute"),
    "foot**3/minute": ("cfm", "ft3/min", "scfm", "cubic feet per minute", "cu ft/min"),
    "kilogram/second": ("kg/s", "kilograms per second"),
    "kilogram/hour": ("kg/h", "kilograms per hour"),
    "pound/hour": ("lb/h", "pph", "pounds mass per hour"),
    # pressure
    "pascal": ("Pa", "pascals"),
    "hectopascal": ("hPa", "hectopascals", "mbar", "millibars"),
    "kilopascal": ("kPa", "kilopascals"),
    "bar": ("bar", "bars", "barg"),
    "psi": ("psi", "psig", "psid", "pounds force per square inch", "lbf/in2"),
    "inch_H2O": ("inWC", "in WC", '"WC', '"w.c.', "inWG", '"WG', "inH2O", "inches of water", "inches water column"),
    "foot_H2O": ("ftWC", "ftH2O", "feet of water", "ft hd"),
    "millimeter_H2O": ("mmH2O", "mmWC", "mmWG", "millimeters of water"),
    "inHg": ("in", "inHg", "in Hg", '"Hg', "inches of mercury"),
    "mmHg": ("mmHg", "torr", "millimeters of mercury"),
    # speed and angle
    "hertz": ("Hz", "hertz"),
    "revolutions_per_minute": ("rpm", "r/min", "revolutions per minute"),
    "mile/hour": ("mph", "miles per hour"),
    "kilometer/hour": ("km/h", "kmh", "kph", "kilometers per hour"),
    "meter/second": ("m/s", "mps", "meters per second"),
    "foot/minute": ("fpm", "ft/min", "feet per minute"),
    "knot": ("knot", "kn", "kt", "kts", "knots"),
    "degree": ("deg", "°", "degree", "degrees angular", "arc degrees"),
}  # fmt: skip

_LIKE_DEGREE = str.maketrans({"º": "°", "˚": "°", "℃": "°C", "℉": "°F", "″": '"', "”": '"'})
_TIMES = {"hr": "h", "hour": "h", "sec": "s", "second": "s", "minute": "min"}
_WORDS = {"per": "/", "litre": "liter", "metre": "meter", "degree": "deg"}


def folded(unit: str) -> str:
    """A unit without what writers differ in: case, plural, spaces, dots, hyphens, superscripts, "per" for "/"."""
    text = unicodedata.normalize("NFKC", unit.translate(_LIKE_DEGREE))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z])|(?<=s)(?=R\b)|[\s_.\-^*]+", " ", text)
    words = [_word(word.lower()) for word in re.findall(r"[^\s/]+|/", spaced)]
    after = [
        _TIMES.get(word, word) if before == "/" else word
        for before, word in zip(["", *words], words, strict=False)
    ]
    return "".join(after).replace("°", "deg") if len(text.strip()) > 1 else text.strip().lower()


def _word(word: str) -> str:
    # A plural has four letters or more: gals, bars, tons; not kts, mps, lps.
    single = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ps") else word
    return _WORDS.get(single, single)


SPELLINGS = {folded(written): name for name, all_of_it in _WRITTEN.items() for written in all_of_it}
_AMBIGUOUS = {folded(written): better for written, better in AMBIGUOUS.items()}


def pint_name(unit: str) -> str:
    """What pint calls a unit that an export writes; the unit itself where it is none of these."""
    text = unit.strip()
    return EXACT.get(text) or SPELLINGS.get(folded(text), text)


def clearer(unit: str) -> str:
    """What to write for a unit that stands for two (`MBtu/h`); nothing for any other."""
    return _AMBIGUOUS.get(folded(unit), "")
