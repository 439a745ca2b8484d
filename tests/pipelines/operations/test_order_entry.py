import math
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.operations import order_entry
from pipelines.operations.ledger import LedgerError
from pipelines.operations.order_entry import (
    ANSWERED_WITHIN,
    OrderError,
    digest_of,
    order_answer,
    order_back_to_rule,
    order_hold,
    order_limits,
    order_mode,
    order_override,
    order_release,
    order_release_hold,
    order_withdraw_acceptance,
)
from pipelines.operations.standing_orders import limits_by_tag, standing

pytestmark = pytest.mark.medium

SUPPLY = "CRAH.SAT_SP_C"
SIGNED = {"by": "Ana", "why": "commissioning"}


def now(operations, later=timedelta(0)):
    return standing(operations.orders(), datetime.now(UTC) + later)


def test_mode_goes_up_one_step_at_a_time_each_signed_and_down_at_once(operations):
    with pytest.raises(OrderError, match="order advise first"):
        order_mode(operations, "auto", **SIGNED)
    order_mode(operations, "advise", **SIGNED)
    order_mode(operations, "auto", by="Ben", why="a month of good advice")
    order_mode(operations, "shadow", by="Cho", why="pump 2 is out")
    steps = [(one.body["from"], one.body["to"], one.by, one.why) for one in operations.orders()]
    assert steps == [
        ("shadow", "advise", "Ana", "commissioning"),
        ("advise", "auto", "Ben", "a month of good advice"),
        ("auto", "shadow", "Cho", "pump 2 is out"),
    ]


@pytest.mark.parametrize(("by", "why", "said"), [("", "because", "name"), ("Ana", " ", "reason")])
def test_unsigned_or_unreasoned_order_is_refused(operations, by, why, said):
    with pytest.raises(LedgerError, match=said):
        order_mode(operations, "advise", by=by, why=why)
    assert now(operations).mode == "shadow"


def test_limits_are_narrowed_and_released(operations, site):
    order_limits(operations, site, SUPPLY, 19.0, 23.0, **SIGNED)
    assert limits_by_tag(site, now(operations).orders())[SUPPLY] == (19.0, 23.0)
    order_limits(operations, site, SUPPLY, 19.0, 24.0, **SIGNED)
    assert limits_by_tag(site, now(operations).orders())[SUPPLY] == (19.0, 24.0)
    order_release(operations, site, SUPPLY, **SIGNED)
    assert limits_by_tag(site, now(operations).orders())[SUPPLY] == (18.0, 26.0)


def test_limits_that_leave_nothing_of_the_auto_limits_are_refused_and_what_stands_stays(operations, site):
    supply = next(each for each in site.setpoints if each.tag == SUPPLY)
    narrow = supply.model_copy(update={"auto_min": 18.0, "auto_max": 22.0})
    narrow = site.model_copy(update={"setpoints": [narrow]})
    order_limits(operations, narrow, SUPPLY, 19.0, 21.0, **SIGNED)
    with pytest.raises(OrderError, match=r"23\.\.24 .* mode auto, 18\.\.22"):
        order_limits(operations, narrow, SUPPLY, 23.0, 24.0, **SIGNED)
    assert limits_by_tag(narrow, now(operations).orders())[SUPPLY] == (19.0, 21.0)


@pytest.mark.parametrize(("low", "high"), [(17.0, 22.0), (19.0, 30.0), (23.0, 19.0), (float("nan"), 20.0)])
def test_limits_beyond_the_site_file_or_in_disorder_are_refused(operations, site, low, high):
    with pytest.raises(OrderError, match="limits of"):
        order_limits(operations, site, SUPPLY, low, high, **SIGNED)
    assert operations.orders() == []


def test_override_ends_at_its_time_or_when_released(operations, site):
    until = datetime.now(UTC) + timedelta(hours=2)
    order_override(operations, site, SUPPLY, 19.0, until=until, **SIGNED)
    assert now(operations).orders().overrides == {SUPPLY: 19.0}
    assert now(operations, timedelta(hours=3)).orders().overrides == {}
    order_override(operations, site, SUPPLY, 19.5, **SIGNED)
    assert now(operations, timedelta(days=30)).orders().overrides == {SUPPLY: 19.5}
    order_release(operations, site, SUPPLY, **SIGNED)
    assert now(operations).orders().overrides == {}


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [(SUPPLY, 40.0, "must lie in"), ("PLANT.WSE_ENABLE", 0.5, "on/off"), ("NO.TAG", 1.0, "no setpoint")],
)
def test_override_that_the_plant_cannot_take_is_refused(operations, site, tag, value, said):
    with pytest.raises(OrderError, match=said):
        order_override(operations, site, tag, value, **SIGNED)


