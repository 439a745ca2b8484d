from datetime import UTC, datetime, timedelta

import pytest

from pipelines.operations.ledger import Operations
from pipelines.operations.order_entry import order_limits, order_mode
from pipelines.operations.standing_orders import limits_by_tag, standing

SUPPLY = "CRAH.SAT_SP_C"
SIGNED = {"by": "Ana", "why": "commissioning"}


def now(operations):
    return standing(operations.orders(), datetime.now(UTC))


def test_new_site_is_in_shadow(operations):
    assert now(operations).mode == "shadow"


def test_mode_outlives_the_process(home, site, operations):
    order_mode(operations, "advise", **SIGNED)
    assert now(Operations(home.ledger, site.name)).mode == "advise"
    assert now(Operations(home.ledger, "another")).mode == "shadow"


def test_order_that_ran_out_is_in_force_no_longer(operations, site):
    until = datetime.now(UTC) + timedelta(hours=1)
    order_limits(operations, site, SUPPLY, 19.0, 21.0, until=until, **SIGNED)
    assert limits_by_tag(site, now(operations).orders())[SUPPLY] == (19.0, 21.0)
    later = standing(operations.orders(), until)
    assert limits_by_tag(site, later.orders())[SUPPLY] == (18.0, 26.0)


def test_numbers_that_no_limit_can_be_are_ignored_and_named(operations, site):
    operations.order("limits", tag=SUPPLY, body={"low": "warm", "high": 21.0}, **SIGNED)
    in_force = now(operations)
    assert limits_by_tag(site, in_force.orders())[SUPPLY] == (18.0, 26.0)
    assert SUPPLY in in_force.ignored(site)[0]


@pytest.mark.parametrize(
    ("kind", "body"),
    [("mode", {"to": "fast"}), ("limits", {"low": 19.0}), ("override", {}), ("accept", {}), ("dance", {})],
)
def test_damaged_order_is_ignored_and_named(operations, kind, body):
    order_mode(operations, "advise", **SIGNED)
    operations.order(kind, tag=SUPPLY, body=body, **SIGNED)
    in_force = now(operations)
    assert (in_force.mode, in_force.limits, in_force.overrides, in_force.accepted) == ("advise", {}, {}, None)
    assert "order 2" in in_force.notices[0]
