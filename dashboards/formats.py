"""Numbers, units and times as the reader wants them. Everything kept is in canonical units and UTC."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from dashboards.preferences import Preferences
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.plant_table import KW_PER_TON

NOT_KNOWN = "–"
STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d) UTC")
HEAT = ("cooling_load_kw", "reused_heat_kw")  # kW of heat, which may be read in tons


class Formats:
    """How one person reads the figures of one site. zone: the site's."""

    def __init__(self, preferences: Preferences, zone: str) -> None:
        self.preferences, self.zone = preferences, ZoneInfo(zone)
        try:
            self.locale = Locale.parse(preferences.locale)
        except (UnknownLocaleError, ValueError):
            self.locale = Locale.parse("en_US")

    def number(self, value: float | None, digits: int = 1) -> str:
        """With so many digits after the point; a dash where it is not known."""
        if value is None or value != value:
            return NOT_KNOWN
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(value, format=pattern, locale=self.locale))

    def kw(self, value: float | None, digits: int = 0) -> str:
        """Electrical power."""
        text = self.number(value, digits)
        return text if text == NOT_KNOWN else f"{text} kW"

    def unit(self, unit: str, quantity: str = "") -> str:
        """What a canonical unit is shown as."""
        if unit == "degC":
            return "°F" if self.fahrenheit else "°C"
        if quantity in HEAT and self.preferences.cooling == "tons":
            return "tons"
        return unit

    def shown(self, value: float, unit: str, quantity: str = "") -> float:
        """A value of a canonical unit in the unit it is shown in."""
        if unit == "degC" and self.fahrenheit:
            return value * 1.8 + 32.0
        if quantity in HEAT and self.preferences.cooling == "tons":
            return value / KW_PER_TON
        return value

    def canonical(self, value: float, unit: str) -> float:
        """A value that was entered in the unit shown, in the canonical one."""
        return (value - 32.0) / 1.8 if unit == "degC" and self.fahrenheit else value

    def value(self, value: float | None, unit: str, quantity: str = "", digits: int | None = None) -> str:
        """A value with its unit; on and off in words."""
        if value is None or value != value:
            return NOT_KNOWN
        if unit == "" and quantity in ON_OFF:
            return "on" if value >= 0.5 else "off"
        number = self.shown(value, unit, quantity)
        if digits is None:
            digits = 1 if unit == "degC" else 2 if abs(number) < 10 else 1 if abs(number) < 100 else 0
        return f"{self.number(number, digits)} {self.unit(unit, quantity)}".strip()

    def celsius(self, value: float | None, digits: int = 1) -> str:
        """A temperature."""
        return self.value(value, "degC", digits=digits)

    def kelvin(self, value: float | None, digits: int = 1) -> str:
        """A difference of temperatures."""
        if value is None or value != value:
            return NOT_KNOWN
        return f"{self.number(value * (1.8 if self.fahrenheit else 1.0), digits)} {'°F' if self.fahrenheit else 'K'}"

    def figure(self, value: float | None, name: str | None) -> str:
        """PUE as it is; kW per kW of cooling in kW per ton where tons are wanted."""
        return self.number(self.figure_value(value, name), 3)

    def figure_value(self, value: float | None, name: str | None) -> float | None:
        """The figure as it is shown."""
        per_ton = value is not None and self.preferences.cooling == "tons" and not is_pue(name)
        return value * KW_PER_TON if per_ton and value is not None else value

    def figure_title(self, name: str | None) -> str:
        """What the figure is called."""
        per_ton = self.preferences.cooling == "tons" and not is_pue(name)
        return "kW per ton" if per_ton else name or "figure"

    def time(self, at: datetime | None) -> str:
        """Date and time in the site's zone, with the zone."""
        if at is None:
            return NOT_KNOWN
        local = self.local(at)
        return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"

    def clock(self, at: datetime | None) -> str:
        """Time of day in the site's zone; with its date where that is not today."""
        if at is None:
            return NOT_KNOWN
        local = self.local(at)
        return f"{local:%H:%M} {local.tzname()}" if local.date() == self.today() else self.time(at)

    def localised(self, text: str) -> str:
        """A message with its UTC times (2025-10-27 14:05 UTC) on the site's clock."""
        return STAMP.sub(
            lambda found: self.time(datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00")), text
        )

    def local(self, at: datetime) -> datetime:
        """A time in the site's zone."""
        return at.astimezone(self.zone)

    def today(self):
        """The site's date."""
        return datetime.now(UTC).astimezone(self.zone).date()

    @property
    def fahrenheit(self) -> bool:
        """Whether temperatures are read in °F."""
        return self.preferences.temperature == "°F"

    @property
    def separators(self) -> str:
        """Decimal sign and thousands sign, for plots."""
        text = str(format_decimal(1234.5, format="#,##0.0", locale=self.locale))
        return text[-2] + text[1]


ON_OFF = tuple(
    name for name, quantity in QUANTITIES.items() if name.endswith("_on") or name in ("economizer_enable",)
)


def is_pue(name: str | None) -> bool:
    """Whether a figure is a PUE."""
    return bool(name) and str(name).startswith("PUE")


def age(passed: timedelta | None) -> str:
    """A length of time in words, in the largest unit of which there are two or more."""
    if passed is None:
        return NOT_KNOWN
    seconds = max(passed.total_seconds(), 0.0)
    for name, length_s in (("month", 2_629_800.0), ("day", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2.0 * length_s:
            count = int(seconds // length_s)
            return f"{count} {name}{'s' if name in ('month', 'day') else ''}"
    return f"{seconds:.0f} s"
