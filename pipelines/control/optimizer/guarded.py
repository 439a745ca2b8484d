"""The learned choice behind its gate: in time, without errors, believed only where it may be."""

import logging
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import jax
import jax.numpy as jnp
import numpy as np

from models.cascade.cascade import Cascade
from models.safety.confidence import Confidence, Gate, doubts
from models.setpoints import Array, Bounds
from models.twin import Twin
from pipelines.control.optimizer.deadline import Deadline, TooSlowError
from pipelines.control.optimizer.optimizer import Chooser
from pipelines.control.sensing.history import Memory
from pipelines.control.setup import confidence_bound
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable

log = logging.getLogger(__name__)

UNKNOWN = "load or weather is not known"


@dataclass(frozen=True)
class Chosen:
    """Setpoints (k,), None where there is no choice. failed: model or machine at fault; closed: the gate is."""

    values: Array | None
    reason: str
    failed: bool = False
    closed: bool = False


class ModelChoice:
    """A chooser that is timed, caught and gated."""

    def __init__(self, site: Site, chooser: Chooser) -> None:
        self.chooser, self.bound, self.gate = chooser, confidence_bound(site), Gate()
        self._deadline: Deadline = Deadline(site.safety.deadline_s)
        self._failing = False
        self._widest = chooser._choice
        self._bounds: Bounds | None = None

    def keep_within(self, bounds: Bounds) -> None:
        """Let the model choose inside the limits in force, rather than be clipped by them afterwards."""
        if self._bounds is not None and all(
            np.array_equal(getattr(bounds, end), getattr(self._bounds, end)) for end in ("low", "high")
        ):
            return
        low, high = (np.clip(end, bounds.low, bounds.high) for end in (self._widest.low, self._widest.high))
        self.chooser._choice = replace(
            self._widest, low=jnp.asarray(low, jnp.float32), high=jnp.asarray(high, jnp.float32)
        )
        if self._bounds is not None:
            self.chooser.forget_target()
        self._bounds = bounds

    def choose(
        self,
        reading: dict[str, float],
        memory: Memory,
        present: Array,
        most: Array,
        at: datetime,
        passed: timedelta,
    ) -> Chosen:
        """What the model would do, or why it does not get to."""
        found = doubts(self._confidence(reading), self.bound)
        was_open, spoken = self.gate.open, self.chooser.expected is not None
        self.gate = self.gate.after(bool(found) if spoken else None, passed / timedelta(hours=1))
        if not self.gate.open:
            self._forget()
            why = "; ".join(found) if found and was_open else "the model was in doubt"
            return Chosen(None, why, closed=True)
        try:
            chosen = self._deadline.run(lambda: self.chooser.choose(reading, memory, present, most, at))
        except TooSlowError as late:
            self._forget()
            return Chosen(None, str(late), failed=True)
        except Exception as error:  # a model must never stop the plant's control
            if not self._failing:
                log.exception("the control model failed at %s", at)
            self._failing = True
            self._forget()
            return Chosen(None, f"the control model failed: {type(error).__name__}: {error}", failed=True)
        self._failing = False
        if chosen is None:
            return Chosen(None, UNKNOWN)
        if not np.isfinite(chosen[0]).all():
            self._forget()
            return Chosen(None, "the control model chose no finite setpoints", failed=True)
        return Chosen(*chosen)

    def taken(self, *, by_model: bool, as_wanted: bool = True, rescued: bool = False) -> None:
        """Tell what became of the choice: what another hand set is no evidence for or against the model.

        After a rescue what was expected stays: an inlet that is warmer even so says the more.
        """
        if by_model and rescued:
            self.chooser.forget_target()
        elif not (by_model and as_wanted):
            self._forget()

    def expected_readings(self) -> dict[str, float]:
        """What the model expected of the interval that has passed, by quantity; empty where it had no say."""
        expected = self.chooser.expected
        if expected is None:
            return {}
        return {
            "rack_inlet_c": expected.rack_inlet_c - self.chooser.feedback.inlet_bias_k,
            "cw_supply_c": expected.cw_supply_c,
        }

    def _confidence(self, reading: dict[str, float]) -> Confidence:
        expected = self.chooser.expected
        if expected is None:
            return Confidence()
        cooling_kw = reading.get("cooling_kw", math.nan)
        # Without what feedback has corrected: it may hide that the plant is no longer the one learned from.
        learned_c = expected.rack_inlet_c - self.chooser.feedback.inlet_bias_k
        off = abs(cooling_kw / expected.cooling_kw - 1.0) if expected.cooling_kw > 0.0 else math.nan
        return Confidence(surprise_k=reading.get("rack_inlet_c", math.nan) - learned_c, surprise_share=off)

    def _forget(self) -> None:
        self.chooser.forget_target()
        self.chooser.expected = None


def model_of(
    site: Site, cascade: Cascade | None, settable: Settable, why_none: str = "", twin: Twin | None = None
) -> tuple[ModelChoice | None, str]:
    """The model's choice, or None and why: a model that cannot be used must not keep the plant without control."""
    if cascade is None:
        return None, f" ({why_none})" if why_none else ""
    try:
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(cascade)):
            return None, " (it holds values that are not finite)"
        return ModelChoice(site, Chooser(site, cascade, settable, twin)), ""
    except Exception as error:
        log.exception("the control model of %s cannot be used", site.name)
        return None, f" (it cannot be used: {type(error).__name__}: {error})"
