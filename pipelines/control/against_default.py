"""Whether the plant needs less than at its default setpoints, which every record knows best; if not, back to them."""

from datetime import datetime, timedelta

WORSE_USUAL = 0.1  # of usual cooling power above what the defaults would need
FOR, BACK_FOR = timedelta(hours=6), timedelta(hours=24)
BACK = "the plant has needed clearly more than at its default setpoints for hours: back to them for a day"


class AgainstDefault:
    """Remembers since when the plant has been worse off, and until when it goes back."""

    def __init__(self, usual_kw: float) -> None:
        self.worse_kw = WORSE_USUAL * usual_kw
        self._since: datetime | None = None
        self._until: datetime | None = None

    def worse(self, cooling_kw: float, default_kw: float, at: datetime) -> bool:
        """Whether to go back now. cooling_kw: measured, NaN where it is not; default_kw: expected at the defaults."""
        if self._until is not None and at < self._until <= at + BACK_FOR:
            return True
        self._until = None
        if not cooling_kw - default_kw > self.worse_kw:
            self._since = None
            return False
        self._since = min(self._since or at, at)
        if at - self._since < FOR:
            return False
        self._since, self._until = None, at + BACK_FOR
        return True
