"""Sensing: usable readings, their history, and what is wrong with sensors and plant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from models.setpoints import Array
from pipelines.control.sensing.history import History
from pipelines.control.sensing.residuals import ResidualPast, disobeyed, shifts
from pipelines.control.sensing.validation import SensorPast, Validation
from pipelines.site.setpoints import Settable, aliased
from pipelines.telemetry.readings import Readings

HALLS = ("rack_inlet_c", "supply_air_c")  # quantities that show how warm they are
BLIND_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class SensingMemory:
    """What sensing remembers: quantities of the last hours, a day of every sensor, a day of residuals."""

    history: History = field(default_factory=History)
    sensors: SensorPast = field(default_factory=SensorPast)
    residuals: ResidualPast = field(default_factory=ResidualPast)
    halls_seen_at: datetime | None = None

    def before(self, at: datetime) -> "SensingMemory":
        """What was read before a time: later readings come from a clock since set back."""
        seen = self.halls_seen_at
        return SensingMemory(
            self.history.before(at),
            self.sensors.before(at),
            self.residuals.before(at),
            None if seen is None else min(seen, at),
        )


@dataclass(frozen=True)
class Sensed:
    """One row as the decision uses it, canonical units.

    quantities: plant quantities, unknown ones absent; where only one of a setpoint and its temperature is recorded it
    is used for both. setpoints: setpoints read back, by name, as read. notices: what was left out, and why.
    """

    quantities: dict[str, float]
    setpoints: dict[str, float]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Sensing:
    """A site's sensing. quantities: from readings by column to plant quantities, unknown ones absent."""

    validation: Validation
    setpoints: Settable
    quantities: Callable[[Mapping[str, float]], dict[str, float]]
    sees_halls: bool

    def take(self, memory: SensingMemory, readings: Readings) -> tuple[SensingMemory, Sensed]:
        """Memory with one row more, and the row as it is used."""
        sensors, usable, notices = self.validation.used(memory.sensors, readings.values, readings.at)
        quantities = self.quantities(usable)
        seen_at = memory.halls_seen_at
        if any(name in quantities for name in HALLS):
            seen_at = readings.at if seen_at is None else max(seen_at, readings.at)
        sensed = Sensed(aliased(quantities), self._read_back(usable), tuple(notices))
        history = memory.history.with_reading(readings.at, sensed.quantities) if usable else memory.history
        return replace(memory, history=history, sensors=sensors, halls_seen_at=seen_at), sensed

    def watch(
        self,
        memory: SensingMemory,
        sensed: Sensed,
        at: datetime,
        *,
        written: Array | None,
        expected: Mapping[str, float],
    ) -> tuple[SensingMemory, list[str]]:
        """Compare the plant with what was written (k,) and what was expected (by quantity); notices."""
        residuals, obeyed = disobeyed(memory.residuals, self.setpoints, at, written, sensed.setpoints)
        residuals, shifted = shifts(residuals, at, sensed.quantities, expected)
        return replace(memory, residuals=residuals), obeyed + shifted

    def blind(self, memory: SensingMemory, at: datetime) -> bool:
        """Whether no rack inlet or supply air was read for an hour, though the site has such points."""
        seen = memory.halls_seen_at
        return self.sees_halls and (seen is None or at - seen > BLIND_AFTER)

    def _read_back(self, usable: Mapping[str, float]) -> dict[str, float]:
        pairs = zip(self.setpoints.names, self.setpoints.tags, strict=True)
        return {name: usable[tag.column] for name, tag in pairs if tag.column in usable}
