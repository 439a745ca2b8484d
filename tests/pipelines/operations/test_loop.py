import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.control.controller import Controller
from pipelines.errors import ModelError
from pipelines.operations import open_controller, service
from pipelines.operations.alarms import alarms_of
from pipelines.operations.alive import alive
from pipelines.operations.ledger import LedgerError
from pipelines.operations.order_entry import order_limits, order_mode, order_override
from pipelines.operations.service import serve
from pipelines.telemetry.latest import Arrived
from pipelines.telemetry.store import Store
from tests.pipelines.control.plant import AT, STEP
from tests.pipelines.operations.conftest import bring

pytestmark = pytest.mark.medium

SUPPLY, CHILLED = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C"
SIGNED = {"by": "Ana", "why": "commissioning"}


def to_auto(operations):
    order_mode(operations, "advise", **SIGNED)
    order_mode(operations, "auto", **SIGNED)


def test_shadow_decides_and_records_and_writes_nothing(start, operations, outbox):
    step = start().step(AT)
    assert (step.mode, step.source, step.trouble) == ("shadow", "model", ())
    assert step.written == {}
    assert not outbox.path.exists()
    (made,) = operations.decisions()
    assert made.id == step.decision
    assert not made.written
    assert made.body["values"] == pytest.approx(step.values)
    assert made.body["model"] == "cascade/1"


def test_auto_writes_what_it_decided_and_says_until_when(start, operations, outbox):
    to_auto(operations)
    step = start().step(AT)
    assert step.written == pytest.approx(step.values, abs=0.05 + 1e-6)  # the device takes tenths of a kelvin
    assert outbox.last().values == pytest.approx(step.written)
    assert outbox.last().valid_until == AT + timedelta(minutes=37.5)
    assert operations.decisions()[0].written


def test_restart_resumes_in_the_recorded_mode_and_from_what_was_written(
    start, home, site, operations, outbox
):
    to_auto(operations)
    start().step(AT)
    before = outbox.last().values
    bring(site, home, rows=1, first=1)
    again = start().step(AT + STEP)
    assert again.mode == "auto"
    assert again.refused == ()
    assert abs(again.written[SUPPLY] - before[SUPPLY]) <= 0.5 + 1e-6


def test_controller_knows_after_a_restart_what_the_store_holds(start, operations):
    server = start()
    server.step(AT)
    assert len(server.controller.memory.sensing.history.recent("load_kw", AT, timedelta(hours=3))) >= 10


@pytest.fixture
def advised(start, operations):
    """A loop in mode advise, its first decision accepted at the plant's time."""
    order_mode(operations, "advise", **SIGNED)
    server = start()
    step = server.step(AT)
    assert step.written == {}
    operations.order("accept", at=AT, body={"decision": step.decision}, **SIGNED)
    return server, step


def test_advice_waits_for_a_yes_and_then_only_its_goal_is_gone_for(advised, home, site, outbox):
    server, step = advised
    for k in range(1, 12):
        bring(site, home, rows=1, first=k)
        followed = server.step(AT + k * STEP)
        assert followed.trouble == ()
        for tag, value in followed.written.items():
            low, high = sorted((step.values[tag], step.goal[tag]))
            assert low - 1e-6 <= value <= high + 1e-6
    assert followed.written.keys() == step.goal.keys()
    assert outbox.last().values == pytest.approx(followed.written)


def test_acceptance_runs_out_and_the_plant_is_handed_back(advised, home, site, outbox):
    server, _ = advised
    bring(site, home, rows=1, first=1)
    assert server.step(AT + STEP).written
    assert server.step(AT + timedelta(hours=4, minutes=15)).written == {}
    assert outbox.last() is None


def test_after_an_acceptance_what_the_monitor_wants_is_not_written_and_is_said(advised, home, site, outbox):
    server, _ = advised
    bring(site, home, rows=1, first=1)
    assert server.step(AT + STEP).written
    bring(site, home, rows=2, first=3, rack_inlet_c=29.5, supply_air_c=28.5)
    step = server.step(AT + 3 * STEP)
    assert step.source in ("monitor", "rule")
    assert step.written == {}
    assert "the accepted recommendation is not written" in step.trouble[-1]
    assert outbox.last() is None


