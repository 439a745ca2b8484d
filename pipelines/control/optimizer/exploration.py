"""The budget of choices that teach: energy that they were expected to cost within a day."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Exploration:
    """Energy that choices which teach were expected to cost since `since`: a day at most."""

    spent_kwh: float = 0.0
    since: datetime | None = None

    def of_day(self, at: datetime) -> "Exploration":
        """The same, begun anew after a day or where the clock was set back."""
        fresh = self.since is None or not timedelta(0) <= at - self.since < DAY
        return Exploration(0.0, at) if fresh else self

    def with_cost(self, kwh: float) -> "Exploration":
        """The same with another choice's cost."""
        return replace(self, spent_kwh=self.spent_kwh + max(kwh, 0.0))
