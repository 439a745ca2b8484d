from datetime import timedelta
from itertools import pairwise

import pytest

from pipelines.operations import watchdog as watchdog_module
from pipelines.operations.ledger import LedgerError
from pipelines.operations.order_entry import order_override
from pipelines.operations.watchdog import Watchdog
from pipelines.site.safety import ResetTable
from tests.pipelines.control.plant import AT, defaults
from tests.pipelines.operations.conftest import bring

pytestmark = pytest.mark.medium

SUPPLY, CONDENSER = "CRAH.SAT_SP_C", "PLANT.CWS_SP_C"
MINUTE = timedelta(minutes=1)
SILENT_S = 200.0


def wrote(site, outbox, **values):
    """coldaisle has setpoints in force."""
    outbox.write(
        defaults(site) | {SUPPLY: 20.5} | values, at=AT, valid_for=timedelta(hours=1), source="coldaisle",
        reason="", present=defaults(site) | {SUPPLY: 20.5} | values, limits=dict,
    )  # fmt: skip


@pytest.fixture
def dog(site, home, outbox):
    return Watchdog(site, home, outbox)


def told(operations):
    return [event.text for event in reversed(operations.events())]


def test_while_beats_come_nothing_is_touched(site, dog, outbox, operations):
    wrote(site, outbox)
    before = outbox.last()
    for k in range(5):
        dog.look(30.0, AT + k * MINUTE)
    assert outbox.last() == before
    assert told(operations) == []


def test_silence_takes_the_plant_to_its_defaults_step_by_step_and_says_so_once(site, dog, outbox, operations):
    wrote(site, outbox)
    reached, sent = [], []
    for k in range(1, 20):
        dog.look(SILENT_S + 60.0 * k, AT + k * MINUTE)
        reached.append(outbox.last().decided[SUPPLY])
        sent.append(outbox.last().values[SUPPLY])
    assert reached[0] == pytest.approx(20.5 - 2.0 / 60.0)
    assert reached[-1] == pytest.approx(20.0)
    assert all(0.0 <= a - b <= 2.0 / 60.0 + 1e-6 for a, b in pairwise(reached))
    # The device takes tenths: each is sent once the step has come to it.
    assert {round(each, 6) for each in sent} == {20.5, 20.4, 20.3, 20.2, 20.1, 20.0}
    assert outbox.last().source == "watchdog"
    assert told(operations) == ["no heartbeat for 260 s: to the site's own rule"]


def test_rule_of_the_site_is_followed_where_it_has_one(site, home, outbox, operations):
    reset = ResetTable(tag=CONDENSER, on="outdoor_wetbulb_c", points=[(0.0, 10.0), (20.0, 30.0)])
    ruled = site.model_copy(update={"safety": site.safety.model_copy(update={"resets": [reset]})})
    bring(site, home, rows=4, first=4)
    wrote(site, outbox)
    dog = Watchdog(ruled, home, outbox)
    for k in range(1, 31):
        dog.look(SILENT_S, AT + timedelta(minutes=60) + k * MINUTE)
    assert outbox.last().values[CONDENSER] < 19.5  # on its way to 12 °C at 2 °C wetbulb; the default is 21 °C


def test_person_s_override_is_not_taken_away(site, dog, outbox, operations):
    order_override(operations, site, SUPPLY, 22.0, by="Ana", why="a server is being cooled by hand")
    wrote(site, outbox)
    for k in range(1, 60):
        dog.look(SILENT_S, AT + k * MINUTE)
    assert outbox.last().values[SUPPLY] == pytest.approx(22.0)


def test_beats_that_come_back_end_it(site, dog, outbox, operations):
    wrote(site, outbox)
    dog.look(SILENT_S, AT + MINUTE)
    at_rule = outbox.last()
    dog.look(1.0, AT + 2 * MINUTE)
    dog.look(2.0, AT + 3 * MINUTE)
    assert outbox.last() == at_rule
    assert "heartbeats are back" in told(operations)[-1]


def test_plant_that_coldaisle_does_not_run_is_left_alone(dog, outbox):
    dog.look(SILENT_S, AT)
    assert outbox.last() is None
    assert not outbox.path.exists()


def test_fall_back_does_not_need_the_ledger(site, dog, outbox, monkeypatch):
    def away(*_):
        raise LedgerError("the ledger does not answer")

    wrote(site, outbox)
    monkeypatch.setattr(watchdog_module.Operations, "of", away)
    dog.look(SILENT_S, AT + MINUTE)
    assert outbox.last().source == "watchdog"


def test_damaged_outbox_is_told_and_does_not_end_the_watch(site, dog, outbox, operations):
    wrote(site, outbox)
    outbox.path.write_text("{")
    dog.look(SILENT_S, AT + MINUTE)
    assert "cannot be read" in told(operations)[-1]


def test_clock_set_back_does_not_stop_the_fall_back(site, dog, outbox):
    wrote(site, outbox)
    dog.look(SILENT_S, AT + MINUTE)
    for k in range(30):
        dog.look(SILENT_S, AT - timedelta(days=1) + k * MINUTE)
    assert outbox.last().values[SUPPLY] == pytest.approx(20.0)
