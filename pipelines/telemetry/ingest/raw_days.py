"""Days of the raw layer on their way to the next state: the latest ones in memory, their files written behind."""

from collections import OrderedDict

from pipelines.telemetry.ingest.days import day_name, day_number
from pipelines.telemetry.ingest.raw import Keys, RawReadings, from_arrow, to_arrow
from pipelines.telemetry.ingest.transaction import Writer
from pipelines.telemetry.store import Manifest, Store

HELD_READINGS = 8_000_000  # 33 bytes each


class RawDays:
    """The raw layer by day (since 1970)."""

    def __init__(self, store: Store, manifest: Manifest, keys: Keys, writer: Writer) -> None:
        self._store, self._manifest, self._keys, self._writer = store, manifest, keys, writer
        self._held: OrderedDict[int, RawReadings] = OrderedDict()

    def days(self) -> set[int]:
        """All days that have readings."""
        return {day_number(name) for name in self._writer.days("raw", self._manifest)}

    def get(self, day: int) -> RawReadings:
        """A day's readings. Raises StoreError where they cannot be read."""
        if day in self._held:
            self._held.move_to_end(day)
            return self._held[day]
        stored = self._stored(day)
        self._hold(day, stored)
        return stored

    def put(self, day: int, readings: RawReadings) -> None:
        """Have a day's readings written. Raises StoreError where an earlier file cannot be."""
        self._hold(day, readings)
        self._writer.put("raw", day_name(day), len(readings), lambda: to_arrow(readings, self._keys))

    def _stored(self, day: int) -> RawReadings:
        name = day_name(day)
        content = self._writer.name("raw", name, self._manifest)
        if content is None:
            return RawReadings.none()
        return from_arrow(self._store.read_file("raw", name, content), self._keys)

    def _hold(self, day: int, readings: RawReadings) -> None:
        self._held[day] = readings
        self._held.move_to_end(day)
        while len(self._held) > 1 and sum(map(len, self._held.values())) > HELD_READINGS:
            self._held.popitem(last=False)
