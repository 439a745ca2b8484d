"""The long-running process: turns of the loop on time, heartbeats between them, an orderly end on SIGTERM."""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alive import EVERY_S, Sign
from pipelines.operations.heartbeat import Pulse
from pipelines.operations.loop import Server, Step

log = logging.getLogger(__name__)

BEATS_PER_TIMEOUT = 5.0
FAILED_TURN = "failed turn"  # an alarm's cause; what goes wrong within a turn is reported by the turn


def serve(
    server: Server,
    pulse: Pulse,
    *,
    timeout_s: float,
    report: Callable[[Step], None],
    stop: threading.Event,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Turn until `stop` is set, on time and as soon as a person has ordered something.

    A turn that fails is logged and raised as an alarm, and no heartbeat is sent until one succeeds. report: called with
    the result of each turn.
    """
    sign = Sign(server.settings, server.site.name, "loop", every_s=server.every.total_seconds())
    book = AlarmBook(server.settings, server.site.name, "serve")
    failed, due = "", clock()
    while not stop.is_set():
        if clock() >= due or server.was_ordered():
            sign.show("busy", failed)
            failed = _turn(server, report, clock())
            book.report({FAILED_TURN: ("critical", failed)} if failed else {}, about=FAILED_TURN)
            due = _next(due, server.every, clock()) if clock() >= due else due
        if not failed:
            pulse.beat("well")
        sign.show("failing" if failed else "well", failed)
        stop.wait(min(timeout_s / BEATS_PER_TIMEOUT, EVERY_S, max((due - clock()).total_seconds(), 0.05)))
    sign.show("stopped", "ended in order")
    pulse.beat("stopping")


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set `stop`; the turn in progress ends first."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())


def _turn(server: Server, report: Callable[[Step], None], now: datetime) -> str:
    """Why the turn failed; empty where it did not."""
    try:
        report(server.step(now))
    except Exception as error:  # no error of a turn may end the loop
        log.exception("%s the turn failed; values written last stay valid until they expire", now)
        return f"the turn failed ({type(error).__name__}: {error}); values written last stay valid until they expire"
    return ""


def _next(due: datetime, every: timedelta, now: datetime) -> datetime:
    """The next turn's time; missed turns are skipped, and a clock set back is followed."""
    following = due + every
    return following if now - every < following <= now + every and following > now else now + every
