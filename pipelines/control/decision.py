"""A decision: setpoints, who chose them, and why."""

import logging
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np

from models.safety.types import Clip, Verdict
from models.setpoints import Array, Bounds

Mode = Literal["shadow", "advise", "auto"]
Source = Literal["model", "hold", "rule", "monitor", "override", "accepted"]
"""Who set the setpoints: the learned model; nobody (held); the site's rule; the monitor's rescue; a person's override;
a recommendation that a person accepted."""

log = logging.getLogger("pipelines.control")


@dataclass(frozen=True)
class Settled:
    """What the model expects of the plant once it has settled.

    facility_kw: power that is minimised, one value for each member of the model; where a site has no IT meter it is
    cooling power alone. it_kw: IT power, or the thermal load without an IT meter. outside: how far the setpoints lie
    beyond the record, in standard deviations; 0 inside.
    """

    facility_kw: tuple[float, ...]
    cooling_kw: float
    it_kw: float
    rack_inlet_c: float
    outside: float

    @property
    def mean_kw(self) -> float:
        """Mean of the members' power, kW."""
        return sum(self.facility_kw) / len(self.facility_kw)


@dataclass(frozen=True)
class Unavailable:
    """Values of a setpoint, by name, that the equipment cannot deliver now: those below `least`. why: in words."""

    setpoint: str
    least: float
    why: str


def least(limits: tuple[Unavailable, ...], names: tuple[str, ...]) -> Array:
    """Least deliverable value (k,) of each setpoint named, minus infinity where nothing limits it."""
    by_name = {limit.setpoint: limit.least for limit in limits}
    return np.array([by_name.get(name, -np.inf) for name in names])


def within(bounds: Bounds, limits: tuple[Unavailable, ...]) -> Bounds:
    """Bounds without what is unavailable; never empty."""
    low = np.minimum(np.maximum(bounds.low, least(limits, bounds.names)), bounds.high)
    return replace(bounds, low=low)


@dataclass(frozen=True)
class Expectation:
    """What the model expects at the present setpoints and at the goal, under the same load and weather.

    conditions: the model's inputs besides setpoints (load, weather, corrections), by name. unavailable: what was not
    offered, because equipment cannot deliver it. to_rule: whether the goal is the site's rule, whatever it saves.
    """

    present: Settled
    goal: Settled
    conditions: dict[str, float] = field(default_factory=dict)
    unavailable: tuple[Unavailable, ...] = ()
    to_rule: bool = False

    @property
    def saving_kw(self) -> float:
        """Power at the present setpoints less power at the goal."""
        return self.present.mean_kw - self.goal.mean_kw


@dataclass(frozen=True)
class Decision:
    """Setpoints by name, canonical units, and why.

    values: to write now, a step within the slew rates. goal: the setpoints that these steps lead to. present: the
    setpoints now. clips: changes by the safety layer. notices: what is wrong with sensors, plant, clock or model.
    expected: what the model expects, None where the model did not decide.
    """

    values: dict[str, float]
    reason: str
    source: Source = "hold"
    mode: Mode = "auto"
    clips: tuple[Clip, ...] = ()
    notices: tuple[str, ...] = ()
    goal: dict[str, float] = field(default_factory=dict)
    present: dict[str, float] = field(default_factory=dict)
    expected: Expectation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the ledger."""
        return asdict(self)


def reason_of(verdict: Verdict, reason: str, source: Source) -> tuple[str, Source]:
    """Reason and source of a decision: a person's override counts first, then the monitor, then the choice."""
    taken_over = [clip.setpoint for clip in verdict.clips if clip.rule == "override"]
    if taken_over:
        return f"a person has taken over {', '.join(taken_over)}; {reason}", "override"
    if verdict.alarms:
        return verdict.alarms[-1], "monitor"
    return reason, source


class DecisionLog:
    """Logs every decision at DEBUG; a new notice once, as a warning, and once more when it is over."""

    def __init__(self) -> None:
        self._open: frozenset[str] = frozenset()

    def add(self, decision: Decision, at: datetime) -> None:
        """Log a decision."""
        log.debug("%s %s %s: %s", at, decision.source, decision.values, decision.reason)
        # Figures in a notice change from decision to decision; its first two words identify it.
        now = {" ".join(notice.split()[:2]): notice for notice in decision.notices}
        for about, notice in now.items():
            if about not in self._open:
                log.warning("%s %s", at, notice)
        for about in sorted(self._open - now.keys()):
            log.info("%s over: %s", at, about)
        self._open = frozenset(now)
