from datetime import timedelta

import pytest
from rich.console import Console

from pipelines.cli.recommend import saving_text, show
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.operations import open_controller
from pipelines.operations.decision_body import recommendation_in
from pipelines.operations.gateway import Outbox
from pipelines.operations.ledger import Operations
from pipelines.operations.loop import Server
from pipelines.operations.order_entry import order_limits, order_mode
from pipelines.operations.recommend import recommend
from tests.pipelines.control.plant import AT, STEP
from tests.pipelines.operations.conftest import EVERY, bring

pytestmark = pytest.mark.medium

SUPPLY, CHILLED = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C"
SIGNED = {"by": "Ana", "why": "commissioning"}


@pytest.fixture
def opened(cascade, monkeypatch):
    """The home's registry holds the learned model."""
    monkeypatch.setattr(open_controller, "load_cascade", lambda *_: (cascade, "cascade/1"))


@pytest.fixture
def made(site, home, opened):
    return recommend(site, home, at=AT)


def test_recommend_and_serve_give_the_same_setpoints_reason_and_saving(site, home, opened, tmp_path):
    recommended = recommend(site, home, at=AT).recommendation
    step = Server(site, home, Outbox(home.outbox, site), every=EVERY).step(AT)
    assert recommended.action == "change"
    assert {move.tag: move.goal for move in recommended.moves}.items() <= step.goal.items()
    assert {move.tag: move.step for move in recommended.moves}.items() <= step.values.items()
    assert (recommended.reason, recommended.source, recommended.mode) == (step.reason, step.source, step.mode)
    assert recommended.saving_kw == pytest.approx(step.saving_kw)
    # and the other way round, on the decision that the loop recorded
    record = Operations(home.ledger, site.name).decision(step.decision)
    assert recommendation_in(site, record).moves == recommended.moves
    assert recommendation_in(site, record).saving_low_kw == pytest.approx(recommended.saving_low_kw)


def test_recommend_goes_on_from_what_the_loop_remembers(site, home, opened):
    server = Server(site, home, Outbox(home.outbox, site), every=EVERY)
    server.step(AT)
    bring(site, home, rows=1, first=1)
    recommended = recommend(site, home, at=AT + STEP).recommendation
    step = server.step(AT + STEP)
    assert recommended.reason == step.reason
    assert {move.tag: move.goal for move in recommended.moves}.items() <= step.goal.items()


def test_recommendation_is_a_decision_of_the_ledger_recorded_once_and_not_written(site, home, made, outbox):
    operations = Operations(home.ledger, site.name)
    assert recommend(site, home, at=AT).number == made.number
    (record,) = operations.decisions()
    assert (record.id, record.written, record.at) == (made.number, False, AT)
    assert recommendation_in(site, record) == made.recommendation
    assert operations.load_memory() is None
    assert outbox.last() is None


def test_moves_lie_inside_limits_in_force_and_steps_inside_slew_rates(site, home, opened, operations):
    order_limits(operations, site, CHILLED, 11.0, 12.5, **SIGNED)
    setpoints = {each.tag: each for each in site.setpoints}
    for move in recommend(site, home, at=AT).recommendation.moves:
        setpoint = setpoints[move.tag]
        assert setpoint.min <= move.goal <= setpoint.max
        assert (
            setpoint.kind == "binary" or abs(move.step - move.present) <= setpoint.slew_per_hour * 0.25 + 1e-6
        )
        if move.tag == CHILLED:
            assert 11.0 <= move.goal <= 12.5


def test_recommendation_says_how_sure_it_is_what_stops_it_its_precedent_and_how_to_undo_it(made):
    recommended = made.recommendation
    assert recommended.saving_low_kw < recommended.saving_kw < recommended.saving_high_kw
    continuous = [move.tag for move in recommended.moves if move.tag != "PLANT.WSE_ENABLE"]
    assert [text.split(":")[0] for text in recommended.binding] == continuous
    assert recommended.precedent == "no precedent on record"  # it never left the default setpoints
    assert recommended.hold_if[0].startswith("less than")
    assert recommended.rollback.startswith("back to ")


