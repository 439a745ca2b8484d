"""A running loop and the models in charge: promotion, rollback, the challenger in shadow, and what the ledger knows."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.cascade.saving import to_bytes
from pipelines.learning import charges
from pipelines.learning.charges import Who
from pipelines.learning.promote import rollback
from pipelines.learning.registry import model_name
from pipelines.operations.gateway import Outbox
from pipelines.operations.ledger import LedgerError, Person
from pipelines.operations.loop import Server
from pipelines.operations.promotion import in_charge, order_rollback, record_charges
from pipelines.operations.provenance import behind_decision, in_charge_then
from tests.pipelines.control.plant import AT, STEP
from tests.pipelines.operations.conftest import EVERY, bring
from tests.places import PROJECT

pytestmark = pytest.mark.medium

ANA = Who("Ana", "a heat wave", "engineer", "shell")


@pytest.fixture
def put(home, site, cascade):
    """Puts a version of the learned cascade in charge, or in shadow."""

    def made(version, alias="champion", **about):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "cascade.msgpack").write_bytes(to_bytes(cascade))
            return charges.put(
                home, site.name, "cascade", alias, Path(folder), model=model_name(site, "cascade"),
                version=version, who=ANA, about=about,
            )  # fmt: skip

    return made


@pytest.fixture
def server(home, site, put):
    put(1, run_id="r1", fingerprint="f1", code="0.1.0+abc")
    return Server(site, home, Outbox(home.outbox, site), every=EVERY)


def decided_by(operations) -> str:
    return operations.decisions()[0].body["model"].rsplit("/", 1)[1]


def test_a_promotion_and_a_rollback_take_effect_in_the_next_decision(server, home, site, put, operations):
    server.step(AT)
    assert decided_by(operations) == "1"
    put(2)
    assert server.step(AT + STEP).trouble == ()
    assert decided_by(operations) == "2"
    order_rollback(operations, site, "cascade", home, by="Bo", why="inlets too warm")
    assert server.was_ordered()  # the loop turns at once
    server.step(AT + STEP + timedelta(seconds=1))
    assert decided_by(operations) == "1"
    assert [(one.kind, one.by, one.why) for one in operations.orders()] == [
        ("promote", "Ana", "a heat wave"), ("promote", "Ana", "a heat wave"), ("promote", "Bo", "inlets too warm"),
    ]  # fmt: skip


def test_without_the_ledger_a_rollback_takes_effect_and_is_recorded_when_it_is_back(
    home, site, put, operations
):
    put(1)
    away = {"now": False}

    def opened():
        if away["now"]:
            raise LedgerError("the ledger does not answer")
        return operations

    server = Server(site, home, Outbox(home.outbox, site), every=EVERY, operations=opened)
    put(2)
    server.step(AT)
    away["now"], server._operations = True, None
    rollback(site, "cascade", home, who=ANA)
    server.step(AT + STEP)
    assert server.version.endswith("/1")
    away["now"] = False
    assert record_charges(operations, site, home) == 1
    assert record_charges(operations, site, home) == 0


def test_a_champion_that_cannot_be_loaded_leaves_the_one_that_decides(server, home, site, put, operations):
    server.step(AT)
    damaged = put(2)
    (damaged.files / "cascade.msgpack").write_bytes(b"half a file")
    step = server.step(AT + STEP)
    assert "the champion cannot decide" in step.trouble[0]
    assert (step.source, decided_by(operations)) == ("model", "1")


def test_the_challenger_decides_beside_the_champion_and_nothing_of_it_is_written(
    server, put, operations, outbox
):
    put(2, "challenger")
    step = server.step(AT)
    (row,) = operations.shadow()
    assert (row.decision, row.model.rsplit("/", 1)[1]) == (step.decision, "2")
    assert row.body["values"] == pytest.approx(
        step.values
    )  # the same model: the same answer from the same memory
    assert row.body["seconds"] > 0.0
    assert not outbox.path.exists()
    assert decided_by(operations) == "1"


def test_a_challenger_that_fails_does_not_end_a_turn(server, put, operations):
    charge = put(2, "challenger")
    shutil.rmtree(charge.files)
    assert server.step(AT).decision is not None
    assert operations.shadow() == []


def test_which_model_was_in_charge_then_has_an_answer(home, site, put, operations):
    first = put(1)
    second = put(2)
    record_charges(operations, site, home)
    between = first.at + (second.at - first.at) / 2
    assert [one.version for one in in_charge(operations, between)] == [1]
    assert [one.version for one in in_charge(operations, datetime.now(UTC))] == [2]
    assert in_charge(operations, first.at - timedelta(seconds=1)) == []


def test_a_decision_leads_to_model_data_and_code(server, home, site, operations):
    step = server.step(AT)
    behind = behind_decision(operations, site, home, step.decision)
    assert (behind["trained_in_run"], behind["telemetry_fingerprint"]) == ("r1", "f1")
    assert behind["trained_by_code"] == "0.1.0+abc"
    assert behind["decided_by_code"].startswith("0.1.0")
    assert behind["put_in_charge_by"] == "Ana: a heat wave"
    assert in_charge_then(operations, datetime.now(UTC))["decision"]["number"] == step.decision
    with pytest.raises(LedgerError, match="no decision 99"):
        behind_decision(operations, site, home, 99)


def test_a_viewer_rolls_nothing_back(server, home, site, put, operations):
    put(2)
    with pytest.raises(LedgerError, match="needs the role engineer"):
        order_rollback(operations, site, "cascade", home, by=Person("Vi", "viewer"), why="curious")
    assert charges.present(home, site.name, "cascade").version == 2


@pytest.mark.slow
def test_a_running_serve_decides_with_what_was_rolled_back_to_within_seconds(home, site, put, operations):
    put(1)
    put(2)
    bring(site, home, rows=8, first=8)
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--site", "infra/sites/referee.toml"]
    serve = subprocess.Popen(
        [*command, "--home", str(home.home)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
    )
    try:
        _until(lambda: operations.decisions(), 240.0)
        assert decided_by(operations) == "2"
        order_rollback(operations, site, "cascade", home, by="Bo", why="inlets too warm")
        _until(lambda: decided_by(operations) == "1", 60.0)
    finally:
        serve.send_signal(signal.SIGTERM)
        serve.wait(60)


def _until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)
