"""Pages driven by Streamlit's AppTest: what they show and order, and how they bear bad input."""

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.console.prepare import prepare
from pipelines.console.tables import Tables
from pipelines.operations.alarms import AlarmBook, alarms_of
from pipelines.operations.alive import Sign
from pipelines.operations.ledger import LedgerError, Operations, Person
from pipelines.operations.order_entry import order_answer
from pipelines.operations.standing_orders import standing
from pipelines.site.file import load_site
from tests.dashboards.conftest import decide

pytestmark = pytest.mark.medium

PAGES = ("now", "recommendation", "what_if", "savings", "models", "data", "modes", "alarms", "fleet")


def script(page: str, name: str = "plant") -> None:
    """One page of a site, laid out as the app does, with links that lead nowhere."""
    import streamlit as st

    from dashboards import app
    from dashboards.preferences import preferences_of
    from dashboards.sign_in import signed_in
    from pipelines.config import settings

    home = settings()
    person = signed_in(home)
    if person is None:
        return
    st.session_state["pages"] = {"now": st.Page(lambda: None, title="Now", url_path="n")}
    app._run(page, home, person, preferences_of(home, person.name), name)


def page(name: str) -> AppTest:
    opened = AppTest.from_function(script, args=(name,), default_timeout=60).run()
    assert not opened.exception, opened.exception
    return opened


def shown(opened: AppTest) -> str:
    kinds = (
        "title",
        "subheader",
        "markdown",
        "text",
        "caption",
        "info",
        "warning",
        "error",
        "success",
        "metric",
        "code",
    )
    return "\n".join(str(each.value) for kind in kinds for each in getattr(opened, kind))


def pressed(opened: AppTest, label: str) -> AppTest:
    run = next(button for button in opened.button if button.label == label).click().run()
    assert not run.exception, run.exception
    return run


def labels(opened: AppTest) -> list[str]:
    return [button.label for button in opened.button]


@pytest.fixture
def described(settings, operations, telemetry):
    """The site with a setpoint, its telemetry ingested again under it, and its tables prepared."""
    described = load_site(settings.sites / "plant.toml")
    from pipelines.telemetry.ingest import ingest_files
    from pipelines.telemetry.store import Store

    ingest_files(described, [settings.home / "historian.csv"], Store(settings.store, described), rebuild=True)
    prepare(described, settings, ("telemetry", "quality", "models", "carried_out", "overview"))
    return described


@pytest.fixture
def advised(settings, operations, described):
    """In mode advise with a decision of now, the loop alive and the telemetry fresh; its number."""
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    alive(settings)
    return decide(operations, described, datetime.now(UTC))


def alive(settings, *, ago: timedelta = timedelta(minutes=5), loop: str = "well") -> None:
    tables = Tables(settings, "plant")
    tables.write("telemetry", (tables.read("telemetry") or {}) | {"end": datetime.now(UTC) - ago})
    Sign(settings, "plant", "loop").show(loop)


def accepted(operations):
    return standing(operations.orders(), datetime.now(UTC)).accepted


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_on_a_prepared_site(described, name):
    assert page(name).title


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_before_anything_is_prepared_and_says_what_to_do(operations, settings, name):
    Operations.of(settings, "plant")
    opened = page(name)
    assert opened.title


@pytest.mark.parametrize("name", PAGES)
def test_site_without_setpoints_or_it_meter_or_weather_has_every_page(settings, telemetry, site, name):
    prepare(site, settings, ("telemetry", "quality", "overview"))
    opened = page(name)
    if name in ("recommendation", "what_if", "modes"):
        assert "no setpoints" in shown(opened)


@pytest.mark.parametrize("name", PAGES)
def test_ledger_that_cannot_be_reached_leaves_the_rest_of_the_page(described, name, monkeypatch):
    def away(*_, **__):
        raise LedgerError("the ledger at postgresql://host/ledger does not answer; start the database")

    for method in ("orders", "decisions", "latest_decision", "alarm_rows", "events"):
        monkeypatch.setattr(Operations, method, away)
    monkeypatch.setattr("pipelines.console.fleet.fleet_state", away)
    opened = page(name)
    if name in ("recommendation", "modes", "alarms", "fleet"):
        assert "does not answer" in shown(opened)
    assert "Accept" not in labels(opened)


@pytest.mark.parametrize("name", ["now", "modes", "savings"])
def test_site_file_that_broke_is_told_with_its_fault_and_nothing_else_fails(described, settings, name):
    path = settings.sites / "plant.toml"
    path.write_text(path.read_text().replace("interval_minutes = 15", "interval_minutes = 0"))
    opened = page(name)
    assert "interval_minutes" in shown(opened)
    assert labels(opened) == []


