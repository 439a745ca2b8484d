"""What became of a step at a site, and that somebody learns of it once.

A failure is an alarm of the site with the step as its cause: raised when there is no further try, ended by the next
success, and sent to the notifier once, however often the step is tried.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alarms.notifier import wait_until_sent

log = logging.getLogger(__name__)

SOURCE = "schedule"
T = TypeVar("T")


class StepError(ColdaisleError):
    """A step that failed at one or more sites. transient: whether trying it again may help at each of them."""

    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


@dataclass
class Outcome:
    """What became of a step at several sites: results, sites with nothing to do, and errors, by site."""

    done: dict[str, Any] = field(default_factory=dict)
    nothing_new: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values; errors as text."""
        failed = {name: str(error) for name, error in self.failed.items()}
        return {"done": self.done, "nothing_new": self.nothing_new, "failed": failed}

    def raise_failed(self, step: str) -> None:
        """Raise StepError where the step failed at a site; it is transient if it is at one of them."""
        if self.failed:
            text = "; ".join(f"{name}: {error}" for name, error in sorted(self.failed.items()))
            transient = any(may_be_repeated(error) for error in self.failed.values())
            raise StepError(f"{step} failed at {len(self.failed)} sites: {text}", transient=transient)


def may_be_repeated(error: Exception) -> bool:
    """Whether the same step may succeed later without anybody mending anything.

    An error that says so itself, one of the system (a disk, a network), and one that nobody foresaw: trying again costs
    little.
    """
    return error.transient if isinstance(error, ColdaisleError) else True


def tell(settings: Settings, site: str, step: str, error: Exception | None, *, last_try: bool) -> None:
    """Raise or end the alarm of a step at a site. Nothing is told of an error that is tried again."""
    if error is not None and not last_try and may_be_repeated(error):
        log.warning("%s of %s will be tried again: %s", step, site, error)
        return
    wrong = {} if error is None else {step: ("warning", f"{step}: {described(error)}")}
    AlarmBook(settings, site, SOURCE).report(wrong, about=step)  # type: ignore[arg-type]
    wait_until_sent()


def described(error: Exception) -> str:
    """An error in words."""
    return str(error) if isinstance(error, ColdaisleError) else f"{type(error).__name__}: {error}"


@contextmanager
def told(settings: Settings, site: str, step: str, *, last_try: bool) -> Iterator[None]:
    """A step of one site: its failure is told, and raised again."""
    try:
        yield
    except Exception as error:
        tell(settings, site, step, error, last_try=last_try)
        raise
    tell(settings, site, step, None, last_try=last_try)


def each(
    settings: Settings, names: list[str], step: str, work: Callable[[str], T | None], *, last_try: bool
) -> Outcome:
    """Do a step site by site; one that fails leaves the others. work: None where there is nothing to do."""
    outcome = Outcome()
    for name in names:
        try:
            result = work(name)
        except Exception as error:
            log.warning("%s of %s failed: %s", step, name, described(error))
            outcome.failed[name] = error
        else:
            if result is None:
                outcome.nothing_new.append(name)
            else:
                outcome.done[name] = result
        tell(settings, name, step, outcome.failed.get(name), last_try=last_try)
    return outcome
