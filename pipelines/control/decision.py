"""What was decided, by whom, and why."""

import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from models.safety.types import Clip, Verdict

log = logging.getLogger("pipelines.control")

Mode = Literal["shadow", "advise", "auto"]
Source = Literal["model", "hold", "rule", "monitor", "override"]
"""Who set the setpoints: the learned model; nobody (held); the site's rule; the monitor's rescue; a person."""


@dataclass(frozen=True)
class Decision:
    """Setpoints by quantity, canonical units, and why.

    clips: what a rule did not let through. notices: what is wrong with sensors, plant, clock or model. goal: where the
    setpoints are meant to end up, by quantity.
    """

    values: dict[str, float]
    reason: str
    source: Source = "hold"
    mode: Mode = "auto"
    clips: tuple[Clip, ...] = ()
    notices: tuple[str, ...] = ()
    goal: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the ledger."""
        return asdict(self)


def told(verdict: Verdict, reason: str, source: Source) -> tuple[str, Source]:
    """Reason and source of a decision: a person's override counts first, then the monitor, then the choice."""
    taken_over = [clip.setpoint for clip in verdict.clips if clip.rule == "override"]
    if taken_over:
        return f"a person has taken over {', '.join(taken_over)}; {reason}", "override"
    if verdict.alarms:
        return verdict.alarms[-1], "monitor"
    return reason, source


class Log:
    """Every decision at DEBUG; what is new among its notices once, as a warning, and once when it is over."""

    def __init__(self) -> None:
        self._said: frozenset[str] = frozenset()

    def say(self, decision: Decision, at: datetime) -> None:
        log.debug("%s %s %s: %s", at, decision.source, decision.values, decision.reason)
        # The figures in a notice move on: what it is about is its first words.
        now = {" ".join(notice.split()[:2]): notice for notice in decision.notices}
        for about, notice in now.items():
            if about not in self._said:
                log.warning("%s %s", at, notice)
        for about in sorted(self._said - now.keys()):
            log.info("%s over: %s", at, about)
        self._said = frozenset(now)