def test_override_that_has_ended_before_it_begins_is_refused(operations, site):
    with pytest.raises(OrderError, match="must lie ahead"):
        order_override(operations, site, SUPPLY, 20.0, until=datetime(2020, 1, 1, tzinfo=UTC), **SIGNED)


def recommended(operations, *, ago=timedelta(0), goal=22.0) -> int:
    return operations.add_decision(
        at=datetime.now(UTC) - ago, mode="advise", source="model", reason="warmer", written=False,
        body={"present": {SUPPLY: 20.0}, "values": {SUPPLY: 20.0}, "goal": {SUPPLY: goal}},
    )  # fmt: skip


@pytest.fixture
def answer(site):
    def answered(operations, number, accept=True):
        return order_answer(operations, site, number, accept=accept, **SIGNED)

    return answered


def test_latest_recommendation_is_accepted_once_and_the_acceptance_withdrawn(operations, answer):
    order_mode(operations, "advise", **SIGNED)
    number = recommended(operations)
    answer(operations, number)
    accepted = now(operations).accepted
    assert (accepted.body["decision"], accepted.body["goal"]) == (number, {SUPPLY: 22.0})
    assert accepted.body["shown"] == digest_of(operations.decision(number))
    with pytest.raises(OrderError, match=r"was accepted by Ana at .* one answer"):
        answer(operations, number, accept=False)
    order_withdraw_acceptance(operations, number, **SIGNED)
    assert now(operations).accepted is None
    with pytest.raises(OrderError, match="not the accepted one"):
        order_withdraw_acceptance(operations, number, **SIGNED)


def test_two_answers_at_once_leave_one_and_the_second_person_is_told(operations, answer, monkeypatch):
    order_mode(operations, "advise", **SIGNED)
    number = recommended(operations)
    monkeypatch.setattr(
        order_entry, "why_not_answerable", lambda *_, **__: ""
    )  # both looked before either answered
    answer(operations, number)
    with pytest.raises(OrderError, match="was accepted by Ana"):
        answer(operations, number, accept=False)
    assert [one.kind for one in operations.orders() if one.answers == number] == ["accept"]


def test_answer_to_other_values_than_those_shown_is_refused(operations, site):
    order_mode(operations, "advise", **SIGNED)
    number = recommended(operations)
    with pytest.raises(OrderError, match="not what was shown"):
        order_answer(operations, site, number, accept=True, shown="0123456789abcdef", **SIGNED)
    assert now(operations).accepted is None


def test_rejection_keeps_its_reason_and_its_goal(operations, site):
    order_mode(operations, "advise", **SIGNED)
    number = recommended(operations)
    order_answer(operations, site, number, accept=False, reason="equipment", **SIGNED)
    (rejected,) = now(operations).rejected
    assert (rejected.body["reason"], rejected.body["goal"]) == ("equipment", {SUPPLY: 22.0})
    with pytest.raises(OrderError, match='no reason "mood"'):
        order_answer(operations, site, number, accept=False, reason="mood", **SIGNED)


def holding(site, **changed) -> dict[str, float]:
    return {setpoint.tag: setpoint.default for setpoint in site.setpoints} | changed


SOON = timedelta(hours=2)


def test_hold_keeps_every_setpoint_until_it_is_released(operations, site):
    with pytest.raises(OrderError, match="nothing is being written in mode shadow"):
        order_hold(operations, site, holding(site), until=datetime.now(UTC) + SOON, **SIGNED)
    for mode in ("advise", "auto"):
        order_mode(operations, mode, **SIGNED)
    order_hold(operations, site, holding(site, **{SUPPLY: 21.0}), until=datetime.now(UTC) + SOON, **SIGNED)
    assert now(operations).orders().overrides == holding(site, **{SUPPLY: 21.0})
    order_release_hold(operations, **SIGNED)
    assert (now(operations).hold, now(operations).overrides) == (None, {})
    with pytest.raises(OrderError, match="nothing is held"):
        order_release_hold(operations, **SIGNED)


