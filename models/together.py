"""Several pieces of work done side by side: what they ask of one function is answered in one call.

A training of a site asks for networks in the middle of its work. Of many sites those questions are collected, so that
networks of one shape are trained in one vmapped call, and each training reads as if it were alone. One piece of work
runs at a time (threads are used as coroutines): nothing else has to be safe for threads.
"""

import contextvars
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Result = TypeVar("Result")

_PARTY: contextvars.ContextVar["_Party | None"] = contextvars.ContextVar("party", default=None)


def answered(many: Callable[[list[Question]], Sequence[Answer]], questions: list[Question]) -> list[Answer]:
    """`many(questions)`; inside `run_together` one call for all pieces of work that ask the same function.

    An answer must not depend on the other questions of its call. Raises what `many` raises for these questions.
    """
    party = _PARTY.get()
    return list(many(questions)) if party is None else party.ask(many, questions)


def run_together(works: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """What each piece of work gives or raises, in their order.

    Each runs until it asks or ends; when all do, the questions of each function are answered in one call. What is no
    error of a piece of work (an interrupt, an exit) is raised here.
    """
    parties = [_Party(work) for work in works]
    for party in parties:
        party.go_on()
    while asking := [party for party in parties if party.many is not None]:
        for many in dict.fromkeys(party.many for party in asking):
            _answer(many, [party for party in asking if party.many is many])
        for party in asking:
            party.go_on()
    return [party.result for party in parties]


def _answer(many: Any, asking: list["_Party"]) -> None:
    try:
        answers = iter(many([question for party in asking for question in party.questions]))
    except Exception as error:
        if len(asking) == 1:
            asking[0].error = error
            return
        for party in asking:  # alone, so that one that fails does not stop the others
            _answer(many, [party])
        return
    for party in asking:
        party.answers = [next(answers) for _ in party.questions]


class _Party:
    """One piece of work in a thread of its own, which only runs while `go_on` waits for it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.many: Any = None
        self.questions: list[Any] = []
        self.answers: list[Any] = []
        self.error: Exception | None = None
        self.result: Any = None
        self._ended_by: BaseException | None = None
        self._work, self._may_run, self._rests = work, threading.Event(), threading.Event()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True)
        self._thread.start()

    def go_on(self) -> None:
        """Lets the work run until it asks or ends."""
        self.many = None
        self._rests.clear()
        self._may_run.set()
        self._rests.wait()
        if self._ended_by is not None:
            raise self._ended_by

    def ask(self, many: Any, questions: list[Any]) -> list[Any]:
        """Called by the work itself: rests until the questions are answered."""
        self.many, self.questions, self.error = many, questions, None
        self._rest()
        answers, self.questions, self.answers = self.answers, [], []
        if self.error is not None:
            raise self.error
        return answers

    def _run(self) -> None:
        self._may_run.wait()
        self._may_run.clear()
        _PARTY.set(self)
        try:
            self.result = self._work()
        except Exception as error:
            self.result = error
        except BaseException as ended_by:
            self._ended_by = ended_by
        finally:
            self._rests.set()

    def _rest(self) -> None:
        self._may_run.clear()
        self._rests.set()
        self._may_run.wait()
