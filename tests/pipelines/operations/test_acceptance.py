import math
from datetime import UTC, datetime, timedelta

import pytest

from models.safety.types import Clip
from pipelines.control.decision import Decision
from pipelines.operations.acceptance import accepted_goal, writable
from pipelines.operations.order_entry import order_answer, order_mode
from pipelines.operations.standing_orders import ACCEPTED_FOR, standing

SUPPLY, CHILLED, CONDENSER, SWITCH = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C", "PLANT.CWS_SP_C", "PLANT.WSE_ENABLE"
NAMES = {
    SUPPLY: "supply_air_sp_c", CHILLED: "chw_supply_sp_c", CONDENSER: "cw_supply_sp_c", SWITCH: "economizer_enable",
}  # fmt: skip
PRESENT = {SUPPLY: 20.0, CHILLED: 12.0, CONDENSER: 21.0, SWITCH: 0.0}
GOAL = {SUPPLY: 22.0, CHILLED: 12.0, CONDENSER: 19.0, SWITCH: 1.0}
STEP = {SUPPLY: 20.5, CHILLED: 12.0, CONDENSER: 20.0, SWITCH: 1.0}
SIGNED = {"by": "Ana", "why": "commissioning"}


def decision(step=STEP, **given) -> Decision:
    usual = {
        "values": {NAMES[tag]: value for tag, value in step.items()},
        "present": {NAMES[tag]: value for tag, value in PRESENT.items()},
        "reason": "an accepted recommendation",
        "source": "accepted",
        "mode": "advise",
    }
    return Decision(**(usual | given))


def recommended(operations, *, at=None, present=PRESENT, goal=GOAL) -> int:
    return operations.add_decision(
        at=at or datetime.now(UTC), mode="advise", source="model", reason="warmer", written=False,
        body={"present": present, "values": STEP, "goal": goal},
    )  # fmt: skip


def test_step_towards_what_was_accepted_is_written(site):
    assert writable(site, decision(), GOAL) == (STEP, "")


def test_nothing_is_written_where_nothing_was_accepted(site):
    assert writable(site, decision(source="model"), {}).values is None


@pytest.mark.parametrize(
    "other", [{SUPPLY: 19.5}, {SUPPLY: 22.5}, {CHILLED: 12.1}, {CONDENSER: 21.5}, {SUPPLY: math.nan}]
)
def test_value_that_nobody_accepted_keeps_all_of_them_back(site, other):
    values, why = writable(site, decision(STEP | other), GOAL)
    assert values is None
    assert next(iter(other)) in why


@pytest.mark.parametrize("source", ["model", "rule", "monitor", "override", "hold"])
def test_choice_of_anybody_else_is_not_written_after_an_acceptance(site, source):
    values, why = writable(site, decision(source=source, reason="a rack inlet is at 29 °C"), GOAL)
    assert values is None
    assert "29 °C" in why


def test_acceptance_that_the_safety_layer_changes_is_not_written_and_says_why(site):
    clip = Clip(
        "interlock", "cw_supply_sp_c", 20.0, 21.0, "condenser water not too cold for a running chiller"
    )
    values, why = writable(site, decision(STEP | {CONDENSER: 21.0}, clips=(clip,)), GOAL)
    assert values is None
    assert "condenser water not too cold" in why


def test_setpoint_that_was_not_accepted_stays_where_it_stands(site):
    goal = {tag: value for tag, value in GOAL.items() if tag != CHILLED}
    assert writable(site, decision(), goal).values == STEP
    assert writable(site, decision(STEP | {CHILLED: 12.3}), goal).values is None


def test_goal_of_the_accepted_decision_holds_for_four_hours_in_advise(operations, site):
    order_mode(operations, "advise", **SIGNED)
    order_answer(operations, site, recommended(operations), accept=True, **SIGNED)
    now = datetime.now(UTC)
    in_force = standing(operations.orders(), now)
    assert accepted_goal(operations, in_force) == GOAL
    late = standing(operations.orders(), now + ACCEPTED_FOR + timedelta(minutes=1))
    assert accepted_goal(operations, late) == {}


def test_acceptance_does_not_come_back_with_the_mode(operations, site):
    order_mode(operations, "advise", **SIGNED)
    order_answer(operations, site, recommended(operations), accept=True, **SIGNED)
    order_mode(operations, "shadow", **SIGNED)
    order_mode(operations, "advise", **SIGNED)
    assert standing(operations.orders(), datetime.now(UTC)).accepted is None


def test_acceptance_of_a_decision_that_is_not_in_the_ledger_is_of_nothing(operations):
    operations.order("mode", by="Ana", why="trial", body={"to": "advise"})
    operations.order("accept", by="Ana", why="good", body={"decision": 99})
    assert accepted_goal(operations, standing(operations.orders(), datetime.now(UTC))) == {}
