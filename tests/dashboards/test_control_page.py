from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.operations.ledger import Operations
from pipelines.operations.standing_orders import standing
from tests.dashboards.conftest import SITE

SETPOINT = """
[[points]]
tag = "CHWS_SP_C"
source = "historian"
quantity = "chw_supply_sp_c"
unit = "degC"
[[setpoints]]
tag = "CHWS_SP_C"
min = 6.0
max = 14.0
slew_per_hour = 2.0
default = 8.0
"""


@pytest.fixture
def operations(settings) -> Operations:
    (settings.sites / "plant.toml").write_text(SITE + SETPOINT)
    return Operations(settings.ledger, "plant")


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
    assert "name" in pressed(opened, "Take over").error[0].value


def test_setpoint_is_taken_over_and_given_back(operations):
    opened = page()
    next(one for one in opened.number_input if one.label == "Value").set_value(9.5)
    filled(opened, "override")
    opened = pressed(opened, "Take over")
    assert in_force(operations).orders().overrides == {"CHWS_SP_C": 9.5}
    assert "Ana: pump 2 is out" in opened.table[0].value.loc["CHWS_SP_C", "taken over by"]
    filled(opened, "release")
    pressed(opened, "Give back")
    assert in_force(operations).orders().overrides == {}


def test_limits_are_narrowed(operations):
    opened = page()
    next(one for one in opened.number_input if one.label == "High").set_value(10.0)
    filled(opened, "limits")
    opened = pressed(opened, "Narrow limits")
    assert opened.table[0].value.loc["CHWS_SP_C", "limits"] == "6 to 10"


def test_decisions_and_events_are_shown_and_advice_is_answered(operations):
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    body = {"notices": ["CHWS_C stands still"], "clips": [], "refused": []}
    number = operations.decided(
        at=datetime.now(UTC), mode="advise", source="model", reason="warmer", written=False, body=body
    )
    operations.happened("watchdog", "no heartbeat for 200 s")
    opened = page()
    assert opened.dataframe[0].value["noticed"].tolist() == ["CHWS_C stands still"]
    assert "no heartbeat" in opened.warning[0].value
    filled(opened, "answer")
    pressed(opened, "Accept")
    assert in_force(operations).accepted.body == {"decision": number}


def test_site_without_setpoints_has_nothing_to_control(settings):
    assert "no setpoints" in page().info[0].value
