"""Scenarios of a site's own record: its weather, load and setpoints, or a clear reason why not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ScenarioError
from pipelines.simulation.studies.conditions import Conditions
from pipelines.simulation.studies.recorded import parsed_period, present_scenario, recorded_scenario
from pipelines.simulation.studies.run import run_study
from pipelines.telemetry.store import Store
from simulator import Plant, Setpoints, default_plant
from tests.pipelines.learning_kit import chiller_readings, chillers, hall, hall_readings, stored

pytestmark = pytest.mark.medium

FIRST = pd.Timestamp("2025-06-01", tz="UTC")
DAY = pd.Timedelta(days=1)
READINGS = hall_readings(4 * 48)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return default_plant(it_kw=800.0)


def store_of(folder: Path, readings: pd.DataFrame = READINGS, site=None) -> Store:
    site = site or hall()
    return Store(stored(folder, site, readings).store, site)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return store_of(tmp_path_factory.mktemp("recorded"))


def recorded(store: Store, plant: Plant, folder: Path, *, first: int = 1, last: int = 3, **more):
    return recorded_scenario(
        store.site, store, plant, FIRST + first * DAY, FIRST + last * DAY, folder=folder, **more
    )


def test_a_recorded_period_has_its_own_weather_load_and_mean_setpoints(
    store: Store, plant: Plant, tmp_path: Path
) -> None:
    scenario, notes = recorded(store, plant, tmp_path)
    assert (scenario.days, scenario.start_utc, notes) == (2, FIRST + DAY, ())
    period = READINGS.iloc[48 : 3 * 48]
    drivers = Conditions(store.site, scenario).drivers(0)
    np.testing.assert_allclose(drivers.outdoor_drybulb_c[::6], period["OAT"], atol=0.01)
    assert (drivers.outdoor_wetbulb_c < drivers.outdoor_drybulb_c).all()
    assert np.corrcoef(drivers.it_utilization[::6], period["UTIL"])[0, 1] > 0.97
    assert scenario.setpoints["chw_supply_c"] == pytest.approx(period["CHWS.SP"].mean(), abs=0.1)


def test_the_recorded_study_draws_the_recorded_it_power(store: Store, plant: Plant, tmp_path: Path) -> None:
    scenario, _ = recorded(store, plant, tmp_path, first=1, last=2)
    row = run_study(store.site, scenario, folder=tmp_path, plant=plant).table().iloc[0]
    assert row["it_kwh"] == pytest.approx(READINGS["IT"].iloc[48:96].mean() * 24, rel=0.02)


def test_the_same_record_makes_the_same_file_and_another_record_another(
    store: Store, plant: Plant, tmp_path: Path
) -> None:
    path = recorded(store, plant, tmp_path).scenario.weather.csv
    assert recorded(store, plant, tmp_path).scenario.weather.csv == path
    warmer = store_of(tmp_path / "warmer", READINGS.assign(OAT=READINGS["OAT"] + 1.0))
    assert recorded(warmer, plant, tmp_path).scenario.weather.csv != path


def test_short_gaps_are_closed_and_longer_ones_refused(plant: Plant, tmp_path: Path) -> None:
    readings = READINGS.copy()
    readings.loc[readings.index[60:63], "OAT"] = np.nan
    recorded(store_of(tmp_path / "short", readings), plant, tmp_path)
    readings.loc[readings.index[60:76], "OAT"] = np.nan
    with pytest.raises(
        ScenarioError, match=r"at most 2 h are closed, outdoor drybulb stays unknown for 6\.0 h"
    ):
        recorded(store_of(tmp_path / "long", readings), plant, tmp_path)


def test_a_period_past_the_telemetry_is_refused(store: Store, plant: Plant, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"unknown for 24\.0 h of the period, first at 2025-06-05 00:00"):
        recorded(store, plant, tmp_path, first=3, last=5)
    with pytest.raises(ScenarioError, match="must have outdoor drybulb or wetbulb read between"):
        recorded(store, plant, tmp_path, first=30, last=31)


def test_a_site_that_meters_no_it_power_is_refused(plant: Plant, tmp_path: Path) -> None:
    thermal = store_of(tmp_path, chiller_readings(96), chillers())
    with pytest.raises(ScenarioError, match="must meter IT power to be simulated as recorded"):
        recorded(thermal, plant, tmp_path, first=0, last=1)
    with pytest.raises(ScenarioError, match="must meter IT power"):
        present_scenario(thermal.site, thermal, plant)


def test_it_power_that_the_plant_s_servers_cannot_draw_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="must be what the plant's servers can draw"):
        recorded(store, default_plant(it_kw=300.0), tmp_path)


def test_the_present_is_the_newest_telemetry_held_for_a_day(store: Store, plant: Plant) -> None:
    scenario, _ = present_scenario(store.site, store, plant)
    newest = READINGS.iloc[-1]
    assert (scenario.days, scenario.start_utc) == (1, FIRST + 4 * DAY)
    assert scenario.weather.drybulb_c == pytest.approx(newest["OAT"], abs=0.01)
    assert scenario.setpoints["chw_supply_c"] == pytest.approx(newest["CHWS.SP"], abs=0.01)
    drivers = Conditions(store.site, scenario).drivers(0)
    assert np.ptp(drivers.it_utilization) == np.ptp(drivers.outdoor_wetbulb_c) == 0.0


def test_the_present_may_be_any_time_of_the_record(store: Store, plant: Plant) -> None:
    at = FIRST + pd.Timedelta(hours=30)
    scenario, _ = present_scenario(store.site, store, plant, at=at)
    assert scenario.start_utc == at
    assert scenario.weather.drybulb_c == pytest.approx(READINGS["OAT"].iloc[59], abs=0.01)


def test_readings_that_stopped_hours_ago_are_not_the_present(plant: Plant, tmp_path: Path) -> None:
    late, silent = READINGS.copy(), READINGS.copy()
    late.loc[late.index[-3:], "OAT"] = np.nan
    silent.loc[silent.index[-5:], "OAT"] = np.nan
    found = store_of(tmp_path / "late", late)
    scenario, _ = present_scenario(found.site, found, plant)
    assert scenario.weather.drybulb_c == pytest.approx(late["OAT"].iloc[-4], abs=0.01)
    found = store_of(tmp_path / "silent", silent)
    with pytest.raises(
        ScenarioError, match="outdoor drybulb must have been read in the 2 h before 2025-06-05"
    ):
        present_scenario(found.site, found, plant)


def test_a_twin_s_own_setpoints_stand_for_those_the_site_neither_records_nor_declares(
    store: Store, plant: Plant
) -> None:
    values = dict.fromkeys(Setpoints.__dataclass_fields__, np.float32(9.0)) | {
        "airflow_ratio": np.float32(1.25)
    }
    scenario, _ = present_scenario(store.site, store, plant, held=Setpoints(**values))
    assert scenario.setpoints["airflow_ratio"] == 1.25
    assert scenario.setpoints["chw_supply_c"] == pytest.approx(READINGS["CHWS.SP"].iloc[-1], abs=0.01)


@pytest.mark.parametrize("text", ["2025-10-20", "2025-10-20..", "Monday..Friday", "2025-10-20,2025-10-27"])
def test_a_period_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match=r"must read first\.\.last"):
        parsed_period(text)


def test_a_period_must_be_whole_days(store: Store, plant: Plant, tmp_path: Path) -> None:
    assert parsed_period("2025-10-20..2025-10-27T00:00Z")[1] == pd.Timestamp("2025-10-27", tz="UTC")
    for first, last in ((1, 1), (2, 1), (1, 1.5)):
        with pytest.raises(ScenarioError, match="must be whole days"):
            recorded(store, plant, tmp_path, first=first, last=last)