def test_values_are_shown_before_an_answer_is_asked_for_and_one_answer_is_final(advised, operations):
    opened = page("recommendation")
    row = opened.table[0].value.loc["CHWS_SP_C"]
    assert (row["from"], row["step now"], row["to"]) == ("7.00 °C", "7.50 °C", "9.50 °C")
    opened = pressed(opened, "Accept")
    assert accepted(operations).body["decision"] == advised
    assert "Accepted by" in shown(opened)
    assert not {"Accept", "Reject it"} & set(labels(opened))


def test_second_operator_who_answers_too_late_is_told_who_was_first(advised, operations, described):
    opened = page("recommendation")
    order_answer(operations, described, advised, accept=True, by=Person("Bo", "operator"), why="fine")
    opened = pressed(opened, "Reject it")
    assert "Refused: Decision 1 was accepted by Bo" in shown(opened)
    assert [one.kind for one in operations.orders() if one.answers] == ["accept"]


def test_tab_that_was_left_open_shows_the_old_decision_and_accepts_nothing(advised, operations, described):
    opened = page("recommendation")
    newer = decide(operations, described, datetime.now(UTC), goal={"chw_supply_sp_c": 12.0})
    opened = pressed(opened, "Accept")
    assert accepted(operations) is None
    assert f"Refused: Decision {advised} is not the latest" in shown(opened)
    assert f"newer decision is there ({newer})" in shown(opened)
    opened = pressed(opened, "Show the newest decision")
    assert opened.table[0].value.loc["CHWS_SP_C", "to"] == "12.00 °C"
    assert "Accept" in labels(opened)


def test_decision_that_expired_while_it_was_read_is_not_accepted(operations, settings, described):
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    alive(settings)
    decide(operations, described, datetime.now(UTC) - timedelta(minutes=61))
    opened = page("recommendation")
    assert "expired at" in shown(opened)
    assert "Accept" not in labels(opened)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"loop": "stopped"}, "control loop does not run"),
        ({"loop": "failing"}, "control loop does not run"),
        ({"ago": timedelta(hours=12)}, "too old to decide by"),
        ({"ago": timedelta(days=400)}, "too old to decide by"),
    ],
)
def test_nothing_is_accepted_while_the_loop_is_dead_or_the_data_stale(advised, settings, given, said):
    alive(settings, **given)
    opened = page("recommendation")
    assert said in shown(opened)
    assert "Accept" not in labels(opened)


def test_refused_order_leaves_the_page_as_it_was(described, operations):
    opened = page("modes")
    opened = pressed(opened, "Change mode")  # without a reason
    assert "needs a reason" in shown(opened)
    assert "Audit log" in shown(opened)
    assert operations.orders() == []


def test_setpoint_is_taken_over_until_a_time_of_the_site(described, operations):
    opened = page("modes")
    next(each for each in opened.number_input if each.label.startswith("Value")).set_value(10.0)
    next(each for each in opened.text_input if each.key == "override why").set_value("pump 2 is out")
    opened = pressed(opened, "Take over")
    (order,) = operations.orders()
    assert (order.kind, order.body, order.why) == ("override", {"value": 10.0}, "pump 2 is out")
    assert timedelta(hours=2) < order.until - order.at < timedelta(hours=5)
    assert "10.00 °C" in opened.table[1].value.loc["CHWS_SP_C", "taken over"]


def test_back_to_the_rule_is_in_reach_on_every_page_and_works_without_a_loop(advised, operations, settings):
    Sign(settings, "plant", "loop").show("stopped")
    for name in PAGES[:-1]:
        assert "Stop writing now" in labels(page(name))
    opened = page("now")
    next(each for each in opened.text_input if each.key == "rule why").set_value("a leak")
    pressed(opened, "Stop writing now")
    assert standing(operations.orders(), datetime.now(UTC)).mode == "shadow"


def test_alarm_is_acknowledged_by_whoever_is_signed_in(described, operations, settings):
    AlarmBook(settings, "plant", "serve").report({"hot": ("critical", "a rack inlet reads 31 °C")})
    opened = page("alarms")
    assert "a rack inlet reads 31 °C" in shown(opened)
    pressed(opened, "Acknowledge")
    hot = next(alarm for alarm in alarms_of(operations) if alarm.cause == "hot")
    assert hot.acknowledged is not None


def test_audit_log_is_searched(advised, operations):
    opened = page("modes")
    opened = next(each for each in opened.text_input if each.key == "audit text").set_value("ana trial").run()
    assert opened.dataframe[0].value["kind"].tolist() == ["mode"]


def test_store_that_is_ahead_of_the_pages_is_said(described, settings, telemetry):
    manifest = telemetry.manifest_path
    manifest.write_text(manifest.read_text())
    assert "holds newer telemetry than the pages show" in shown(page("data"))