def test_leaving_auto_hands_the_plant_back(start, operations, outbox):
    to_auto(operations)
    server = start()
    server.step(AT)
    order_mode(operations, "shadow", by="Cho", why="pump 2 is out")
    assert server.step(AT + STEP).written == {}
    assert outbox.last() is None


def test_limits_that_change_while_it_decides_hold_at_the_gateway(
    start, site, operations, outbox, monkeypatch
):
    to_auto(operations)
    server, decide = start(), Controller.decide

    def meanwhile(self, row, at):
        decided = decide(self, row, at)
        order_limits(operations, site, CHILLED, 10.0, 12.1, **SIGNED)
        return decided

    monkeypatch.setattr(Controller, "decide", meanwhile)
    step = server.step(AT)
    assert step.values[CHILLED] > 12.1
    assert step.written[CHILLED] == pytest.approx(12.0, abs=1e-6)
    assert "limits in force" in " ".join(step.refused)


def test_override_from_the_ledger_is_written_at_its_slew_rate(start, site, operations, outbox):
    to_auto(operations)
    order_override(operations, site, SUPPLY, 18.0, **SIGNED)
    step = start().step(AT)
    assert step.source == "override"
    assert step.written[SUPPLY] == pytest.approx(19.5)


def test_store_that_is_damaged_holds_then_goes_to_the_defaults_and_is_named(
    start, home, site, operations, outbox
):
    to_auto(operations)
    server = start()
    server.step(AT)
    Store(home.store, site).manifest_path.write_text("{")
    for k in range(1, 16):
        step = server.step(AT + k * STEP)
        assert "no telemetry can be read" in step.trouble[0]
    assert outbox.last().values == pytest.approx({each.tag: each.default for each in site.setpoints})
    assert step.source == "rule"


def test_telemetry_that_stops_is_named(start, operations):
    server = start()
    server.step(AT)
    assert "the newest telemetry is" in " ".join(server.step(AT + timedelta(hours=2)).trouble)


def test_missing_model_goes_to_the_defaults_and_says_why(start, operations, monkeypatch):
    def none(*_):
        raise ModelError('site "referee" has no control model yet; run: coldaisle train --site referee')

    monkeypatch.setattr(open_controller, "load_cascade", none)
    step = start().step(AT)
    assert step.source == "rule"
    assert "coldaisle train" in step.reason


def test_ledger_that_goes_away_keeps_the_last_orders_for_an_hour_then_the_site_s_rule(
    start, home, site, operations
):
    to_auto(operations)
    bring(site, home, rows=8, first=8)
    away = {"now": False}

    def opened():
        if away["now"]:
            raise LedgerError("the ledger does not answer")
        return operations

    server = start(operations=opened)
    server.step(AT)
    away["now"], server._operations = True, None
    soon = server.step(AT + STEP)
    assert (soon.mode, soon.source, soon.decision) == ("auto", "model", None)
    assert "does not answer" in soon.trouble[0]
    late = [server.step(AT + k * STEP) for k in range(2, 7)][-1]
    assert late.source == "rule"
    assert "ledger" in late.reason
    away["now"] = False
    assert server.step(AT + 7 * STEP).source == "model"


def test_gateway_that_cannot_be_written_is_named_and_the_loop_goes_on(start, home, site, operations):
    to_auto(operations)
    home.outbox.mkdir()
    (home.outbox / site.name).write_text("in the way")
    step = start().step(AT)
    assert "nothing was written" in step.trouble[0]
    assert step.decision is not None


def test_turn_between_two_rows_decides_on_the_newest_fresh_one(start, operations):
    server = start()
    first = server.step(AT)
    between = server.step(AT + timedelta(minutes=2))
    assert (first.source, between.source) == ("model", "model")
    late = server.step(AT + timedelta(minutes=45))  # the row is too old by now
    assert late.source != "model"


def test_order_is_noticed_before_the_next_turn_is_due(start, operations):
    server = start()
    server.step(AT)
    assert not server.was_ordered()
    order_mode(operations, "advise", **SIGNED)
    assert server.was_ordered()
    server.step(AT + timedelta(minutes=1))
    assert not server.was_ordered()
    operations.order("acknowledge", body={"alarm": 1}, **SIGNED)  # changes nothing of control
    assert not server.was_ordered()


def test_ledger_that_is_away_has_no_orders_and_raises_nothing(start, monkeypatch):
    server = start()
    server.step(AT)

    def away(*_):
        raise LedgerError("the ledger does not answer")

    monkeypatch.setattr(type(server._ledger()), "newest_order", away)
    assert not server.was_ordered()


