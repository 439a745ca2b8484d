from datetime import UTC, datetime, timedelta

from dashboards.strip import SIGNS, chips, strip_html
from pipelines.console.status import Status
from pipelines.operations.alarms import Alarm
from pipelines.operations.alive import Alive

NOW = datetime(2025, 7, 14, tzinfo=UTC)


def status(**given) -> Status:
    usual = {
        "at": NOW, "data_end": NOW - timedelta(minutes=10), "fresh": True, "loop": Alive("well"),
        "watchdog": Alive("well"), "model": "coldaisle.plant.cascade/3",
    }  # fmt: skip
    return Status(**(usual | given))


def levels(**given) -> dict[str, str]:
    return {chip.label: chip.level for chip in chips(status(**given))}


def test_healthy_site_is_all_good():
    assert set(levels().values()) == {"good"}


def test_dead_or_stale_is_bad():
    assert levels(loop=Alive("dead"))["loop"] == "bad"
    assert levels(loop=Alive("never"))["loop"] == "bad"
    assert levels(loop=Alive("failing"))["loop"] == "bad"
    assert levels(watchdog=Alive("dead"))["watchdog"] == "bad"
    assert levels(watchdog=Alive("never"))["watchdog"] == "notice"
    assert levels(fresh=False)["data"] == "bad"
    assert levels(data_end=None)["data"] == "bad"


def test_watchdog_in_charge_is_bad_and_said():
    (chip,) = (
        each
        for each in chips(status(watchdog=Alive("well", text="no heartbeat")))
        if each.label == "watchdog"
    )
    assert (chip.level, "rule" in chip.text) == ("bad", True)


def test_alarms_are_as_bad_as_the_worst():
    def alarm(severity):
        return Alarm(1, NOW, "serve", "hot", severity, "a rack is hot")

    assert levels(alarms=(alarm("warning"),))["alarms"] == "notice"
    assert levels(alarms=(alarm("warning"), alarm("critical")))["alarms"] == "bad"


def test_ledger_that_is_away_is_said_instead_of_a_mode():
    assert levels(why_no_ledger="gone") == {"data": "good", "loop": "good", "ledger": "bad"}


def test_state_is_told_by_a_sign_beside_the_colour_and_text_is_escaped():
    html = strip_html(chips(status(model="<b>x</b>", loop=Alive("dead"))), "dark")
    assert SIGNS["bad"] in html
    assert "<b>x</b>" not in html
    assert 'role="status"' in html
