"""A decision as a recommendation: moves, expectations, the saving, how to undo it. Reads the decision only."""

import math
from datetime import datetime

from pipelines.control.decision import Decision, Settled
from pipelines.control.recommendation import Estimate, Move, Recommendation
from pipelines.control.saving import saving_of
from pipelines.site.file import Setpoint, Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.plant_table import figure_name

SMALL_SHARE = 0.005  # of a setpoint's range: a smaller difference is no move
RECOMMENDED = ("model", "accepted")  # sources whose goal an operator may be asked to accept


def recommendation_of(
    site: Site, decision: Decision, at: datetime, *, model_version: str | None = None
) -> Recommendation:
    """The recommendation that a decision is.

    It is a change where the model, or an accepted recommendation, moves a setpoint; otherwise a hold with the reason of
    the decision: moves by the site's rule, the monitor or an override are not offered for acceptance.
    """
    moves = moves_of(site, decision) if decision.source in RECOMMENDED else []
    expected = decision.expected if decision.source == "model" else None
    saving = saving_of(expected) if expected else None
    return Recommendation(
        site=site.name,
        at=at,
        action="change" if moves else "hold",
        reason=decision.reason,
        source=decision.source,
        mode=decision.mode,
        figure_name=figure_name(site),
        moves=moves,
        present=_estimate(site, expected.present) if expected else None,
        proposed=_estimate(site, expected.goal) if expected else None,
        saving_kw=saving.kw if saving else None,
        saving_low_kw=saving.low_kw if saving else None,
        saving_high_kw=saving.high_kw if saving else None,
        binding=[*(str(clip) for clip in decision.clips), *not_available(site, decision)],
        rollback=rollback(site, moves) if moves else None,
        notices=list(decision.notices),
        model_version=model_version,
    )


def not_available(site: Site, decision: Decision) -> list[str]:
    """For every setpoint whose goal is as cold as equipment can deliver now, why it is no colder."""
    limits = decision.expected.unavailable if decision.expected and decision.source == "model" else ()
    by_name = {site.setpoint_name(setpoint): setpoint for setpoint in site.setpoints}
    return [
        f"{by_name[limit.setpoint].tag}: {limit.why}"
        for limit in limits
        if limit.setpoint in by_name
        and limit.setpoint in decision.goal
        and not differs(by_name[limit.setpoint], limit.least, decision.goal[limit.setpoint])
    ]


def moves_of(site: Site, decision: Decision) -> list[Move]:
    """Setpoints that a decision moves, in the site file's order."""
    moves = []
    for setpoint in site.setpoints:
        name, quantity = site.setpoint_name(setpoint), site.quantity_of(setpoint)
        present, step, goal = (
            values.get(name, math.nan) for values in (decision.present, decision.values, decision.goal)
        )
        if not all(map(math.isfinite, (present, step, goal))) or not differs(setpoint, present, goal):
            continue
        unit = QUANTITIES[quantity].unit
        moves.append(
            Move(tag=setpoint.tag, quantity=quantity, unit=unit, present=present, step=step, goal=goal)
        )
    return moves


def differs(setpoint: Setpoint, present: float, goal: float) -> bool:
    """Whether a goal is far enough from the present setpoint to count as a move."""
    return abs(goal - present) >= SMALL_SHARE * (setpoint.max - setpoint.min)


def rollback(site: Site, moves: list[Move]) -> str:
    """How to go back, in words: values, and how long slew rates make it last."""
    by_tag = {setpoint.tag: setpoint for setpoint in site.setpoints}
    hours = max(
        0.0 if by_tag[move.tag].kind == "binary"
        else abs(move.goal - move.present) / by_tag[move.tag].slew_per_hour
        for move in moves
    )  # fmt: skip
    values = ", ".join(f"{move.tag} {move.present:.4g}" for move in moves)
    return f"back to {values}: {'at once' if hours == 0.0 else f'{60.0 * hours:.0f} min at the slew rate'}"


def _estimate(site: Site, settled: Settled) -> Estimate | None:
    """What is expected, as shown; None where a figure is not finite."""
    facility_kw = settled.mean_kw if settled.facility_kw else math.nan
    figure = facility_kw / settled.it_kw if settled.it_kw else math.nan
    if not all(map(math.isfinite, (figure, settled.cooling_kw, settled.outside))):
        return None
    has_inlets = any(point.quantity == "rack_inlet_c" for point in site.points)
    return Estimate(
        figure=figure,
        cooling_kw=settled.cooling_kw,
        facility_kw=facility_kw,
        it_power_kw=settled.it_kw if site.meters.it else None,
        rack_inlet_c=settled.rack_inlet_c if has_inlets and math.isfinite(settled.rack_inlet_c) else None,
        outside_sd=settled.outside,
    )
