"""What a decision is given, what the optimizer remembers between decisions, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from models.cascade.feedback import Expected, Feedback
from models.setpoints import Array, Bounds
from pipelines.control.decision import Expectation, Unavailable, least, within
from pipelines.control.optimizer.adaptation import Adaptation
from pipelines.control.optimizer.corrections import Comparison, Dither
from pipelines.control.optimizer.exploration import Exploration
from pipelines.control.optimizer.never_worse import NeverWorse
from pipelines.control.optimizer.peak import Peak
from pipelines.control.optimizer.wear import Wear
from pipelines.control.sensing.history import History


@dataclass(frozen=True)
class OptimizerMemory:
    """What the optimizer remembers between decisions.

    target (k,): the setpoints that steps lead to. expected: at the last step taken. chillers_stand, started_at:
    whether chillers were stopped at the last decision, and when they last started. aimed_at: when a target was last
    looked for with the gray-box plant; adaptation, never_worse, exploration, wear: what is kept for that. peak: of the
    month, for a demand charge.
    """

    target: tuple[float, ...] | None = None
    expected: Expected | None = None
    feedback: Feedback = field(default_factory=Feedback)
    chillers_stand: bool = False
    started_at: datetime | None = None
    dither: Dither = field(default_factory=Dither)
    comparison: Comparison = field(default_factory=Comparison)
    adaptation: Adaptation = field(default_factory=Adaptation)
    never_worse: NeverWorse = field(default_factory=NeverWorse)
    exploration: Exploration = field(default_factory=Exploration)
    wear: Wear = field(default_factory=Wear)
    peak: Peak = field(default_factory=Peak)
    aimed_at: datetime | None = None

    def forgetting_target(self) -> "OptimizerMemory":
        """Something else moved the setpoints: choose again from the present ones."""
        return replace(self, target=None)

    def forgetting_choice(self) -> "OptimizerMemory":
        """The model did not set the plant: forget target and expectation."""
        return replace(self, target=None, expected=None)

    def without(self, limits: tuple[Unavailable, ...], names: tuple[str, ...]) -> "OptimizerMemory":
        """The same with a target that has become too cold to be delivered as cold as it can be."""
        if self.target is None or len(self.target) != len(names):
            return self
        return replace(self, target=tuple(np.maximum(np.array(self.target), least(limits, names)).tolist()))

    def kept(self, now: "Moment") -> Array:
        """The target in force (k,); the present setpoints where there is none or it lies outside the limits."""
        if self.target is None or len(self.target) != len(now.present):
            return now.present
        target = np.array(self.target, float)
        inside = (now.bounds.low - 1e-4 <= target) & (target <= now.bounds.high + 1e-4)
        return target if inside.all() else now.present


@dataclass(frozen=True)
class Moment:
    """Inputs of one decision.

    present, most, rule (k,): present setpoints, how far each may move now, and what the site's own rule would set.
    explores: whether choices that teach may cost something. advises: whether a person answers every target.
    """

    at: datetime
    quantities: Mapping[str, float]
    history: History
    present: Array
    most: Array
    bounds: Bounds
    rule: Array
    explores: bool = False
    advises: bool = False

    def without(self, limits: tuple[Unavailable, ...]) -> "Moment":
        """The same without what is unavailable: never empty bounds, and the rule as near as can be delivered."""
        bounds = within(self.bounds, limits)
        return replace(self, bounds=bounds, rule=np.clip(self.rule, bounds.low, bounds.high))


@dataclass(frozen=True)
class Chosen:
    """A step (k,) within the slew rates, the target (k,), why, what is expected, and what a person should know."""

    values: Array
    goal: Array
    reason: str
    expectation: Expectation
    notices: tuple[str, ...] = ()
