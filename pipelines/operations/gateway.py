"""Where setpoints leave: an interface, and the outbox, a folder that a BMS connector reads."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pipelines.errors import ColdaisleError
from pipelines.operations.verify import checked
from pipelines.site.file import Site
from pipelines.site.tags import setpoint_tags

Limits = Callable[[], Mapping[str, tuple[float, float]]]


class GatewayError(ColdaisleError):
    """A gateway that cannot be written to or read."""


@dataclass(frozen=True)
class Written:
    """What is in force at the gateway. values: by tag, canonical units. source: who wrote; "released": nobody."""

    at: datetime
    valid_until: datetime
    source: str
    reason: str
    values: dict[str, float]


@dataclass(frozen=True)
class Receipt:
    """What left, and what was refused and why."""

    written: Written
    refused: tuple[str, ...]


class Gateway(Protocol):
    """A BMS, or what stands for it."""

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
        """Verify and write values by tag (canonical units). present: as read back, by tag; limits: asked at the end."""

    def release(self, *, at: datetime, reason: str) -> None:
        """Hand the plant back to its own control."""

    def last(self) -> Written | None:
        """What was written last; None before the first and where it was released."""


class Outbox:
    """One JSON document, replaced whole: `setpoints.json` with tags, units, values in the tags' own units, valid until.

    Whoever reads it goes to the plant's own setpoints when `valid_until` has passed.
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
        with self._locked():  # the watchdog may write at the same moment
            before = self.last()
            in_force = _in_force(values, present, before.values if before else {})
            # The first step starts from where the plant stands.
            passed_h = self.site.interval_minutes / 60.0 if before is None else _hours(at - before.at)
            found = checked(self.site, values, in_force, passed_h, limits())
            written = Written(at, at + valid_for, source, reason, found.values)
            self._replace(written)
        return Receipt(written, found.refused)

    def release(self, *, at: datetime, reason: str) -> None:
        with self._locked():
            self._replace(Written(at, at, "released", reason, {}))

    def last(self) -> Written | None:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
            if document["source"] == "released":
                return None
            return Written(
                at=datetime.fromisoformat(document["at"]),
                valid_until=datetime.fromisoformat(document["valid_until"]),
                source=document["source"],
                reason=document["reason"],
                values={
                    each["tag"]: self._tags[each["tag"]].canonical(each["value"])
                    for each in document["setpoints"]
                    if each["tag"] in self._tags
                },
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise GatewayError(f"{self.path} cannot be read ({cause}); remove it and serve again") from cause

    def _replace(self, written: Written) -> None:
        document = asdict(written) | {
            "site": self.site.name,
            "at": written.at.isoformat(),
            "valid_until": written.valid_until.isoformat(),
            "setpoints": [
                {"tag": tag, "unit": self._units[tag], "value": self._tags[tag].exported(value)}
                for tag, value in written.values.items()
            ],
        }
        del document["values"]
        partial = self.path.with_suffix(".part")
        try:
            with partial.open("w", encoding="utf-8") as file:
                json.dump(document, file, indent=1, allow_nan=False)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
        except OSError as cause:
            raise GatewayError(
                f"{self.path} cannot be written ({cause}); free space or mend its folder"
            ) from cause

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = self.path.with_suffix(".lock").open("w")
        except OSError as cause:
            raise GatewayError(f"{self.path.parent} cannot be written ({cause}); mend its folder") from cause
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _in_force(
    values: Mapping[str, float], present: Mapping[str, float], written: Mapping[str, float]
) -> dict[str, float]:
    """What each step starts from: the last written, or what is read back where that is nearer to the step.

    A plant that did not obey stands where it says; a reading that lags says where it was.
    """
    found = dict(present) | dict(written)
    for tag in values.keys() & present.keys() & written.keys():
        found[tag] = min(written[tag], present[tag], key=lambda each: abs(values[tag] - each))
    return found


def _hours(passed: timedelta) -> float:
    return passed.total_seconds() / 3600.0