def test_hold_ends_with_its_time_and_leaves_an_override_that_came_after_it(operations, site):
    for mode in ("advise", "auto"):
        order_mode(operations, mode, **SIGNED)
    order_hold(operations, site, holding(site), until=datetime.now(UTC) + SOON, **SIGNED)
    order_override(operations, site, SUPPLY, 22.0, **SIGNED)
    later = standing(operations.orders(), datetime.now(UTC) + SOON + timedelta(minutes=1))
    assert (later.hold, later.orders().overrides) == (None, {SUPPLY: 22.0})


@pytest.mark.parametrize(
    ("changed", "said"), [({SUPPLY: 60.0}, "must lie in"), ({SUPPLY: math.nan}, "must lie in")]
)
def test_hold_at_what_the_plant_cannot_take_is_refused(operations, site, changed, said):
    for mode in ("advise", "auto"):
        order_mode(operations, mode, **SIGNED)
    with pytest.raises(OrderError, match=said):
        order_hold(operations, site, holding(site, **changed), until=datetime.now(UTC) + SOON, **SIGNED)
    with pytest.raises(OrderError, match="has none"):
        order_hold(operations, site, {}, until=datetime.now(UTC) + SOON, **SIGNED)


def test_back_to_the_rule_ends_writing_without_a_loop(operations, site, outbox):
    for mode in ("advise", "auto"):
        order_mode(operations, mode, **SIGNED)
    outbox.write(
        holding(site), at=datetime.now(UTC), valid_for=SOON, source="coldaisle", reason="test", present={},
        limits=lambda: {setpoint.tag: (setpoint.min, setpoint.max) for setpoint in site.setpoints},
    )  # fmt: skip
    order_back_to_rule(operations, outbox, **SIGNED)
    assert (now(operations).mode, outbox.last()) == ("shadow", None)
    with pytest.raises(OrderError, match="under its own control already"):
        order_back_to_rule(operations, outbox, **SIGNED)


def test_answer_outside_advise_or_to_no_decision_is_refused(operations, answer):
    with pytest.raises(OrderError, match="no decision 7"):
        answer(operations, 7)
    with pytest.raises(OrderError, match="answered in advise"):
        answer(operations, recommended(operations))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"ago": ANSWERED_WITHIN + timedelta(minutes=1)}, "1.0 h old, more than 1 h"),
        ({"ago": -timedelta(hours=1)}, "lies ahead"),
        ({"goal": 20.0}, "recommends to hold"),
    ],
)
def test_recommendation_that_is_old_early_or_moves_nothing_is_not_accepted(operations, answer, given, why):
    order_mode(operations, "advise", **SIGNED)
    with pytest.raises(OrderError, match=why):
        answer(operations, recommended(operations, **given))
    assert now(operations).accepted is None


def test_only_the_latest_recommendation_is_accepted(operations, answer):
    order_mode(operations, "advise", **SIGNED)
    first = recommended(operations, ago=timedelta(minutes=15))
    second = recommended(operations)
    with pytest.raises(OrderError, match=f"answer decision {second}"):
        answer(operations, first)
    # one that was asked for a past time does not take its place
    recommended(operations, ago=timedelta(days=30))
    answer(operations, second)


@pytest.mark.parametrize("source", ["rule", "monitor", "override", "hold"])
def test_what_the_model_did_not_choose_is_not_accepted(operations, answer, source):
    order_mode(operations, "advise", **SIGNED)
    number = operations.add_decision(
        at=datetime.now(UTC), mode="advise", source=source, reason="", written=False,
        body={"present": {SUPPLY: 20.0}, "values": {SUPPLY: 20.0}, "goal": {SUPPLY: 22.0}},
    )  # fmt: skip
    with pytest.raises(OrderError, match="recommends to hold"):
        answer(operations, number)


def test_acceptance_can_be_withdrawn_after_newer_decisions(operations, answer):
    order_mode(operations, "advise", **SIGNED)
    number = recommended(operations, ago=timedelta(minutes=15))
    answer(operations, number)
    recommended(operations, goal=20.0)
    order_withdraw_acceptance(operations, number, **SIGNED)
    assert now(operations).accepted is None
