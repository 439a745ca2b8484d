"""The accepted goal in mode `advise`, and what of a decision may be written: the step towards that goal, or nothing."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from pipelines.control.decision import Decision
from pipelines.operations.ledger import Operations
from pipelines.operations.standing_orders import Standing
from pipelines.site.file import Site

ROUNDING = 1e-6


class Writable(NamedTuple):
    """Values by setpoint tag, canonical units, that may be written; None, and why, where none may be."""

    values: dict[str, float] | None
    why: str


def accepted_goal(operations: Operations, now: Standing) -> dict[str, float]:
    """Goal of the accepted decision by setpoint tag, canonical units; empty where nothing is accepted.

    Where setpoints are held in mode `advise`, what they are held at takes its place. Raises LedgerError where the
    ledger does not answer.
    """
    if now.mode == "advise" and now.hold is not None:
        return {str(tag): value for tag, value in now.hold.body["values"].items()}
    if now.accepted is None:
        return {}
    record = operations.decision(now.accepted.body.get("decision"))
    goal = record.body.get("goal") if record else None
    return {} if not isinstance(goal, dict) else {str(tag): value for tag, value in goal.items()}


def writable(site: Site, decision: Decision, accepted: Mapping[str, float]) -> Writable:
    """What of a decision may be written in mode `advise`: the step towards the accepted goal, unchanged, or nothing.

    accepted: goal by setpoint tag (see `accepted_goal`). A set of setpoints is accepted as a whole: where the
    safety layer changed one of them, a person has taken one over, or one moves another way, none is written, and the
    plant stays with its own control.
    """
    if not accepted:
        return Writable(None, "nothing was accepted")
    if decision.clips:
        changed = "; ".join(str(clip) for clip in decision.clips)
        return Writable(
            None, f"the accepted recommendation is not written: the safety layer changed it ({changed})"
        )
    if decision.source != "accepted":
        return Writable(
            None, f"the accepted recommendation is not written: {decision.reason} (by {decision.source})"
        )
    values = {}
    for setpoint in site.setpoints:
        name, tag = site.setpoint_name(setpoint), setpoint.tag
        value = decision.values.get(name, math.nan)
        if not _on_the_way(value, decision.present.get(name, math.nan), accepted.get(tag)):
            return Writable(
                None, f"the accepted recommendation is not written: {tag} {value:.4g} is not on the way to it"
            )
        values[tag] = value
    return Writable(values, "")


def _on_the_way(value: float, present: float, goal: float | None) -> bool:
    """Whether a value lies between the present setpoint and its goal; without a goal it must be the present one.

    False where any of them is not finite.
    """
    end = present if goal is None else goal
    return bool(
        math.isfinite(value)
        and math.isfinite(end)
        and min(present, end) - ROUNDING <= value <= max(present, end) + ROUNDING
    )
