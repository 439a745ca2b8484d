from datetime import UTC, datetime, timedelta

import pytest

from pipelines.console.carried_out import ended_at, prepare_carried_out
from pipelines.console.tables import Tables
from pipelines.operations.standing_orders import ACCEPTED_FOR
from pipelines.site.file import load_site
from tests.dashboards.conftest import decide

pytestmark = pytest.mark.medium

NOW = datetime.now(UTC)


@pytest.fixture
def accepted(settings, operations):
    """A decision of two hours ago, accepted and carried out."""
    site = load_site(settings.sites / "plant.toml")
    at = NOW - timedelta(hours=2)
    operations.order(
        "mode", by="Ana", why="go", at=at - timedelta(days=1), body={"from": "shadow", "to": "advise"}
    )
    number = decide(operations, site, at)
    operations.order(
        "accept",
        by="Ana",
        why="fine",
        at=at,
        answers=number,
        body={"decision": number, "goal": {"CHWS_SP_C": 9.5}},
    )
    operations.add_decision(
        at=at + timedelta(minutes=15), mode="advise", source="accepted", reason="", written=True,
        body={"written": {"CHWS_SP_C": 7.5}},
    )  # fmt: skip
    return site


def row(settings, site):
    prepare_carried_out(site, settings, NOW)
    return Tables(settings, "plant").read("carried_out")["accepted"][0]


def test_what_was_written_stands_beside_what_was_promised(settings, accepted):
    found = row(settings, accepted)
    assert (found["by"], found["writes"], found["ended"]) == ("Ana", 1, False)
    assert found["last_written"] == {"CHWS_SP_C": 7.5}
    assert found["promised"]["saving_kw"] == pytest.approx(20.0)
    assert found["saved"]["kw"] is None  # there is no model here
    assert found["saved"]["why_not"]


def test_acceptance_ends_by_time_withdrawal_or_mode(settings, accepted, operations):
    order = next(one for one in operations.orders() if one.kind == "accept")
    assert ended_at(order, operations.orders()) == order.at + ACCEPTED_FOR
    operations.order("withdraw_acceptance", by="Bo", why="no", at=NOW, body={"decision": 1})
    assert ended_at(order, operations.orders()) == NOW


def test_acceptance_of_which_nothing_was_written_has_no_saving(settings, operations):
    site = load_site(settings.sites / "plant.toml")
    number = decide(operations, site, NOW)
    operations.order("accept", by="Ana", why="fine", at=NOW, answers=number, body={"decision": number})
    assert row(settings, site)["saved"] is None
