from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.operations.standing_orders import standing
from pipelines.site.file import load_site
from tests.dashboards.conftest import decide

pytestmark = pytest.mark.medium


def page() -> AppTest:
    def script():
        from dashboards.pages_ import control
        from pipelines.config import settings
        from pipelines.site.file import find_site

        home = settings()
        control.show(find_site("plant", home), home)

    opened = AppTest.from_function(script, default_timeout=60).run()
    assert not opened.exception
    return opened


def filled(opened: AppTest, form: str, by: str = "Ana", why: str = "pump 2 is out") -> None:
    name, reason = (one for one in opened.text_input if one.form_id == form)
    name.set_value(by)
    reason.set_value(why)


def pressed(opened: AppTest, label: str) -> AppTest:
    return next(button for button in opened.button if button.label == label).click().run()


def in_force(operations):
    return standing(operations.orders(), datetime.now(UTC))


def test_new_site_is_in_shadow_and_says_what_that_means(operations):
    opened = page()
    assert opened.metric[0].value == "shadow"
    assert "nothing is written" in opened.caption[0].value


def test_mode_is_changed_by_name_and_reason(operations):
    opened = page()
    opened.selectbox[0].select("advise")
    filled(opened, "mode")
    opened = pressed(opened, "Change mode")
    assert opened.metric[0].value == "advise"
    assert "By Ana" in opened.caption[1].value
    assert [(one.body["to"], one.why) for one in operations.orders()] == [("advise", "pump 2 is out")]


def test_step_from_shadow_to_auto_is_refused_with_its_reason(operations):
    opened = page()
    opened.selectbox[0].select("auto")
    filled(opened, "mode")
    assert "order advise first" in pressed(opened, "Change mode").error[0].value
    assert operations.orders() == []


def test_unsigned_order_is_refused_on_the_page(operations):
    opened = page()
    filled(opened, "override", by="")
    assert "name" in pressed(opened, "Override").error[0].value


def test_setpoint_is_taken_over_and_given_back(operations):
    opened = page()
    next(one for one in opened.number_input if one.label == "Value").set_value(9.5)
    filled(opened, "override")
    opened = pressed(opened, "Override")
    assert in_force(operations).orders().overrides == {"CHWS_SP_C": 9.5}
    assert "Ana: pump 2 is out" in opened.table[0].value.loc["CHWS_SP_C", "override by"]
    filled(opened, "release")
    pressed(opened, "Release")
    assert in_force(operations).orders().overrides == {}


def test_limits_are_narrowed(operations):
    opened = page()
    next(one for one in opened.number_input if one.label == "High").set_value(10.0)
    filled(opened, "limits")
    opened = pressed(opened, "Narrow limits")
    assert opened.table[0].value.loc["CHWS_SP_C", "limits"] == "6 to 10"


def test_decisions_and_events_are_shown_and_advice_is_answered(operations, settings):
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    site = load_site(settings.sites / "plant.toml")
    number = decide(operations, site, datetime.now(UTC), notices=("CHWS_C is stuck",))
    operations.add_event("watchdog", "no heartbeat for 200 s")
    opened = page()
    assert opened.dataframe[0].value["notices"].tolist() == ["CHWS_C is stuck"]
    assert "no heartbeat" in opened.warning[0].value
    filled(opened, "Accept-Reject")
    opened = pressed(opened, "Accept")
    assert in_force(operations).accepted.body == {"decision": number}
    assert "Accepted by Ana" in "".join(text.value for text in opened.text)


def test_decision_that_recommends_to_hold_asks_for_no_answer(operations, settings):
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    site = load_site(settings.sites / "plant.toml")
    decide(operations, site, datetime.now(UTC), goal={"chw_supply_sp_c": 7.0})
    opened = page()
    assert "Accept" not in [button.label for button in opened.button]
    assert "recommends to hold" in opened.caption[-1].value


def test_override_in_shadow_is_shown_as_ordered_and_not_carried_out(operations):
    operations.order("override", by="Ana", why="pump 2 is out", tag="CHWS_SP_C", body={"value": 9.5})
    row = page().table[0].value.loc["CHWS_SP_C"]
    assert (row["override"], row["carried out"], row["last written"]) == ("9.5", "no", "")


def test_site_without_setpoints_has_nothing_to_control(settings):
    assert "no setpoints" in page().info[0].value
