import json
import shutil

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ModelError
from pipelines.learning.backtest.horizon import backtest_horizon
from pipelines.learning.horizon.bundle import load_horizon
from pipelines.learning.horizon.dataset import readings_of, record_of, regular, targets_of
from pipelines.learning.horizon.plot import forecast_figure
from pipelines.learning.horizon.served import next_hours
from pipelines.learning.train import train
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store
from tests.pipelines.learning_kit import chiller_readings, chillers, hall, hall_readings, stored

pytestmark = pytest.mark.medium
TARGETS = ["figure", "cooling_kw", "facility_kw", "overhead_kw", "rack_inlet_c"]


def end_of(site, settings) -> pd.Timestamp:
    return Store(settings.store, site).span()[1]


@pytest.fixture(scope="module")
def told(home, report):
    return next_hours(hall(), home, at=end_of(hall(), home))


def test_first_horizon_is_champion_and_scored_beside_the_simple_forecasts(report):
    assert (report["model"], report["version"], report["alias"]) == (
        "coldaisle.hall.horizon",
        "1",
        "champion",
    )
    assert [target for target in TARGETS if target in report["targets"]] == TARGETS
    row = report["scores"][0]
    assert {"persistence", "seasonal-naive", "gradient boosting", "mae"} <= set(row)
    assert (row["target"], row["lead_min"], row["unit"]) == ("figure", 30.0, "")
    assert "targets and leads" in report["verdict"]


def test_every_target_and_hour_has_an_interval_around_it(told):
    assert list(told["targets"]) == TARGETS
    for one in told["targets"].values():
        assert [lead["lead_min"] for lead in one["leads"]] == [30.0, *(60.0 * hour for hour in range(1, 25))]
        assert all(lead["lower"] < lead["mean"] < lead["upper"] for lead in one["leads"])
        assert one["leads"][-1]["time"] == told["known_at"] + pd.Timedelta(days=1)
    assert told["age_minutes"] == 0.0


def test_peak_of_facility_power_lies_near_the_highest_forecast(told):
    highest = max(lead["mean"] for lead in told["targets"]["facility_kw"]["leads"])
    peak = told["peak"]
    assert (peak["target"], peak["unit"]) == ("facility_kw", "kW")
    assert peak["lower"] < peak["mean"] < peak["upper"]
    assert peak["mean"] == pytest.approx(highest, rel=0.1)


def test_later_telemetry_changes_nothing(home, report, tmp_path):
    at = end_of(hall(), home) - pd.Timedelta(hours=30)
    cut = tmp_path / "home"
    shutil.copytree(home.home, cut)
    settings = home.model_copy(update={"home": cut})
    before = next_hours(hall(), settings, at=at)
    store = Store(settings.store, hall())
    shorter = store.read(end=at)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            Store, "read", lambda self, start=None, end=None, columns=None: shorter[shorter.index >= start]
        )
        after = next_hours(hall(), settings, at=at)
    assert before["targets"] == after["targets"]


def test_leads_that_have_passed_are_not_given(home, report):
    late = next_hours(hall(), home, at=end_of(hall(), home) + pd.Timedelta(minutes=90), hours=6)
    assert [lead["lead_min"] for lead in late["targets"]["figure"]["leads"]] == [
        120.0,
        180.0,
        240.0,
        300.0,
        360.0,
    ]
    assert late["age_minutes"] == 90.0


@pytest.mark.parametrize(
    ("later", "said"),
    [(pd.Timedelta(hours=4), "at most 3 h old.* --at"), (pd.Timedelta(days=60), "no telemetry in")],
)
def test_old_telemetry_is_refused_with_a_remedy(home, report, later, said):
    with pytest.raises(ModelError, match=said) as refused:
        next_hours(hall(), home, at=end_of(hall(), home) + later)
    assert "coldaisle ingest --site hall" in str(refused.value)


def test_hours_beyond_a_day_are_refused(home, report):
    with pytest.raises(ModelError, match="1 to 24 h ahead, not 25"):
        next_hours(hall(), home, at=end_of(hall(), home), hours=25)


