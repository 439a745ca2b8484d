"""Trials and events in the ledger, and a loop that follows a trial."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from pipelines.operations import loop
from pipelines.operations.adjustments import adjustments_in, order_adjustment
from pipelines.operations.order_entry import OrderError, order_mode
from pipelines.operations.standing_orders import standing
from pipelines.operations.trial_orders import block_in_force, order_trial, told_of, trials_in, withdraw
from pipelines.savings.trials.plan import TrialPlan, make_plan
from tests.pipelines.control.plant import AT
from tests.pipelines.operations.conftest import home, operations, outbox, site, start  # noqa: F401

pytestmark = pytest.mark.medium
SIGNED = {"by": "Ana", "why": "to see what it saves"}


def ahead(site, days: int = 1, **more) -> TrialPlan:  # noqa: F811
    begin = pd.Timestamp(datetime.now(UTC)).tz_convert(site.local_zone).normalize() + pd.Timedelta(days=days)
    return make_plan(site, start=begin, days=14, seed=1, wash_out_h=4.0, **more)


def at_its_time(plan: TrialPlan, arm: str) -> TrialPlan:
    """The plan moved so that a block of an arm holds AT."""
    block = next(each for each in plan.blocks if each.arm == arm)
    shift = AT - block.start - timedelta(hours=6)
    moved = [
        each.model_copy(update={"start": each.start + shift, "end": each.end + shift}) for each in plan.blocks
    ]
    return plan.model_copy(update={"blocks": moved})


def recorded(operations, plan: TrialPlan) -> int:  # noqa: F811
    return operations.order("trial", body=plan.model_dump(mode="json") | {"digest": plan.digest()}, **SIGNED)


def to_auto(operations) -> None:  # noqa: F811
    order_mode(operations, "advise", **SIGNED)
    order_mode(operations, "auto", **SIGNED)


def test_a_trial_is_started_once_and_overlaps_none(operations, site):  # noqa: F811
    number = order_trial(operations, site, ahead(site), **SIGNED)
    (started,) = trials_in(operations.orders())
    assert started.order.id == number
    with pytest.raises(OrderError, match=f"overlaps trial {number}"):
        order_trial(operations, site, ahead(site, 7), **SIGNED)
    withdraw(operations, number, **SIGNED)
    assert trials_in(operations.orders()) == []
    order_trial(operations, site, ahead(site, 7), **SIGNED)
    with pytest.raises(OrderError, match="withdrawn already"):
        withdraw(operations, number, **SIGNED)
    with pytest.raises(OrderError, match="is no trial and no adjustment"):
        withdraw(operations, 999, **SIGNED)


def test_a_trial_that_has_begun_or_is_anothers_is_not_started(operations, site):  # noqa: F811
    with pytest.raises(OrderError, match="which has passed"):
        order_trial(operations, site, ahead(site, -3), **SIGNED)
    with pytest.raises(OrderError, match='of site "other"'):
        order_trial(operations, site, ahead(site).model_copy(update={"site": "other"}), **SIGNED)


def test_a_plan_that_was_changed_in_the_ledger_is_not_followed(operations, site):  # noqa: F811
    plan = at_its_time(ahead(site), "off")
    operations.order("trial", body=plan.model_dump(mode="json") | {"digest": "another"}, **SIGNED)
    assert block_in_force(operations.orders(), AT) is None


def test_trials_and_events_are_no_orders_of_control(operations, site):  # noqa: F811
    order_trial(operations, site, ahead(site), **SIGNED)
    order_adjustment(operations, kind="load step", treatment="exclude", kw=0.0, start=AT, end=None, **SIGNED)
    assert standing(operations.orders(), AT).notices == ()


def test_where_control_is_off_the_loop_writes_the_rule(start, operations, site, outbox):  # noqa: F811
    to_auto(operations)
    recorded(operations, at_its_time(ahead(site), "off"))
    step = start().step(AT)
    assert step.source != "model"
    assert "control is off until" in step.reason
    defaults = {setpoint.tag: setpoint.default for setpoint in site.setpoints}
    assert step.written == pytest.approx(defaults, abs=0.6)
    (told,) = told_of(operations, at_its_time(ahead(site), "off"))
    assert (told.mode, told.written, told.values) == ("auto", True, step.written)


def test_where_control_is_on_the_model_decides(start, operations, site):  # noqa: F811
    to_auto(operations)
    recorded(operations, at_its_time(ahead(site), "on"))
    assert start().step(AT).source == "model"


def test_outside_of_auto_a_trial_changes_nothing(start, operations, site):  # noqa: F811
    recorded(operations, at_its_time(ahead(site), "off"))
    assert start().step(AT).source == "model"


def test_the_challenger_decides_in_its_blocks_and_the_champion_after(start, operations, site, monkeypatch):  # noqa: F811
    to_auto(operations)
    server = start()
    champion = server.controller.params
    monkeypatch.setattr(loop, "open_parameters", lambda *asked: (champion, f"cascade/{asked[-1]}"))
    number = recorded(operations, at_its_time(ahead(site, arms=("champion", "challenger")), "challenger"))
    server.step(AT)
    assert operations.decisions()[0].body["model"] == "cascade/challenger"
    withdraw(operations, number, **SIGNED)
    server.step(AT + timedelta(minutes=15))
    assert operations.decisions()[0].body["model"] == "cascade/champion"


def test_a_challenger_that_cannot_be_loaded_leaves_the_champion(start, operations, site, monkeypatch):  # noqa: F811
    to_auto(operations)
    server = start()
    broken = server.controller.params.__class__(**{**vars(server.controller.params), "model": None})
    monkeypatch.setattr(loop, "open_parameters", lambda *_: (broken, "there is none"))
    recorded(operations, at_its_time(ahead(site, arms=("champion", "challenger")), "challenger"))
    step = server.step(AT)
    assert step.source == "model"
    assert any("the champion goes on" in text for text in step.trouble)


def test_events_are_recorded_with_name_and_reason(operations):  # noqa: F811
    given = {"treatment": "add", "kw": 40.0, "start": AT, "end": AT + timedelta(days=3)}
    number = order_adjustment(operations, kind="load step", by="Ana", why="new hall tested", **given)
    (event,) = adjustments_in(operations.orders())
    assert (event.number, event.by, event.why, event.kw) == (number, "Ana", "new hall tested", 40.0)
    withdraw(operations, number, **SIGNED)
    assert adjustments_in(operations.orders()) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "weather"}, 'no kind of event "weather"'),
        ({"treatment": "forget"}, 'no treatment "forget"'),
        ({"treatment": "add"}, "needs the kW"),
        ({"end": AT - timedelta(days=1)}, "before it begins"),
    ],
)
def test_an_event_that_contradicts_itself_is_refused(operations, given, message):  # noqa: F811
    usual = {"kind": "other", "treatment": "exclude", "kw": 0.0, "start": AT, "end": None}
    with pytest.raises(OrderError, match=message):
        order_adjustment(operations, **(usual | given), **SIGNED)
