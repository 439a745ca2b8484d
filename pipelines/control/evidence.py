"""Evidence for a recommendation: what limits each move, the most similar hour of the record, when to hold."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.cascade.cascade import Outcome
from models.setpoints import Bounds
from pipelines.control.decision import Decision
from pipelines.control.explanation import differs
from pipelines.control.optimizer.optimizer import SetpointOptimizer
from pipelines.control.optimizer.physical_target import GAIN
from pipelines.control.optimizer.surface_target import HYSTERESIS_SHARE, HYSTERESIS_USUAL
from pipelines.control.recommendation import Recommendation
from pipelines.control.setup import Parameters
from pipelines.site.file import Setpoint, Site

FURTHER = 0.1  # of a setpoint's range: how far beyond the goal is tried
ALIKE = 0.05  # of a setpoint's range: hours of the record this near ran under the same setpoints
FEWEST_ALIKE = 12
SLIGHT = 1e-3
LIKENESS = ("load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c")
SHOWN = {
    "load_kw": "load {:.0f} kW",
    "outdoor_wetbulb_c": "wetbulb {:.1f} °C",
    "cooling_kw": "cooling {:.0f} kW",
}


def with_evidence(
    recommendation: Recommendation,
    params: Parameters,
    decision: Decision,
    bounds: Bounds,
    record: pd.DataFrame,
) -> Recommendation:
    """A recommendation of the model with its evidence; any other unchanged.

    bounds: those in force. record: plant table (UTC index) in which precedents are looked for.
    """
    if params.model is None or decision.expected is None or recommendation.action == "hold":
        return recommendation
    optimizer, site = params.model.optimizer, params.site
    hourly = record.select_dtypes("number").resample("1h").mean()
    goal = np.array([decision.goal[name] for name in params.setpoints.names], float)
    return recommendation.model_copy(
        update={
            "binding": [*recommendation.binding, *binding(site, optimizer, decision, bounds, goal)],
            "precedent": precedent(site, decision, hourly),
            "hold_if": hold_if(site, decision, hourly, least_kw=least_kw(optimizer, decision)),
        }
    )


def least_kw(optimizer: SetpointOptimizer, decision: Decision) -> float:
    """Saving below which the controller keeps its target, kW."""
    assert decision.expected is not None
    if optimizer.cascade.physics is not None:
        return GAIN * float(optimizer.cascade.physics.reference_kw)
    present_kw = decision.expected.present.cooling_kw
    return min(HYSTERESIS_USUAL * optimizer.usual_kw, HYSTERESIS_SHARE * present_kw)


def binding(
    site: Site, optimizer: SetpointOptimizer, decision: Decision, bounds: Bounds, goal: np.ndarray
) -> list[str]:
    """For every continuous setpoint that moves, what keeps it from going further; goal (k,)."""
    stops = []
    for column, setpoint in enumerate(site.setpoints):
        present = decision.present[site.setpoint_name(setpoint)]
        if setpoint.kind == "continuous" and differs(setpoint, present, goal[column]):
            stop = _stop(
                optimizer, decision, bounds, goal, column, math.copysign(1.0, goal[column] - present)
            )
            stops.append(f"{setpoint.tag}: {stop}")
    return stops


def _stop(
    optimizer: SetpointOptimizer,
    decision: Decision,
    bounds: Bounds,
    goal: np.ndarray,
    column: int,
    way: float,
) -> str:
    limit = float(bounds.high[column] if way > 0.0 else bounds.low[column])
    span = float(bounds.high[column] - bounds.low[column])
    if abs(goal[column] - limit) <= SLIGHT * max(span, 1.0):
        return f"at its limit of {limit:g}"
    further = goal.copy()
    further[column] = np.clip(goal[column] + way * FURTHER * span, bounds.low[column], bounds.high[column])
    conditions = decision.expected.conditions if decision.expected else {}
    wetbulb_c = conditions.get("outdoor_wetbulb_c", math.nan)
    if (
        optimizer.measured[column]
        and way < 0.0
        and further[column] < wetbulb_c <= goal[column] + span * FURTHER
    ):
        return f"the wetbulb of {wetbulb_c:.1f} °C"
    outcome = optimizer.outcomes(np.stack([goal, further]), conditions)
    if optimizer.cascade.worst_inlet is not None and (edge := _inlet_edge(optimizer, outcome)):
        return edge
    if _grows(np.maximum(outcome.dew_point_c - float(optimizer.objective.dew_point_high_c), 0.0)):
        return "the dew point at the racks"
    if _grows(np.asarray(outcome.unreachable_k)):
        return "the towers reach no further in this weather"
    if optimizer.support and _grows(np.asarray(outcome.outside)):
        return "the record does not reach further"
    if int(outcome.mode[1]) != int(outcome.mode[0]):
        return "chillers or economizer would switch"
    return "nothing more to gain"


def _inlet_edge(optimizer: SetpointOptimizer, outcome: Outcome) -> str:
    """Which edge the rack inlet would cross, or cross further, in the second of two outcomes; empty where none."""
    aim, inlet_c = optimizer.objective, np.asarray(outcome.rack_inlet_c, float)
    for edge_c, excess in (
        (float(aim.inlet_high_c), inlet_c - float(aim.inlet_high_c)),
        (float(aim.inlet_low_c), float(aim.inlet_low_c) - inlet_c),
    ):
        if _grows(np.maximum(excess, 0.0)):
            return f"the rack inlet, which is kept at {edge_c:.1f} °C"
    return ""


def _grows(excess: ArrayLike) -> bool:
    """Whether the second of two values lies clearly above the first."""
    before, after = np.asarray(excess, float)
    return bool(after > before + SLIGHT)


def precedent(site: Site, decision: Decision, hourly: pd.DataFrame) -> str | None:
    """The hour of the record most similar to present load and weather at the goal, in words; None where there is none.

    hourly: hourly means of the plant table. Likeness: differences in standard deviations of the record, summed in
    squares.
    """
    conditions = decision.expected.conditions if decision.expected else {}
    wanted = {name: conditions[name] for name in LIKENESS if name in conditions} | decision.goal
    wanted = {name: value for name, value in wanted.items() if name in hourly and hourly[name].notna().any()}
    complete = hourly[list(wanted)].dropna()
    if complete.empty or not wanted:
        return None
    scale = complete.std().replace(0.0, 1.0).fillna(1.0)
    away = (((complete - pd.Series(wanted)) / scale) ** 2).sum(axis=1).to_numpy()
    nearest = pd.DatetimeIndex(complete.index)[int(np.argmin(away))]
    row = hourly.loc[nearest]
    shown = [form.format(row[name]) for name, form in SHOWN.items() if np.isfinite(row.get(name, np.nan))]
    setpoints = [
        f"{setpoint.tag} {row[name]:.1f}"
        for setpoint in site.setpoints
        if (name := site.setpoint_name(setpoint)) in wanted
    ]
    alike = all(
        _near(setpoint, hourly.loc[[nearest]], site.setpoint_name(setpoint), decision)[0]
        for setpoint in site.setpoints
    )
    lead_in = "" if alike else "no hour of the record ran at such setpoints; the nearest is "
    return f"{lead_in}{nearest:%Y-%m-%d %H:%M} UTC: {', '.join(shown + setpoints)}"


def hold_if(site: Site, decision: Decision, hourly: pd.DataFrame, *, least_kw: float) -> list[str]:
    """When to hold instead: too little saved, or load and weather for which the record has no such setpoints."""
    alike = np.ones(len(hourly), dtype=bool)
    for setpoint in site.setpoints:
        alike &= _near(setpoint, hourly, site.setpoint_name(setpoint), decision)
    reasons = [f"less than {least_kw:.1f} kW is expected to be saved"]
    for name, words in (("load_kw", "the load leaves {:.0f} to {:.0f} kW"),
                        ("outdoor_wetbulb_c", "the wetbulb leaves {:.1f} to {:.1f} °C")):  # fmt: skip
        values = hourly.loc[alike, name].dropna() if name in hourly else pd.Series(dtype=float)
        if len(values) >= FEWEST_ALIKE:
            reasons.append(
                words.format(*values.quantile([0.01, 0.99])) + ", which the record has at such setpoints"
            )
    return reasons


def _near(setpoint: Setpoint, hourly: pd.DataFrame, name: str, decision: Decision) -> np.ndarray:
    if name not in hourly or not hourly[name].notna().any():
        return np.ones(len(hourly), dtype=bool)
    away = (hourly[name] - decision.goal[name]).abs().to_numpy()
    return away <= ALIKE * (setpoint.max - setpoint.min)
