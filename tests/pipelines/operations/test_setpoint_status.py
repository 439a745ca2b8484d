from datetime import timedelta

import pytest

from pipelines.operations.order_entry import order_limits, order_mode, order_override
from pipelines.operations.setpoint_status import override_effect, setpoint_status
from pipelines.operations.standing_orders import standing
from pipelines.telemetry.store import Store
from tests.pipelines.control.plant import AT

SUPPLY, CHILLED = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C"
SIGNED = {"by": "Ana", "why": "commissioning"}


@pytest.fixture
def status(site, home, operations, outbox):
    def shown(at=AT):
        rows, notices = setpoint_status(site, home, standing(operations.orders(), at), outbox, at)
        return {one.tag: one for one in rows}, notices

    return shown


def test_override_in_shadow_is_ordered_and_not_carried_out_and_the_reading_stays(status, operations, site):
    order_override(operations, site, SUPPLY, 24.0, **SIGNED)
    supply = status()[0][SUPPLY]
    assert (supply.reading, supply.override.body["value"]) == (20.0, 24.0)
    assert not supply.carried_out
    assert supply.written is None
    assert "nothing" in override_effect("shadow")


def test_override_is_carried_out_in_auto_only(status, operations, site):
    order_override(operations, site, SUPPLY, 24.0, **SIGNED)
    order_mode(operations, "advise", **SIGNED)
    assert not status()[0][SUPPLY].carried_out
    order_mode(operations, "auto", **SIGNED)
    assert status()[0][SUPPLY].carried_out
    assert not status()[0][CHILLED].carried_out


def test_what_was_written_is_shown_until_it_runs_out(status, outbox):
    outbox.write(
        {SUPPLY: 20.4}, at=AT, valid_for=timedelta(minutes=30), source="model", reason="warmer",
        present={SUPPLY: 20.0}, limits=dict,
    )  # fmt: skip
    supply = status()[0][SUPPLY]
    assert (supply.written, supply.until) == (pytest.approx(20.4), AT + timedelta(minutes=30))
    assert status(AT + timedelta(minutes=31))[0][SUPPLY].written is None


def test_last_reading_says_when_it_was_read(status):
    assert status(AT + timedelta(days=30))[0][SUPPLY].read_at == AT


def test_limits_in_force_say_who_narrowed_them(status, operations, site):
    order_limits(operations, site, SUPPLY, 19.0, 21.0, **SIGNED)
    supply = status()[0][SUPPLY]
    assert (supply.low, supply.high, supply.narrowed.by) == (19.0, 21.0, "Ana")


def test_what_cannot_be_read_is_said(status, home, site, outbox):
    Store(home.store, site).manifest_path.write_text("{")
    outbox.path.parent.mkdir(parents=True)
    outbox.path.write_text("{")
    rows, notices = status()
    assert rows[SUPPLY].reading is None
    assert "no telemetry can be read" in notices[0]
    assert "setpoints.json cannot be read" in notices[1]
