"""Alarms in the ledger, one open at a time for each cause (states as in ISA-18.2).

An alarm is raised when its cause appears and over when the cause has gone. It stays listed until it is over and a
person has acknowledged it, so that one that came and went at night is still seen in the morning.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.operations.alarms.notifier import notify
from pipelines.operations.ledger import Operations, Person
from pipelines.operations.ledger.tables import AlarmRow, Order

log = logging.getLogger(__name__)

Severity = Literal["critical", "warning"]


class AlarmError(ColdaisleError):
    """An alarm that there is not."""


class Alarm(NamedTuple):
    """An alarm. over_at: when its cause went; None while it is there. acknowledged: the order, None without one."""

    id: int
    at: datetime
    source: str
    cause: str
    severity: str
    text: str
    over_at: datetime | None = None
    acknowledged: Order | None = None

    @property
    def listed(self) -> bool:
        """Whether it still asks for attention: its cause is there, or nobody has acknowledged it."""
        return self.over_at is None or self.acknowledged is None


def alarms_of(operations: Operations) -> list[Alarm]:
    """All alarms of a site, latest first. Raises LedgerError where the ledger does not answer."""
    return folded(operations.alarm_rows(), operations.orders())


def folded(rows: list[AlarmRow], orders: list[Order]) -> list[Alarm]:
    """Alarms from their rows and the acknowledgements among the orders, latest first."""
    found = {
        row.id: Alarm(row.id, row.at, row.source, row.cause, row.severity, row.text)
        for row in rows
        if row.clears is None
    }
    for row in rows:
        if row.clears in found and found[row.clears].over_at is None:
            found[row.clears] = found[row.clears]._replace(over_at=row.at)
    for one in orders:
        number = one.body.get("alarm")
        if one.kind == "acknowledge" and number in found and found[number].acknowledged is None:
            found[number] = found[number]._replace(acknowledged=one)
    return sorted(found.values(), key=lambda alarm: alarm.id, reverse=True)


def unacknowledged(alarms: list[Alarm]) -> list[Alarm]:
    """Alarms that no person has acknowledged."""
    return [alarm for alarm in alarms if alarm.acknowledged is None]


def acknowledge(operations: Operations, number: int, *, by: Person | str, why: str = "seen") -> int:
    """Acknowledge an alarm. Raises AlarmError where there is none or it is acknowledged already."""
    alarm = next((each for each in alarms_of(operations) if each.id == number), None)
    if alarm is None:
        raise AlarmError(f"there is no alarm {number}; acknowledge one that coldaisle alarm list shows")
    if alarm.acknowledged is not None:
        one = alarm.acknowledged
        raise AlarmError(
            f"alarm {number} was acknowledged by {one.by} at {one.at:%Y-%m-%d %H:%M} UTC already"
        )
    return operations.order("acknowledge", by=by, why=why, body={"alarm": number})


class AlarmBook:
    """Raises and ends the alarms of one source. It never raises an error: a process goes on without its alarms."""

    def __init__(self, settings: Settings, site: str, source: str) -> None:
        self._settings, self._site, self._source = settings, site, source

    def report(self, present: Mapping[str, tuple[Severity, str]], *, about: str = "") -> None:
        """What is wrong now, by cause, with severity and text: new causes are raised, causes that went are over.

        about: only alarms whose cause begins with it are ended, where the report is about a part of the source only.
        """
        try:
            self._report(Operations.of(self._settings, self._site), present, about)
        except ColdaisleError as error:
            for severity, text in present.values():
                log.error("%s alarm of %s, not recorded (%s): %s", severity, self._source, error, text)

    def _report(
        self, operations: Operations, present: Mapping[str, tuple[Severity, str]], about: str
    ) -> None:
        there = {row.cause: row for row in _open_rows(operations.alarm_rows(), self._source)}
        for cause, (severity, text) in present.items():
            if cause not in there:
                self._raise(operations, cause, severity, text)
        for cause, row in there.items():
            if cause not in present and cause.startswith(about):
                operations.add_alarm(
                    source=self._source, cause=cause, severity=row.severity, text="over", clears=row.id
                )

    def _raise(self, operations: Operations, cause: str, severity: Severity, text: str) -> None:
        number = operations.add_alarm(source=self._source, cause=cause, severity=severity, text=text)
        alarm = Alarm(number, datetime.now(UTC), self._source, cause, severity, text)
        title = f"coldaisle {self._site}: {alarm.severity} alarm {alarm.id} of {alarm.source}"
        notify(self._settings, title, alarm.text, urgent=alarm.severity == "critical")


def _open_rows(rows: list[AlarmRow], source: str) -> list[AlarmRow]:
    over = {row.clears for row in rows if row.clears is not None}
    return [row for row in rows if row.source == source and row.clears is None and row.id not in over]
