"""The last word on every decision: monitor, declared rules, overrides, then limits and slew rates."""

from dataclasses import dataclass, field

import numpy as np

from models.safety.declared import Declared, heeded
from models.safety.monitor import alarms, answered
from models.safety.transfer import towards
from models.safety.types import Clip, Envelope, Situation, Verdict
from models.setpoints import Array, Bounds

SEEN = 1e-6  # a smaller difference is rounding


@dataclass(frozen=True)
class Safety:
    """A site's safety layer: envelope and declarations."""

    envelope: Envelope
    declared: Declared = field(default_factory=Declared)


def final(safety: Safety, bounds: Bounds, wanted: Array, situation: Situation) -> Verdict:
    """What may be written of the setpoints wanted (k,), and why not the rest.

    The monitor moves what no person has taken over; an override goes where it was put at its slew rate; limits and
    slew rates hold for all of them. Not finite is held.
    """
    clips: list[Clip] = []
    values = _finite(bounds, wanted, situation, clips)
    raised = alarms(safety.envelope, situation)
    for alarm in raised:
        values = _noted(
            bounds, values, answered(alarm, bounds, values, situation), "monitor", alarm.why, clips
        )
    values = _overridden(bounds, values, situation, clips)
    values, declared = heeded(safety.declared, bounds, values, situation)
    values = _limited(bounds, values, situation, clips)
    heeded_now = tuple(alarm for alarm in raised if not alarm.hold or _clipped_for(alarm.why, clips))
    return Verdict(values, (*clips, *declared), tuple(alarm.why for alarm in heeded_now))


def _clipped_for(why: str, clips: list[Clip]) -> bool:
    return any(clip.why == why for clip in clips)


def _finite(bounds: Bounds, wanted: Array, situation: Situation, clips: list[Clip]) -> Array:
    held = np.where(np.isfinite(wanted), wanted, situation.present)
    return _noted(bounds, wanted, held, "finite", "no finite value was chosen: held", clips)


def _overridden(bounds: Bounds, values: Array, situation: Situation, clips: list[Clip]) -> Array:
    asked = np.array([situation.overrides.get(name, np.nan) for name in bounds.names])
    goal = np.where(np.isfinite(asked), asked, values)
    reached = towards(bounds, situation.present, goal, situation.most)
    taken = np.where(np.isfinite(asked), reached, values)
    return _noted(bounds, values, taken, "override", "a person has taken over", clips)


def _limited(bounds: Bounds, values: Array, situation: Situation, clips: list[Clip]) -> Array:
    """Slew rates, then limits: what is read outside the limits comes back to the nearest limit at once."""
    inside = np.clip(values, bounds.low, bounds.high)
    values = _noted(bounds, values, inside, "limits", "outside the limits in force", clips)
    start, most = np.clip(situation.present, bounds.low, bounds.high), situation.most
    slewed = np.where(bounds.binary, values, np.clip(values, start - most, start + most))
    slewed = _noted(bounds, values, slewed, "slew", "faster than its slew rate", clips)
    return np.clip(np.where(bounds.binary, np.round(slewed), slewed), bounds.low, bounds.high)


def _noted(bounds: Bounds, before: Array, after: Array, rule: str, why: str, clips: list[Clip]) -> Array:
    """`after`, its differences from `before` told."""
    for name, wanted, allowed in zip(bounds.names, before.tolist(), after.tolist(), strict=True):
        if not abs(allowed - wanted) <= SEEN:
            clips.append(Clip(rule, name, wanted, allowed, why))
    return after
