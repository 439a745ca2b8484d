"""A total time for one request, also where bytes drip, a query hangs, or a library waits on its own."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from pipelines.errors import SourceDownError

T = TypeVar("T")


class Deadline:
    """When a request has to be over. `on_expiry` are called then, from another thread, to end what it waits for."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._ends_s = time.monotonic() + timeout_s
        self.on_expiry: list[Callable[[], Any]] = []

    @property
    def left_s(self) -> float:
        """What is left, at least a millisecond, since 0 means forever to many."""
        return max(self._ends_s - time.monotonic(), 0.001)

    def check(self) -> None:
        """Raise SourceDownError where the time is over."""
        if time.monotonic() >= self._ends_s:
            raise too_slow(self.timeout_s)


def too_slow(timeout_s: float) -> SourceDownError:
    """The error of a request that took too long."""
    return SourceDownError(
        f"did not finish within {timeout_s:g} s and is tried again; where that does not help, raise timeout_s of the "
        f"source, or lower its window_hours"
    )


def within(timeout_s: float, work: Callable[[Deadline], T]) -> T:
    """What `work` returns, or its exception; SourceDownError where it takes longer.

    It runs in a thread that is left behind then; whatever it still does must not matter to anyone.
    """
    deadline, done = Deadline(timeout_s), list[T]()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work(deadline))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        for end in deadline.on_expiry:
            with suppress(Exception):
                end()
        raise too_slow(timeout_s)
    if failed:
        raise failed[0]
    return done[0]
