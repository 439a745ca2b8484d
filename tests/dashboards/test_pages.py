from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import telemetry as page_data
from pipelines.errors import ModelError
from pipelines.operations.ledger import Operations
from pipelines.operations.standing_orders import standing
from pipelines.site.file import load_site
from tests.dashboards.conftest import decide

pytestmark = pytest.mark.medium

APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"


def opened() -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception
    return page


def quality_page() -> AppTest:
    def script():
        from dashboards.pages_ import data_quality
        from pipelines.config import settings
        from pipelines.site.file import find_site

        home = settings()
        data_quality.show(find_site("plant", home), home)

    page = AppTest.from_function(script, default_timeout=60).run()
    assert not page.exception
    return page


def shown(elements) -> str:
    return "\n".join(str(element.value) for element in elements)


@pytest.fixture
def no_model(monkeypatch):
    def refuse(*_):
        raise ModelError("no model is trained yet; run: coldaisle train --site plant")

    monkeypatch.setattr(page_data, "_predicted", refuse)


@pytest.fixture
def advised(settings, operations, telemetry, no_model) -> tuple[Operations, int]:
    """The site in mode advise, and a decision of now."""
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    return operations, decided(settings, operations)


def decided(settings, operations, **given) -> int:
    return decide(operations, load_site(settings.sites / "plant.toml"), datetime.now(UTC), **given)


def accepted(operations):
    return standing(operations.orders(), datetime.now(UTC)).accepted


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_empty_home_says_how_to_bring_telemetry_in(settings):
    page = opened()
    assert "no telemetry" in shown(page.info)
    assert "coldaisle ingest" in shown(page.code)


def test_sites_without_telemetry_are_not_offered(telemetry, no_model):
    assert opened().sidebar.selectbox[0].options == ["North plant"]


def test_broken_site_file_is_reported_and_the_others_still_shown(settings, telemetry, no_model):
    (settings.sites / "other.toml").write_text("name = ")
    page = opened()
    assert "other.toml is not valid TOML" in shown(page.sidebar.warning)
    assert page.title[0].value == "North plant"


def test_latest_figure_is_shown_by_its_name_and_in_kw_per_ton(telemetry, no_model):
    page = opened()
    figure = next(metric for metric in page.metric if metric.label == "kW per kW of cooling")
    assert figure.value == "0.199"
    assert "at 2024-03-03 23:45 UTC" in shown(page.caption)
    assert "0.699 kW/ton" in shown(page.caption)


def test_missing_model_is_said_and_the_measured_figure_still_drawn(telemetry, no_model):
    page = opened()
    assert "coldaisle train" in shown(page.info)
    assert len(page.get("plotly_chart")) == 1


def test_prediction_is_drawn_where_there_is_a_model(settings, site, telemetry, monkeypatch):
    table = page_data.measured(site, settings)
    asked = []

    def champion(*_):
        asked.append(1)
        figure = table["measured"] + 0.01
        why = "cannot predict, because chw_supply_c is missing since 2025-06-02 12:00 UTC"
        band = {"lower": figure - 0.02, "upper": figure + 0.02}
        return pd.DataFrame({"predicted": figure, **band, "why": why})

    monkeypatch.setattr(page_data, "_predicted", champion)
    page = opened()
    assert asked
    assert "No prediction" not in shown(page.info)
    assert "chw_supply_c is missing since 2025-06-02 12:00 UTC" in shown(page.info)


def test_next_hours_without_a_model_are_one_line_with_the_command(telemetry, no_model):
    lines = [caption for caption in shown(opened().caption).splitlines() if "No forecast is shown" in caption]
    assert len(lines) == 1
    assert "run: coldaisle train --site plant" in lines[0]


def test_next_hours_and_the_peak_are_drawn_where_there_is_a_model(telemetry, no_model, monkeypatch):
    asked = []

    def champion(_key, _site, _settings, at):
        asked.append(at)
        lead = {"lead_min": 60.0, "time": at + pd.Timedelta(hours=1), "mean": 0.2, "lower": 0.1, "upper": 0.3}
        one = {"title": "kW per kW of cooling", "unit": "", "present": 0.2, "leads": [lead], "why_not": ""}
        peak = {
            "title": "cooling power",
            "unit": "kW",
            "mean": 250.0,
            "lower": 240.0,
            "upper": 270.0,
            "around": at,
        }
        return {"site": "plant", "known_at": at, "targets": {"figure": one}, "peak": peak}

    monkeypatch.setattr(page_data, "_ahead", champion)
    page = opened()
    assert asked == [pd.Timestamp("2024-03-04", tz="UTC")]
    assert len(page.get("plotly_chart")) == 2
    assert "Highest hour of cooling power within a day: 250 kW, 90 % interval 240 to 270" in shown(
        page.caption
    )


