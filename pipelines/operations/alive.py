"""Signs of life of the control loop and the watchdog, as files: `<home>/alive/<site>/<process>.json`.

The heartbeats of `heartbeat` are for the watchdog, which must not trust a file system. These files are for people: the
pages and `coldaisle operate show` read them. They are replaced every few seconds and need not survive a power failure,
so they are not forced onto the disk.
"""

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import psutil

from pipelines.config import Settings

Process = Literal["loop", "watchdog"]
Condition = Literal["well", "busy", "failing", "stopped", "dead", "never"]
EVERY_S = 2.0  # between two signs
SILENT_FOR = timedelta(seconds=3 * EVERY_S)  # of a process on another machine, which cannot be looked for
STUCK_AFTER = timedelta(minutes=1)  # of one on this machine that is there, but says nothing
BUSY_FOR = timedelta(minutes=10)  # the longest turn: the first one compiles


class Alive(NamedTuple):
    """What is known of a process: condition, since when, and details in words.

    busy: a turn is in progress. failing: it runs, but its last turn failed. stopped: it ended in order. dead: it ended
    otherwise, or is silent. never: it never ran in this home.
    """

    condition: Condition
    at: datetime | None = None
    text: str = ""
    every_s: float | None = None

    @property
    def runs(self) -> bool:
        """Whether the process runs and does its work."""
        return self.condition in ("well", "busy")


class Sign:
    """The writer of one process."""

    def __init__(
        self, settings: Settings, site: str, process: Process, *, every_s: float | None = None
    ) -> None:
        self._path = settings.alive / site / f"{process}.json"
        self._fixed = {"pid": os.getpid(), "host": socket.gethostname(), "every_s": every_s}

    def show(self, condition: Condition, text: str = "") -> None:
        """Say how it is; errors are ignored, since a full disk must not stop control."""
        content = self._fixed | {"at": datetime.now(UTC).isoformat(), "condition": condition, "text": text}
        partial = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(content), encoding="utf-8")
            os.replace(partial, self._path)
        except OSError:
            return


def alive(settings: Settings, site: str, process: Process, now: datetime) -> Alive:
    """How a process of a site is."""
    path = settings.alive / site / f"{process}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _judged(content, now)
    except FileNotFoundError:
        return Alive("never")
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Alive("dead", text=f"{path} cannot be read ({error})")


def _judged(content: dict[str, Any], now: datetime) -> Alive:
    at = datetime.fromisoformat(content["at"])
    condition, text, every_s = content["condition"], str(content.get("text", "")), content.get("every_s")
    if condition in ("well", "busy", "failing") and not _there(content, now - at):
        return Alive("dead", at, f"no sign of life since then (it was {condition})", every_s)
    return Alive(condition, at, text, every_s)


def _there(content: dict[str, Any], silent: timedelta) -> bool:
    """Whether the process that wrote a sign runs and is not stuck; a turn in progress may take long."""
    if content.get("host") != socket.gethostname():
        return silent <= (BUSY_FOR if content["condition"] == "busy" else SILENT_FOR)
    longest = BUSY_FOR if content["condition"] == "busy" else STUCK_AFTER
    return silent <= longest and _runs(int(content["pid"]))


def _runs(pid: int) -> bool:
    """Whether a process of this machine runs; one that has ended but was not collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
