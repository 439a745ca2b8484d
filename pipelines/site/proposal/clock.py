"""A guess for an export's clock: how its times are written, its time zone and its step."""

import re
from dataclasses import dataclass
from itertools import product

import pandas as pd

ISO = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$")
DATES = (
    "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%d-%b-%Y",
    "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%b-%y",
)  # fmt: skip
TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
SITE_STEPS_MINUTES = (1, 5, 10, 15, 30, 60)


@dataclass(frozen=True)
class Clock:
    """time_format: strptime's, None for ISO 8601. time_zone: IANA name, None where the export does not say.

    step_minutes: the commonest distance between readings of one tag.
    regular: the share of steps that keep it.
    ambiguous: day and month could be read either way round.
    """

    time_format: str | None
    time_zone: str | None
    step_minutes: float | None
    regular: float
    ambiguous: bool = False

    @property
    def site_minutes(self) -> int:
        """The shortest interval a site's table may have that is no shorter than this clock's step."""
        step = self.step_minutes or SITE_STEPS_MINUTES[-1]
        return next((allowed for allowed in SITE_STEPS_MINUTES if allowed >= step), SITE_STEPS_MINUTES[-1])


def guess_clock(time_column: str, stamps: pd.Series, one_tag: pd.Series) -> Clock | None:
    """Guess the clock from the time column's name, all its stamps (text), and the stamps of one tag.

    Returns None where no way of writing time that is known reads the stamps.
    """
    stamps = stamps[stamps != ""].str.strip()
    zone = _zone(time_column, stamps)
    if stamps.str.match(ISO).mean() > 0.9:
        return Clock(None, zone, *_step(parse(one_tag, None)))
    readable = [form for form in _formats() if parse(stamps, form).notna().mean() > 0.99]
    if not readable:
        return None
    best = max(readable, key=lambda form: _step(parse(one_tag, form))[1])
    other_way = [form for form in readable if _day_first(form) != _day_first(best)]
    ambiguous = any(_step(parse(one_tag, form))[1] == _step(parse(one_tag, best))[1] for form in other_way)
    return Clock(best, zone, *_step(parse(one_tag, best)), ambiguous=ambiguous)


def parse(stamps: pd.Series, time_format: str | None) -> pd.Series:
    """Stamps as naive or UTC times; NaT where a stamp does not read."""
    stamps = stamps.str.strip()
    if time_format is None:
        return pd.to_datetime(stamps, format="ISO8601", errors="coerce", utc=True)
    return pd.to_datetime(stamps, format=time_format, errors="coerce")


def _formats() -> list[str]:
    return [f"{date} {time}" for date, time in product(DATES, TIMES)] + list(DATES)


def _day_first(time_format: str) -> bool:
    return time_format.find("%d") < time_format.find("%m")


def _step(times: pd.Series) -> tuple[float | None, float]:
    steps = times.dropna().diff().dropna()
    steps = steps[steps > pd.Timedelta(0)]
    if steps.empty:
        return None, 0.0
    counts = steps.dt.round("s").value_counts()
    return counts.index[0] / pd.Timedelta(minutes=1), float(counts.iloc[0] / len(steps))


def _zone(time_column: str, stamps: pd.Series) -> str | None:
    if stamps.str.contains(r"(?:Z|\d[+-]\d{2}:?\d{2})$").mean() > 0.9:
        return "UTC"  # each stamp carries its own offset
    named = re.search(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+\b", time_column)
    if named:
        return named[0]
    offset = re.search(r"\b(?:GMT|UTC)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", time_column)
    if offset and offset[3] in (None, "00"):
        # POSIX counts the other way: Etc/GMT-8 is eight hours ahead of Greenwich.
        sign = "-" if offset[1] == "+" else "+"
        return f"Etc/GMT{sign}{int(offset[2])}" if int(offset[2]) else "UTC"
    return "UTC" if not offset and re.search(r"\b(UTC|GMT)\b", time_column) else None
