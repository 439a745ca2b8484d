"""How often chillers have started lately, and what that makes another start or stop cost."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.graybox.learn import RUN, STAND

DAY = timedelta(days=1)
SPARE_PER_DAY = 1.0  # starts beyond the record's own rate that need no excuse
KEPT = 100  # starts that are remembered


@dataclass(frozen=True)
class Wear:
    """Whether chillers run, and when they started within the last day."""

    run: bool | None = None
    starts: tuple[datetime, ...] = ()

    def after(self, share: float, at: datetime) -> "Wear":
        """The same one decision later. share: 1 where chillers run, 0 where they stand; between, it is not sure."""
        run = True if share > RUN else False if share < STAND else self.run
        starts = tuple(start for start in self.starts if timedelta(0) <= at - start < DAY)
        if run and self.run is False:
            starts = (*starts, at)[-KEPT:]
        return Wear(run, starts)

    def factor(self, at: datetime, usual_per_day: float) -> float:
        """What a start or stop costs now, of its usual price: four times as much at the usual starts plus one a day."""
        count = sum(timedelta(0) <= at - start < DAY for start in self.starts)
        return (1.0 + count / (usual_per_day + SPARE_PER_DAY)) ** 2
