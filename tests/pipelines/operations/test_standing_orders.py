from datetime import UTC, datetime, timedelta

import pytest

from pipelines.operations.ledger import LedgerError, Operations
from pipelines.operations.standing_orders import (
    OrderError,
    limits_by_tag,
    order_answer,
    order_limits,
    order_mode,
    order_override,
    order_release,
    standing,
)

SUPPLY = "CRAH.SAT_SP_C"
SIGNED = {"by": "Ana", "why": "commissioning"}


def now(operations, later=timedelta(0)):
    return standing(operations.orders(), datetime.now(UTC) + later)


def test_new_site_is_in_shadow(operations):
    assert now(operations).mode == "shadow"


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


def test_mode_outlives_the_process(home, site, operations):
    order_mode(operations, "advise", **SIGNED)
    assert now(Operations(home.ledger, site.name)).mode == "advise"
    assert now(Operations(home.ledger, "another")).mode == "shadow"


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


def test_answers_are_for_advice_that_exists(operations):
    with pytest.raises(OrderError, match="no decision 7"):
        order_answer(operations, 7, accept=True, **SIGNED)
    number = operations.decided(
        at=datetime.now(UTC), mode="shadow", source="model", reason="", written=False, body={}
    )
    with pytest.raises(OrderError, match="answered in advise"):
        order_answer(operations, number, accept=True, **SIGNED)
