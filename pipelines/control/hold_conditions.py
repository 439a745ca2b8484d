"""When a recommendation is to be held instead, and which of these conditions hold already."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.cascade.objective import out_of_envelope
from pipelines.control.decision import Decision
from pipelines.control.optimizer.optimizer import SetpointOptimizer
from pipelines.control.optimizer.physical_target import GAIN
from pipelines.control.optimizer.surface_target import HYSTERESIS_SHARE, HYSTERESIS_USUAL
from pipelines.control.precedent import near
from pipelines.site.file import Site

FEWEST_ALIKE = 12
SLIGHT = 1e-3
_RANGES = (("load_kw", "load", "{:.0f}", "kW"), ("outdoor_wetbulb_c", "wetbulb", "{:.1f}", "°C"))


@dataclass(frozen=True)
class Condition:
    """A reason to hold, in words. now: the same said of the present, where it holds already; else empty.

    of_record: whether it is about where the record has been.
    """

    words: str
    now: str = ""
    of_record: bool = False


def least_kw(optimizer: SetpointOptimizer, decision: Decision) -> float:
    """Saving below which the controller keeps its target, kW."""
    assert decision.expected is not None
    if optimizer.cascade.physics is not None:
        return GAIN * float(optimizer.cascade.physics.reference_kw)
    present_kw = decision.expected.present.cooling_kw
    return min(HYSTERESIS_USUAL * optimizer.usual_kw, HYSTERESIS_SHARE * present_kw)


def is_for_saving(optimizer: SetpointOptimizer, decision: Decision) -> bool:
    """Whether a move is made to save power: not to the site's rule, nor out of what is not allowed or not known."""
    if decision.expected is None or decision.expected.to_rule:
        return False
    names = decision.goal
    both = np.array([[values[name] for name in names] for values in (decision.present, decision.goal)], float)
    outcome = optimizer.outcomes(both, decision.expected.conditions)
    beyond = np.maximum(
        np.asarray(outcome.outside) * float(optimizer.support), np.asarray(outcome.unreachable_k)
    )
    before, after = beyond + np.asarray(out_of_envelope(optimizer.objective, outcome))
    return bool(before <= after + SLIGHT)


def conditions(
    site: Site, decision: Decision, hourly: pd.DataFrame, *, least_kw: float, for_saving: bool
) -> list[Condition]:
    """Too little saved, where a move is made to save; load and weather beyond the record's hours at the goal.

    hourly: hourly means of the plant table up to the decision.
    """
    alike = np.ones(len(hourly), dtype=bool)
    for setpoint in site.setpoints:
        alike &= near(setpoint, hourly, site.setpoint_name(setpoint), decision)
    found = []
    if for_saving:
        saving_kw = decision.expected.saving_kw if decision.expected else 0.0
        less = f"less than {least_kw:.1f} kW is expected to be saved"
        found.append(Condition(less, f"{less} ({saving_kw:.1f} kW)" if saving_kw < least_kw else ""))
    known = decision.expected.conditions if decision.expected else {}
    for name, what, form, unit in _RANGES:
        values = hourly.loc[alike, name].dropna() if name in hourly else pd.Series(dtype=float)
        if len(values) < FEWEST_ALIKE:
            continue
        low, high = (form.format(end) for end in values.quantile([0.01, 0.99]))
        present = form.format(known.get(name, float(hourly[name].iloc[-1])))
        span = f"{low} to {high} {unit}"
        outside = float(present) < float(low) or float(present) > float(
            high
        )  # as shown; not where it is unknown
        now = f"the {what} of {present} {unit} is outside the {span} that the record has at such setpoints"
        words = f"the {what} leaves {span}, which the record has at such setpoints"
        found.append(Condition(words, now if outside else "", of_record=True))
    return found