def test_ledger_that_another_process_has_locked_is_told_within_seconds(advised, settings, monkeypatch):
    monkeypatch.setattr("dashboards.console.PATIENCE_S", 0.2)
    with sqlite3.connect(settings.home / "ledger.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        opened = page("recommendation")
        other.execute("ROLLBACK")
    assert "database is locked" in shown(opened)
    assert "Accept" not in labels(opened)


def test_damaged_tables_count_as_missing(described, settings):
    for name in ("now", "quality", "overview", "models"):
        (settings.console / "plant" / f"{name}.json").write_text("{")
    (settings.console / "plant" / "recent.parquet").write_bytes(b"no parquet")
    for name in PAGES:
        page(name)


def test_home_that_was_moved_is_shown_as_before(
    described, settings, operations, tmp_path_factory, monkeypatch
):
    moved = tmp_path_factory.mktemp("elsewhere") / "home"
    shutil.copytree(settings.home, moved)
    shutil.rmtree(settings.console)
    monkeypatch.setenv("COLDAISLE_HOME", str(moved))
    opened = page("now")
    assert "Latest readings" in shown(opened)
    assert "nothing to show" not in shown(opened)


@pytest.fixture
def proxied(settings, monkeypatch):
    """People come through a proxy; returns a function that says who does."""
    monkeypatch.setenv("COLDAISLE_SIGN_IN", "headers")
    monkeypatch.setenv("COLDAISLE_PROXY_SECRET", "open sesame")
    settings.access.write_text('[roles]\noperator = ["ana"]\nviewer = ["vic"]\n')

    def comes(**headers) -> None:
        import dashboards.sign_in as sign_in

        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        monkeypatch.setattr(
            sign_in.st,
            "context",
            type("Context", (), {"headers": sent, "theme": type("T", (), {"type": "light"})}),
        )

    return comes


@pytest.mark.parametrize("name", PAGES)
def test_viewer_sees_every_page_and_can_order_nothing(advised, proxied, operations, name):
    before = len(operations.orders())
    proxied(X_Coldaisle_Proxy="open sesame", X_Forwarded_Email="vic")
    opened = page(name)
    harmless = {"Show the newest decision", "Download (CSV)"}
    orders = set(labels(opened)) - harmless
    assert not {each for each in orders if not _disabled(opened, each)}
    assert len(operations.orders()) == before


def _disabled(opened: AppTest, label: str) -> bool:
    return all(button.disabled for button in opened.button if button.label == label)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "headers", [{}, {"X_Forwarded_Email": "ana"}, {"X_Coldaisle_Proxy": "wrong", "X_Forwarded_Email": "ana"}]
)
def test_nobody_sees_a_page_without_the_proxys_word(advised, proxied, name, headers):
    proxied(**headers)
    opened = page(name)
    assert "Nobody is signed in" in shown(opened)
    assert labels(opened) == []


def test_role_that_was_withdrawn_while_the_page_was_open_gives_no_right(
    advised, proxied, operations, settings
):
    proxied(X_Coldaisle_Proxy="open sesame", X_Forwarded_Email="ana")
    opened = page("recommendation")
    settings.access.write_text('[roles]\nviewer = ["ana"]\n')
    opened = pressed(opened, "Accept")
    assert accepted(operations) is None
    assert "ana is viewer" in shown(opened)


def test_who_did_it_is_the_identity_and_not_a_field(advised, proxied, operations):
    proxied(X_Coldaisle_Proxy="open sesame", X_Forwarded_Email="ana")
    opened = page("recommendation")
    assert not [each for each in opened.text_input if "name" in each.label.lower()]
    pressed(opened, "Accept")
    order = operations.orders()[-1]
    assert (order.by, order.role, order.via) == ("ana", "operator", "proxy")


def test_empty_home_says_how_to_begin(tmp_path, monkeypatch):
    monkeypatch.setenv("COLDAISLE_HOME", str(tmp_path / "nothing"))
    app = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
    opened = AppTest.from_file(str(app), default_timeout=60).run()
    assert not opened.exception
    assert "no telemetry" in shown(opened)


def test_what_was_accepted_stays_in_view_while_it_is_carried_out(advised, operations, described):
    opened = pressed(page("recommendation"), "Accept")
    operations.add_decision(
        at=datetime.now(UTC), mode="advise", source="accepted", reason="an accepted recommendation", written=True,
        body={"values": {"CHWS_SP_C": 7.5}, "goal": {"CHWS_SP_C": 9.5}, "written": {"CHWS_SP_C": 7.5}},
    )  # fmt: skip
    opened = opened.run()
    assert f"Decision {advised} for" in shown(opened)
    assert "Written since" in shown(opened)
    assert opened.table[0].value.loc["CHWS_SP_C", "written"] == "7.50 °C"
