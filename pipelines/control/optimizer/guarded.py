"""The optimizer with a deadline, with its errors caught, behind the confidence gate."""

import logging
import math
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np

from models.safety.confidence import Confidence, Gate, doubts
from pipelines.control.optimizer.deadline import Deadline, TooSlowError
from pipelines.control.optimizer.moment import Chosen, Moment, OptimizerMemory
from pipelines.control.optimizer.optimizer import SetpointOptimizer

log = logging.getLogger(__name__)

UNKNOWN = "load or weather is not known"


@dataclass(frozen=True)
class ModelMemory:
    """What is remembered of the model: the optimizer's memory and the confidence gate."""

    optimizer: OptimizerMemory = field(default_factory=OptimizerMemory)
    gate: Gate = field(default_factory=Gate)

    def after(self, *, by_model: bool, as_wanted: bool = True, rescued: bool = False) -> "ModelMemory":
        """Memory after the decision: setpoints that the model did not choose are no evidence about it.

        After a rescue by the monitor the expectation stays: an inlet that is warmer all the same counts.
        """
        if by_model and rescued:
            return replace(self, optimizer=self.optimizer.forgetting_target())
        if not (by_model and as_wanted):
            return replace(self, optimizer=self.optimizer.forgetting_choice())
        return self


@dataclass(frozen=True)
class Answer:
    """The model's choice, None where there is none, and why. failed: error or too slow; closed: the gate is."""

    chosen: Chosen | None
    reason: str
    failed: bool = False
    closed: bool = False


@dataclass(frozen=True)
class GuardedOptimizer:
    """An optimizer with a deadline and a gate. bound: a confidence beyond it closes the gate."""

    optimizer: SetpointOptimizer
    bound: Confidence
    deadline: Deadline

    def choose(self, memory: ModelMemory, now: Moment, passed: timedelta) -> tuple[ModelMemory, Answer]:
        """The model's choice, or why it may not decide. passed: time since the last decision."""
        doubt = doubts(_confidence(memory.optimizer, now), self.bound)
        was_open, tested = memory.gate.open, memory.optimizer.expected is not None
        gate = memory.gate.after(bool(doubt) if tested else None, passed / timedelta(hours=1))
        memory = replace(memory, gate=gate)
        if not gate.open:
            why = "; ".join(doubt) if doubt and was_open else "the model was in doubt"
            return _without_choice(memory), Answer(None, why, closed=True)
        try:
            optimizer, chosen = self.deadline.run(lambda: self.optimizer.choose(memory.optimizer, now))
        except TooSlowError as late:
            return _without_choice(memory), Answer(None, str(late), failed=True)
        except Exception as error:  # a model must never stop the plant's control
            log.debug("the control model failed at %s", now.at, exc_info=True)
            why = f"the control model failed: {type(error).__name__}: {error}"
            return _without_choice(memory), Answer(None, why, failed=True)
        memory = replace(memory, optimizer=optimizer)
        if chosen is None:
            return memory, Answer(None, UNKNOWN)
        if not np.isfinite(chosen.values).all():
            why = "the control model chose no finite setpoints"
            return _without_choice(memory), Answer(None, why, failed=True)
        return memory, Answer(chosen, chosen.reason)

    def expected_readings(self, memory: ModelMemory) -> dict[str, float]:
        """What the model expected of the interval that has passed, by quantity; empty where it did not decide."""
        expected = memory.optimizer.expected
        if expected is None:
            return {}
        return {
            "rack_inlet_c": expected.rack_inlet_c - memory.optimizer.feedback.inlet_bias_k,
            "cw_supply_c": expected.cw_supply_c,
        }

    def inlet_rise_k(self) -> float:
        """Rack inlet over supply air, as learned."""
        return float(self.optimizer.cascade.inlet_rise_k)


def _without_choice(memory: ModelMemory) -> ModelMemory:
    return replace(memory, optimizer=memory.optimizer.forgetting_choice())


def _confidence(memory: OptimizerMemory, now: Moment) -> Confidence:
    expected = memory.expected
    if expected is None:
        return Confidence()
    cooling_kw = now.quantities.get("cooling_kw", math.nan)
    # Without the feedback correction, which may hide that the plant has changed since it was learned.
    learned_c = expected.rack_inlet_c - memory.feedback.inlet_bias_k
    runs = expected.cooling_kw > 0.0
    return Confidence(
        spread_share=expected.spread_kw / expected.cooling_kw if runs else math.nan,
        outside=expected.outside,
        surprise_k=now.quantities.get("rack_inlet_c", math.nan) - learned_c,
        surprise_share=abs(cooling_kw / expected.cooling_kw - 1.0) if runs else math.nan,
    )