def test_stale_telemetry_holds_and_says_so(site, home, opened):
    recommended = recommend(site, home, at=AT + timedelta(days=2)).recommendation
    assert recommended.action == "hold"
    assert "telemetry is" in recommended.notices[0]


def test_store_that_is_missing_holds_and_says_so(site, tmp_path, opened):
    home = Settings(home=tmp_path / "empty")
    home.home.mkdir()
    recommended = recommend(site, home, at=AT).recommendation
    assert recommended.action == "hold"
    assert "no telemetry can be read" in recommended.notices[0]


def test_site_without_a_model_holds_and_says_how_to_get_one(site, home, monkeypatch):
    def none(*_):
        raise ModelError('site "referee" has no control model yet; run: coldaisle train --site referee')

    monkeypatch.setattr(open_controller, "load_cascade", none)
    recommended = recommend(site, home, at=AT).recommendation
    assert recommended.action == "hold"
    assert "coldaisle train" in recommended.reason
    assert recommended.model_version is None


def test_site_without_setpoints_holds_without_asking_a_model(site, home):
    recommended = recommend(site.model_copy(update={"setpoints": []}), home, at=AT).recommendation
    assert (recommended.action, recommended.model_version) == ("hold", None)
    assert "declares no setpoints" in recommended.reason


def test_mode_in_force_is_the_recommendation_s(site, home, opened, operations):
    order_mode(operations, "advise", **SIGNED)
    assert recommend(site, home, at=AT).recommendation.mode == "advise"


def test_without_a_time_the_end_of_old_telemetry_is_meant(site, home, opened):
    assert recommend(site, home).recommendation.at == AT


def test_command_shows_each_move_and_what_is_expected_of_it(made, capsys):
    result = {"decision": made.number} | made.recommendation.model_dump(mode="json")
    show(result, Console(width=200))
    printed = capsys.readouterr().out
    for word in ("step now", CHILLED, "cooling power, kW", "90 % interval", "cascade/1", "Rollback"):
        assert word in printed


def test_saving_whose_interval_covers_zero_is_not_claimed():
    result = {"saving_kw": 3.0, "saving_low_kw": -1.0, "saving_high_kw": 7.0}
    assert saving_text(result).startswith("No saving is claimed")


def test_goal_that_was_rejected_is_not_recommended_again_for_hours(site, home, opened, operations):
    order_mode(operations, "advise", **SIGNED)
    first = recommend(site, home, at=AT)
    goal = operations.decision(first.number).body["goal"]
    body = {"decision": first.number, "goal": goal, "reason": "equipment"}
    operations.order("reject", by="Ana", why="pump 2 is out", at=AT, body=body, answers=first.number)
    again = recommend(site, home, at=AT + timedelta(minutes=1)).recommendation
    assert (again.action, "Ana rejected this goal" in again.reason) == ("hold", True)
    later = recommend(site, home, at=AT + timedelta(minutes=20)).recommendation
    assert later.moves == [] or later.action == "hold"


def test_other_goal_than_the_rejected_one_is_recommended(site, home, opened, operations):
    order_mode(operations, "advise", **SIGNED)
    first = recommend(site, home, at=AT)
    goal = {tag: value - 1.0 for tag, value in operations.decision(first.number).body["goal"].items()}
    body = {"decision": first.number, "goal": goal, "reason": "other"}
    operations.order("reject", by="Ana", why="no", at=AT, body=body, answers=first.number)
    assert recommend(site, home, at=AT + timedelta(minutes=1)).recommendation.action == "change"


def test_price_and_twin_are_told(made):
    assert made.recommendation.twin == "no twin of this site is asked"
    assert made.recommendation.price_per_kwh is None or made.recommendation.currency
