"""What a controller takes in: believed readings, their past, and what is wrong with clock, sensors and plant."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from models.setpoints import Array
from pipelines.control.sensing.clock import Clock
from pipelines.control.sensing.history import Memory
from pipelines.control.sensing.reader import Reader
from pipelines.control.sensing.residuals import Obedience, Residuals
from pipelines.control.sensing.validation import Guard
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable, aliased

HALLS = ("rack_inlet_c", "supply_air_c")  # what tells how warm they are
BLIND_AFTER = timedelta(hours=1)


class Intake:
    """Reads rows, remembers them, and judges them."""

    def __init__(self, site: Site, settable: Settable) -> None:
        self.reader, self.memory, self.guard = Reader(site), Memory(), Guard(site)
        self.clock = Clock(site.interval.to_pytimedelta())
        self.obedience, self.residuals = Obedience(settable), Residuals()
        self._sees_halls = any(point.quantity in HALLS for point in site.points)
        self._halls_seen_at: datetime | None = None

    def tick(self, at: datetime) -> tuple[timedelta, list[str]]:
        """Time since the last decision, and what is wrong with the clock."""
        passed, back, why = self.clock.tick(at)
        if back:
            self.memory.readings = [one for one in self.memory.readings if one[0] < at]
            self.guard.forget_after(at)
            self.residuals.forget_after(at)
            self._halls_seen_at = min(at, self._halls_seen_at) if self._halls_seen_at else None
        return passed, [why] if why else []

    def take(self, row: Mapping[str, Any], at: datetime) -> tuple[dict[str, float], list[str]]:
        """Readings of a row by quantity, and which of its tags are not believed or not there."""
        believed, doubted = self.guard.believed(row, at)
        read = self.reader.read(believed, at)
        if any(name in read for name in HALLS):
            self._halls_seen_at = at
        reading = aliased(read)
        self.memory.add(at, reading)
        return reading, doubted

    def watch(
        self,
        reading: Mapping[str, float],
        at: datetime,
        *,
        commanded: Array | None,
        expected: Mapping[str, float],
    ) -> list[str]:
        """What the plant does against what it was told (k,) and what was expected of it."""
        return self.obedience.notices(at, commanded, reading) + self.residuals.notices(at, reading, expected)

    def blind(self, at: datetime) -> bool:
        """Whether nothing tells how warm the halls are, though the site has points that would."""
        seen = self._halls_seen_at
        return self._sees_halls and (seen is None or at - seen > BLIND_AFTER)