def test_no_recommendation_yet_says_how_to_make_one(telemetry, no_model):
    assert "coldaisle recommend --site plant" in shown(opened().info)


def test_latest_decision_is_the_recommendation_with_moves_saving_and_reason(advised):
    page = opened()
    assert "20.0 kW" in [metric.value for metric in page.metric]
    assert "warmer chilled water" in shown(page.text)
    moves, estimates = (table.value for table in page.table)
    assert moves.loc["CHWS_SP_C"].tolist() == ["7 °C", "7.5 °C", "9.5 °C"]
    assert estimates.loc["kW per kW of cooling"].tolist() == ["0.201", "0.181"]
    assert "Precedent: 2024-03-02 14:00" in shown(page.caption)
    assert "not written" in shown(page.caption)


def answered(page: AppTest, label: str, by: str = "Ana") -> AppTest:
    page.text_input[0].set_value(by)
    page.text_input[1].set_value("after the shift change")
    return next(button for button in page.button if button.label == label).click().run()


def test_accepting_on_page_now_is_what_the_loop_follows(advised):
    operations, number = advised
    page = answered(opened(), "Accept")
    order = accepted(operations)
    assert (order.body, order.by, order.why) == ({"decision": number}, "Ana", "after the shift change")
    assert "Accepted by Ana" in shown(page.text)


def test_acceptance_is_withdrawn(advised):
    operations, _ = advised
    answered(opened(), "Accept")
    page = opened()
    assert labels(page) == ["Withdraw"]
    page = answered(page, "Withdraw", by="Ben")
    assert accepted(operations) is None
    assert "Rejected by Ben" in shown(page.text)


def test_rejecting_is_recorded_as_well(advised):
    operations, _ = advised
    page = answered(opened(), "Reject", by="Ben")
    assert accepted(operations) is None
    assert "Rejected by Ben" in shown(page.text)


def test_unsigned_answer_is_refused_on_the_page(advised):
    operations, _ = advised
    assert "name" in shown(answered(opened(), "Accept", by="").error)
    assert accepted(operations) is None


def test_outside_advise_nothing_can_be_accepted_and_the_page_says_why(
    settings, operations, telemetry, no_model
):
    decided(settings, operations)
    page = opened()
    assert labels(page) == []
    assert "The mode is shadow: recommendations are answered in advise" in shown(page.caption)


def test_hold_shows_its_reason_and_asks_for_no_answer(settings, advised):
    operations, _ = advised
    decided(settings, operations, reason="load or weather is not known", source="hold", expected=None)
    page = opened()
    assert "Hold" in shown(page.markdown)
    assert "load or weather is not known" in shown(page.text)
    assert labels(page) == []


def test_decision_without_an_explanation_is_shown_from_its_figures(advised):
    operations, number = advised
    record = operations.decision(number)
    body = {name: part for name, part in record.body.items() if name != "recommendation"}
    operations.add_decision(
        at=datetime.now(UTC), mode="advise", source="model", reason="warmer yet", written=False, body=body
    )
    page = opened()
    assert "warmer yet" in shown(page.text)
    assert "20.0 kW" in [metric.value for metric in page.metric]
    assert "Accept" in labels(page)


def test_unreachable_ledger_does_not_take_the_page_down(settings, telemetry, no_model, monkeypatch):
    monkeypatch.setenv("COLDAISLE_LEDGER_URI", "sqlite:////nowhere/at/all.db")
    page = opened()
    assert "does not answer" in shown(page.error)
    assert "0.199" in [metric.value for metric in page.metric]


def test_damaged_store_is_reported_on_the_page(settings, telemetry):
    telemetry.manifest_path.write_text("{")
    assert "is damaged" in shown(opened().error)


def test_quality_page_shows_coverage_gaps_and_counts(telemetry):
    page = quality_page()
    assert page.metric[0].value == "288 of 288"
    points = page.dataframe[0].value.set_index("tag")
    assert points.loc["CHWS_C", "coverage"] == pytest.approx(2 / 3)
    assert points.loc["CHWS_C", "longest_gap_h"] == 24.0
    assert len(page.get("plotly_chart")) == 1


def test_quality_page_of_a_site_without_telemetry_says_so(settings):
    assert "coldaisle ingest" in shown(quality_page().error)