def test_without_a_model_the_command_that_makes_one_is_named(tmp_path):
    settings = stored(tmp_path, chillers(), chiller_readings(300))
    with pytest.raises(ModelError, match="coldaisle train --site chillers"):
        next_hours(chillers(), settings)


def test_two_weeks_without_it_meter_are_enough(tmp_path):
    settings = stored(tmp_path, chillers(), chiller_readings(14 * 48))
    report = train(chillers(), settings, only="horizon")["kinds"]["horizon"]
    assert report["targets"] == ["figure", "cooling_kw"]
    told = next_hours(chillers(), settings, at=end_of(chillers(), settings))
    assert told["peak"]["target"] == "cooling_kw"


def test_too_little_telemetry_is_a_reason_not_an_error(tmp_path):
    settings = stored(tmp_path, chillers(), chiller_readings(48))
    report = train(chillers(), settings, only="horizon")["kinds"]["horizon"]
    assert "too little telemetry to forecast from" in report["why_not"]


def test_bundle_comes_back_and_a_damaged_one_is_refused(home, report, tmp_path):
    bundle = load_horizon(hall(), home)
    assert bundle.served.version == "coldaisle.hall.horizon/1"
    assert bundle.metadata["rows"] == report["rows"]
    from pipelines.learning.horizon.bundle import read_horizon
    from pipelines.learning.registry import Files

    (tmp_path / "metadata.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(ModelError, match=r"its format is 99.*coldaisle train --site hall"):
        read_horizon(Files(tmp_path, "coldaisle.hall.horizon/9"), hall())


def test_trained_again_it_is_compared_with_the_champion(home, report, tmp_path):
    copy = tmp_path / "home"
    shutil.copytree(home.home, copy)
    again = train(hall(), home.model_copy(update={"home": copy}), only="horizon")["kinds"]["horizon"]
    assert again["version"] == "2"
    assert "of persistence's, the present champion's" in again["why"]


def test_each_reading_is_taken_once_and_forecasts_are_no_readings():
    site = hall()
    table = hall_readings(200).rename(columns={"IT": "it_power_kw", "CHILLER": "chiller_kw"})
    plant = regular(plant_table(site, table.set_axis(pd.DatetimeIndex(table.index).tz_localize("UTC"))), 30)
    plant["again_kw"], plant["forecast_load_kw"] = plant["chiller_kw"], plant["load_kw"] + 1.0
    names = readings_of(site, plant)
    assert "again_kw" not in names
    assert "forecast_load_kw" not in names
    assert len(names) == len(set(names))


def test_a_site_without_load_or_weather_is_refused():
    site = hall()
    plant = regular(
        pd.DataFrame({"figure": [1.0, 2.0]}, pd.date_range("2025-01-01", periods=2, freq="30min", tz="UTC")),
        30,
    )
    with pytest.raises(ModelError, match="coldaisle quality --site hall"):
        record_of(site, plant, ["figure"], targets_of(site, plant))


def test_backtest_judges_every_target_and_lead(home):
    lines = []
    found = backtest_horizon(hall(), home, by_hour=True, seed=0, progress=lines.append)
    assert found["interval_minutes"] == 60
    assert len(lines) == found["folds"]
    assert {row["target"] for row in found["scores"]} == set(TARGETS)
    assert min(row["lead_min"] for row in found["scores"]) == 60
    for row in found["scores"]:
        assert row["skill_mae"] == pytest.approx(1.0 - row["mae"] / row["persistence"])
    assert np.mean([row["coverage"] for row in found["scores"]]) > 0.7


def test_backtest_of_a_short_record_is_refused(tmp_path):
    settings = stored(tmp_path, chillers(), chiller_readings(300))
    with pytest.raises(ModelError, match="weeks of telemetry"):
        backtest_horizon(chillers(), settings, by_hour=False, seed=0, progress=print)


def test_figure_has_a_line_and_a_band_for_each_target(told):
    assert len(forecast_figure(told).data) == 2 * len(TARGETS)
    assert len(forecast_figure(told, ["figure"]).data) == 2
