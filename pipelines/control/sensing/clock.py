"""The time between decisions: a clock that is set must give no leap and stop nothing."""

from datetime import datetime, timedelta

LEAP = timedelta(hours=3)  # more is a clock that was set, less is rows that did not come
MISSED = 2.0  # intervals without a row


class Clock:
    """Remembers the last decision's time."""

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval
        self._last: datetime | None = None

    def tick(self, at: datetime) -> tuple[timedelta, bool, str]:
        """Time that has passed, whether the clock was set back, and what is wrong with it ("" for nothing)."""
        last, self._last = self._last, at
        if last is None:
            return self._interval, False, ""
        passed = at - last
        if passed < timedelta(0):
            return timedelta(0), True, f"the clock went back by {-passed}: setpoints do not move on it"
        if passed > LEAP:
            return passed, False, f"the clock leapt ahead by {passed}: setpoints move for an hour at most"
        if passed > MISSED * self._interval:
            return passed, False, f"no row was read for {passed}"
        return passed, False, ""
