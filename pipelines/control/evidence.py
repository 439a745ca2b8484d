"""Evidence for a recommendation: what limits each move, the most similar hour of the record, when to hold."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.cascade.cascade import Outcome
from models.setpoints import Bounds
from pipelines.control.decision import Decision, within
from pipelines.control.explanation import differs
from pipelines.control.hold_conditions import SLIGHT, Condition, conditions, is_for_saving, least_kw
from pipelines.control.optimizer.optimizer import SetpointOptimizer
from pipelines.control.precedent import precedent, present_share
from pipelines.control.recommendation import Recommendation
from pipelines.control.setup import Parameters
from pipelines.site.file import Site

FURTHER = 0.1  # of a setpoint's range: how far beyond the goal is tried


def with_evidence(
    recommendation: Recommendation,
    params: Parameters,
    decision: Decision,
    bounds: Bounds,
    record: pd.DataFrame,
) -> Recommendation:
    """A recommendation of the model with its evidence, or withheld where a reason to hold holds now; others unchanged.

    bounds: those in force. record: plant table (UTC index) in which precedents are looked for.
    """
    if params.model is None or decision.expected is None or recommendation.action == "hold":
        return recommendation
    optimizer, site = params.model.optimizer, params.site
    hourly = record.select_dtypes("number").resample("1h").mean()
    goal = np.array([decision.goal[name] for name in params.setpoints.names], float)
    reasons = conditions(
        site,
        decision,
        hourly,
        least_kw=least_kw(optimizer, decision),
        for_saving=is_for_saving(optimizer, decision),
    )
    by_physics = optimizer.cascade.physics is not None
    if broken := [each.now for each in reasons if each.now and not (by_physics and each.of_record)]:
        return withheld(recommendation, broken)
    attainable = within(bounds, decision.expected.unavailable)
    found = precedent(site, decision, hourly, present_share(record, decision))
    return recommendation.model_copy(
        update={
            "binding": [*recommendation.binding, *binding(site, optimizer, decision, attainable, goal)],
            "precedent": found.words,
            "precedent_at": found.at,
            "twin": twin_opinion(optimizer, decision, goal),
            "hold_if": [each.words for each in reasons if not each.now],
            "notices": [*recommendation.notices, *beyond_record(reasons)],
        }
    )


def twin_opinion(optimizer: SetpointOptimizer, decision: Decision, goal: np.ndarray) -> str:
    """What the site's twin expects of the move, in words; or that there is none."""
    if optimizer.twin_expects is None or decision.expected is None:
        return "no twin of this site is asked"
    present = np.array([decision.present[name] for name in decision.goal], float)
    expected = optimizer.twin_expects(present, goal, decision.expected.conditions)
    if expected is None:
        return "the twin has no opinion: load or weather is not known"
    more_kw, inlet_c = expected
    return f"the twin expects {abs(more_kw):.0f} kW {'more' if more_kw > 0 else 'less'}, rack inlet {inlet_c:.1f} °C"


def beyond_record(reasons: list[Condition]) -> list[str]:
    """What of load and weather the record does not have at the goal, where physics decided all the same."""
    return [f"{each.now}: decided by physics" for each in reasons if each.now]


def withheld(recommendation: Recommendation, reasons: list[str]) -> Recommendation:
    """A hold in place of a change, for reasons that hold now. What the change would bring is not claimed."""
    return recommendation.model_copy(
        update={
            "action": "hold",
            "reason": f"withheld: {'; '.join(reasons)}",
            "moves": [],
            "proposed": None,
            "saving_kw": None,
            "saving_low_kw": None,
            "saving_high_kw": None,
            "rollback": None,
        }
    )


def binding(
    site: Site, optimizer: SetpointOptimizer, decision: Decision, bounds: Bounds, goal: np.ndarray
) -> list[str]:
    """For every continuous setpoint that moves, what keeps it from going further; goal (k,).

    bounds: without what equipment cannot deliver; a move that ends there is left to the recommendation, which says so.
    """
    stops = []
    ends = (
        {limit.setpoint: limit.least for limit in decision.expected.unavailable} if decision.expected else {}
    )
    for column, setpoint in enumerate(site.setpoints):
        name = site.setpoint_name(setpoint)
        present = decision.present[name]
        if name in ends and not differs(setpoint, ends[name], goal[column]):
            continue
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
    known = decision.expected.conditions if decision.expected else {}
    outcome = optimizer.outcomes(np.stack([goal, further]), known)
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
