"""Output of setpoints: the interface, and the outbox, a folder that a BMS connector reads."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from pipelines.errors import ColdaisleError
from pipelines.files import locked, write_atomic
from pipelines.operations.resolution import device_values
from pipelines.operations.verify import checked
from pipelines.site.file import Site
from pipelines.site.tags import FLOAT_NOISE, setpoint_tags

Limits = Callable[[], Mapping[str, tuple[float, float]]]


class GatewayError(ColdaisleError):
    """A gateway that cannot be written to or read."""


@dataclass(frozen=True)
class Written:
    """What is in force at the gateway. source: who wrote, or "released".

    values: by tag, canonical units, as the devices take them; decided: before they were rounded to that. Slew rates
    count from the latter, or a setpoint whose step is smaller than its device's resolution would never move.
    """

    at: datetime
    valid_until: datetime
    source: str
    reason: str
    values: dict[str, float]
    decided: dict[str, float]


@dataclass(frozen=True)
class Receipt:
    """What was written, and what was refused and why."""

    written: Written
    refused: tuple[str, ...]


class Gateway(Protocol):
    """A BMS, or a substitute for it."""

    def write(
        self,
        values: Mapping[str, float],
        *,
        at: datetime,
        valid_for: timedelta,
        source: str,
        reason: str,
        present: Mapping[str, float],
        limits: Limits,
    ) -> Receipt:
        """Verify and write values by tag (canonical units). present: as read back, by tag; limits: called last.

        Raises GatewayError where it cannot be written to.
        """

    def release(self, *, at: datetime, reason: str) -> None:
        """Hand the plant back to its own control."""

    def last(self) -> Written | None:
        """What was written last; None before the first and where it was released.

        Raises GatewayError where it cannot be read.
        """


class Outbox:
    """One JSON document, replaced whole: `setpoints.json` with tags, units, values in the tags' own units, valid until.

    The reader must return to the plant's own setpoints once `valid_until` has passed.
    """

    def __init__(self, folder: Path, site: Site) -> None:
        self.path, self.site = Path(folder) / site.name / "setpoints.json", site
        self._tags = {tag.tag: tag for _, tag in setpoint_tags(site)}
        self._units = {point.tag: point.unit for point in site.points}

    def write(
        self,
        values: Mapping[str, float],
        *,
        at: datetime,
        valid_for: timedelta,
        source: str,
        reason: str,
        present: Mapping[str, float],
        limits: Limits,
    ) -> Receipt:
        """See `Gateway.write`. Raises GatewayError where the document cannot be written."""
        with self._locked():  # the watchdog may write at the same moment
            before, refused = self._before()
            decided, sent = ({}, {}) if before is None else (before.decided, before.values)
            expired = before is not None and at > before.valid_until
            in_force = _in_force(values, present, decided, expired)
            # The first step starts from the present setpoints.
            step_h = self.site.interval_minutes / 60.0
            passed_h = step_h if before is None else _hours(at - before.at)
            if expired:
                passed_h = min(passed_h, step_h)
            verdict = checked(self.site, values, in_force, passed_h, limits())
            held = _in_force(verdict.values, present, sent, expired)
            rounded = device_values(self.site, verdict.values, held, passed_h, verdict.ranges)
            written = Written(at, at + valid_for, source, reason, rounded, verdict.values)
            self._replace(written)
        return Receipt(written, (*refused, *verdict.refused))

    def release(self, *, at: datetime, reason: str) -> None:
        """See `Gateway.release`."""
        with self._locked():
            self._replace(Written(at, at, "released", reason, {}, {}))

    def last(self) -> Written | None:
        """See `Gateway.last`."""
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
            if document["source"] == "released":
                return None
            values = self._values(document["setpoints"])
            decided = self._decided(values, document.get("decided", {}))
            return Written(
                at=_utc(document["at"]),
                valid_until=_utc(document["valid_until"]),
                source=str(document["source"]),
                reason=str(document["reason"]),
                values={tag: _same(value, decided[tag]) for tag, value in values.items()},
                decided=decided,
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as cause:
            raise GatewayError(f"{self.path} cannot be read ({cause}); the next write replaces it") from cause

    def _values(self, setpoints: list[dict[str, Any]]) -> dict[str, float]:
        """Finite values by tag in canonical units."""
        values = {
            each["tag"]: self._tags[each["tag"]].canonical(each["value"])
            for each in setpoints
            if each["tag"] in self._tags
        }
        return {tag: value for tag, value in values.items() if math.isfinite(value)}

    def _decided(self, values: dict[str, float], decided: Mapping[str, Any]) -> dict[str, float]:
        """What was decided, by tag, where it is the value written but for rounding; else that value."""
        pairs = {tag: (value, float(decided.get(tag, value))) for tag, value in values.items()}
        steps = {tag: self._tags[tag].step * (1.0 + FLOAT_NOISE) for tag in pairs}
        return {
            tag: before if abs(before - value) <= steps[tag] else value
            for tag, (value, before) in pairs.items()
        }

    def _before(self) -> tuple[Written | None, tuple[str, ...]]:
        """What was written last; None, and why, for a document that cannot be read."""
        try:
            return self.last(), ()
        except GatewayError as error:
            return None, (f"{error}; counted from what is read back",)

    def _replace(self, written: Written) -> None:
        document = asdict(written) | {
            "site": self.site.name,
            "at": written.at.isoformat(),
            "valid_until": written.valid_until.isoformat(),
            "setpoints": [
                {"tag": tag, "unit": self._units[tag], "value": self._tags[tag].sent(value)}
                for tag, value in written.values.items()
            ],
        }
        del document["values"]
        try:
            write_atomic(self.path, json.dumps(document, indent=1, allow_nan=False))
        except OSError as cause:
            raise GatewayError(
                f"{self.path} cannot be written ({cause}); free space or repair its folder"
            ) from cause

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self.path.with_suffix(".lock")))
            except OSError as cause:
                raise GatewayError(
                    f"{self.path.parent} cannot be written ({cause}); repair its folder"
                ) from cause
            yield


def _in_force(
    values: Mapping[str, float], present: Mapping[str, float], written: Mapping[str, float], expired: bool
) -> dict[str, float]:
    """What each step starts from: the value last written, or the one read back where that is nearer to the step.

    A plant that did not follow is at its reading; a reading that lags shows an earlier value. Written values that have
    expired count only where nothing is read back, since the plant went to its own setpoints. Values that are not finite
    are ignored.
    """
    read = {tag: value for tag, value in present.items() if math.isfinite(value)}
    if expired:
        return {**written, **read}
    in_force = {**read, **written}
    for tag in values.keys() & read.keys() & written.keys():
        if math.isfinite(values[tag]):
            in_force[tag] = min(written[tag], read[tag], key=lambda each: abs(values[tag] - each))
    return in_force


def _same(value: float, decided: float) -> float:
    """The value decided where the one written is that but for the conversion of units."""
    return decided if abs(value - decided) <= FLOAT_NOISE else value


def _utc(text: str) -> datetime:
    """A time of the document. Raises ValueError where it has no zone."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return time.astimezone(UTC)


def _hours(passed: timedelta) -> float:
    return passed.total_seconds() / 3600.0
