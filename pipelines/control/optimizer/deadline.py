"""A call with a deadline: it runs in a thread, which is abandoned where it takes too long."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class TooSlowError(TimeoutError):
    """The call, or one before it, has not returned in time."""


class Deadline(Generic[T]):
    """Runs one call at a time; while a late one is still running no other is started."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._late: threading.Thread | None = None

    def run(self, call: Callable[[], T]) -> T:
        """The call's result; what it raises is raised. Raises TooSlowError where it does not return in time."""
        if self._late is not None and self._late.is_alive():
            raise TooSlowError("a decision before this one is still being computed")
        result: list[T] = []
        raised: list[BaseException] = []

        def work() -> None:
            try:
                result.append(call())
            except BaseException as error:  # handed to the caller below
                raised.append(error)

        # A daemon: a call that never returns must not keep the process from ending.
        thread: Any = threading.Thread(target=work, name="decision", daemon=True)
        thread.start()
        thread.join(self.seconds)
        if thread.is_alive():
            self._late = thread
            raise TooSlowError(f"the decision took more than {self.seconds:g} s")
        if raised:
            raise raised[0]
        return result[0]
