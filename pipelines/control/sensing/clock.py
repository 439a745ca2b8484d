"""The time between decisions, safe against clocks that are set forward or back."""

from datetime import UTC, datetime, timedelta
from typing import Any

LEAP = timedelta(hours=3)  # a longer step is a clock that was set, a shorter one missing rows
MISSED = 2.0  # intervals without a row
YEARS = range(1971, 2200)  # a clock beyond them is broken


def utc(at: Any, fallback: datetime) -> tuple[datetime, str]:
    """`at` as an aware UTC time, and what is wrong with it ("" for nothing).

    A naive time is taken as UTC. What is no time at all, or lies outside `YEARS`, is replaced by `fallback`.
    """
    if not isinstance(at, datetime) or at != at:  # pandas.NaT is a datetime that differs from itself
        return (
            fallback,
            f"the time of the decision is no time ({str(at)[:40]}): {fallback:%Y-%m-%d %H:%M} UTC is used",
        )
    try:
        plain = datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, at.tzinfo)
        if plain.year not in YEARS:
            return (
                fallback,
                f"the time {plain} is outside the years {YEARS.start} to {YEARS.stop}: {fallback} is used",
            )
        if plain.tzinfo is None or plain.utcoffset() is None:
            return plain.replace(tzinfo=UTC), "the time of the decision has no time zone: taken as UTC"
        return plain.astimezone(UTC), ""
    except (OverflowError, ValueError, TypeError):
        return (
            fallback,
            f"the time of the decision cannot be used ({str(at)[:40]}): {fallback:%Y-%m-%d %H:%M} UTC is used",
        )


def tick(last: datetime | None, at: datetime, interval: timedelta) -> tuple[timedelta, str]:
    """Time that has passed since the last decision, negative where the clock was set back, and what is wrong with it.

    last: time of the last decision, None before the first; interval: the usual time between two.
    """
    if last is None:
        return interval, ""
    passed = at - last
    if passed < timedelta(0):
        return passed, f"the clock went back by {-passed}: setpoints do not move on it"
    if passed > LEAP:
        return passed, f"the clock jumped ahead by {passed}: setpoints move for an hour at most"
    if passed > MISSED * interval:
        return passed, f"no row was read for {passed}"
    return passed, ""
