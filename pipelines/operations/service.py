"""The long-running process: turns of the loop on time, heartbeats between them, an orderly end on SIGTERM."""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pipelines.operations.heartbeat import Pulse
from pipelines.operations.loop import Server, Step

log = logging.getLogger(__name__)

BEATS_PER_TIMEOUT = 5.0


def serve(
    server: Server,
    pulse: Pulse,
    *,
    timeout_s: float,
    report: Callable[[Step], None],
    stop: threading.Event,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Turn until `stop` is set. A turn that fails is logged, and no heartbeat is sent until one succeeds.

    report: called with the result of each turn."""
    well, due = True, clock()
    while not stop.is_set():
        if clock() >= due:
            well = _turn(server, report, clock())
            due = _next(due, server.every, clock())
        if well:
            pulse.beat("well")
        stop.wait(min(timeout_s / BEATS_PER_TIMEOUT, max((due - clock()).total_seconds(), 0.05)))
    pulse.beat("stopping")


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set `stop`; the turn in progress ends first."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())


def _turn(server: Server, report: Callable[[Step], None], now: datetime) -> bool:
    try:
        report(server.step(now))
    except Exception:  # no error of a turn may end the loop
        log.exception("%s the turn failed; values written last stay valid until they expire", now)
        return False
    return True


def _next(due: datetime, every: timedelta, now: datetime) -> datetime:
    """The next turn's time; missed turns are skipped, and a clock set back is followed."""
    following = due + every
    return following if now - every < following <= now + every and following > now else now + every