def test_person_who_ends_control_while_it_decides_is_obeyed_at_once(start, operations, outbox, monkeypatch):
    to_auto(operations)
    server = start()
    decided = Controller.decide

    def ends_meanwhile(controller, readings, at):
        decision = decided(controller, readings, at)
        operations.order("mode", at=AT, body={"from": "auto", "to": "shadow"}, **SIGNED)
        return decision

    monkeypatch.setattr(Controller, "decide", ends_meanwhile)
    assert server.step(AT).written == {}
    assert outbox.last() is None


def test_hold_in_advise_keeps_what_was_written_so_far(advised, home, site, operations, outbox):
    server, _ = advised
    bring(site, home, rows=1, first=1)
    held = server.step(AT + STEP).written
    operations.order(
        "hold", at=AT + STEP, until=AT + timedelta(hours=2), body={"values": held}, **SIGNED
    )  # of what was written
    bring(site, home, rows=1, first=2)
    assert server.step(AT + 2 * STEP).written == pytest.approx(held)
    assert outbox.last() is not None


def test_what_goes_wrong_is_an_alarm_until_it_goes_well_again(start, home, site, operations):
    server = start()
    server.step(AT + timedelta(hours=2))  # the telemetry has ended
    stale = [alarm for alarm in alarms_of(operations) if alarm.cause == "turn: telemetry"]
    assert [(alarm.severity, alarm.over_at) for alarm in stale] == [("critical", None)]
    bring(site, home, rows=8, first=8)
    server.step(AT + timedelta(hours=2, minutes=1))
    assert all(alarm.over_at for alarm in alarms_of(operations) if alarm.cause == "turn: telemetry")


def test_service_turns_as_soon_as_something_is_ordered_and_says_that_it_runs(start, home, site, operations):
    server, turns, stop = start(), [], threading.Event()
    server.rows = type("Rows", (), {"arrived": lambda *_: Arrived([], None)})()  # whatever the time

    def report(step):
        turns.append(step)
        if len(turns) == 1:
            assert alive(home, site.name, "loop", datetime.now(UTC)).condition == "busy"
            order_mode(operations, "advise", **SIGNED)
        else:
            stop.set()

    pulse = type("Pulse", (), {"beat": lambda *_: None})()
    started = time.monotonic()
    serve(server, pulse, timeout_s=60.0, report=report, stop=stop)
    assert [step.mode for step in turns] == ["shadow", "advise"]
    assert time.monotonic() - started < 20.0
    assert alive(home, site.name, "loop", datetime.now(UTC)).condition == "stopped"


def test_turn_that_fails_is_a_sign_and_an_alarm_and_the_loop_goes_on(
    start, home, site, operations, monkeypatch
):
    server, stop, beats = start(), threading.Event(), []
    monkeypatch.setattr(server, "was_ordered", lambda: True)

    def fails(_):
        if len(beats) > 3:
            stop.set()
        beats.append("turn")
        raise ValueError("a bug")

    monkeypatch.setattr(server, "step", fails)
    monkeypatch.setattr(service, "EVERY_S", 0.01)
    pulse = type("Pulse", (), {"beat": lambda _, state: beats.append(state)})()
    serve(server, pulse, timeout_s=60.0, report=print, stop=stop)
    assert "well" not in beats
    (alarm,) = [one for one in alarms_of(operations) if one.cause == service.FAILED_TURN]
    assert "a bug" in alarm.text


def test_turn_that_goes_to_its_end_does_not_end_the_alarms_of_what_went_wrong_in_it(
    start, operations, monkeypatch
):
    server, stop, turns = start(), threading.Event(), []
    monkeypatch.setattr(server, "was_ordered", lambda: True)
    monkeypatch.setattr(service, "EVERY_S", 0.01)

    def report(step):
        turns.append(step)
        if len(turns) == 3:
            stop.set()

    pulse = type("Pulse", (), {"beat": lambda *_: None})()
    serve(server, pulse, timeout_s=60.0, report=report, stop=stop)  # now: the telemetry ended months ago
    stale = [alarm for alarm in alarms_of(operations) if alarm.cause == "turn: telemetry"]
    assert [alarm.over_at for alarm in stale] == [None]
