"""Periods of time as people write them: `2025-01-01..2025-12-31`, days of the site's zone."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from pipelines.errors import SavingsError

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class Period:
    """[start, end) in UTC, and the zone in which its days are counted."""

    start: pd.Timestamp
    end: pd.Timestamp
    zone: str

    @property
    def days(self) -> float:
        """Length in days."""
        return float((self.end - self.start) / pd.Timedelta(days=1))

    def cut(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of a table that lie in it."""
        return table[(table.index >= self.start) & (table.index < self.end)]

    def __str__(self) -> str:
        first, last = (each.tz_convert(self.zone) for each in (self.start, self.end - timedelta(seconds=1)))
        return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def period_of(text: str, zone: str, what: str) -> Period:
    """A period from `A..B`; a day B is included, a time B is not.

    Raises SavingsError where it is no such text, or ends before it begins.
    """
    first, dots, last = text.partition("..")
    if not dots:
        raise SavingsError(f"the {what} must be A..B, found {text!r}; write e.g. 2025-01-01..2025-12-31")
    start, end = (_moment(each.strip(), zone, what) for each in (first, last))
    if _DATE.match(last.strip()):
        end = (end.tz_convert(zone) + pd.DateOffset(days=1)).tz_convert("UTC")
    if end <= start:
        raise SavingsError(f"the {what} ends ({last.strip()}) before it begins ({first.strip()}); swap them")
    return Period(start, end, zone)


def check_apart(baseline: Period, reporting: Period) -> None:
    """Raises SavingsError where the two share a moment: what was controlled is no baseline."""
    if baseline.start < reporting.end and reporting.start < baseline.end:
        raise SavingsError(
            f"the baseline ({baseline}) and the reporting period ({reporting}) must not overlap; "
            f"end the baseline before {reporting.start.tz_convert(reporting.zone):%Y-%m-%d}"
        )


def _moment(text: str, zone: str, what: str) -> pd.Timestamp:
    try:
        stamp = pd.Timestamp(text)
    except ValueError as cause:
        raise SavingsError(
            f"the {what} has {text!r} for a time; write days as 2025-01-31, times as 2025-01-31T06:00"
        ) from cause
    if pd.isna(stamp):
        raise SavingsError(f"the {what} must be A..B with both ends; write e.g. 2025-01-01..2025-12-31")
    if stamp.tz is None:
        stamp = stamp.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return stamp.tz_convert("UTC")
