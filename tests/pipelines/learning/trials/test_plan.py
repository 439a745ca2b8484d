"""Plans of trials from a record under default control: safe by the record's own figures, dated, written by tag."""

import numpy as np
import pandas as pd
import pytest

from pipelines.config import SITE_FOLDER
from pipelines.errors import ScenarioError
from pipelines.learning.trials.envelope import trial_envelope
from pipelines.learning.trials.plan import explore_plan
from pipelines.site.file import Site, load_site
from pipelines.telemetry.plant_table import plant_table

pytestmark = pytest.mark.medium

START = pd.Timestamp("2025-01-01", tz="UTC")


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(SITE_FOLDER / "referee.toml")


@pytest.fixture(scope="module")
def record(site: Site) -> pd.DataFrame:
    """Sixty days of default control: inlets 1 K above supply air of 20 °C, chilled water at 12 °C."""
    times = pd.date_range(START, periods=60 * 24, freq="1h")
    hour = times.hour.to_numpy()
    load = 1600.0 + 200.0 * np.sin((hour - 9) / 24 * 2 * np.pi)
    values = {
        "it_power_kw": load / 2, "ups_loss_kw": 0.03 * load, "facility_power_kw": 1.25 * load,
        "chiller_kw": 0.05 * load, "tower_fan_kw": 3.0, "chw_pump_kw": 10.0, "cw_pump_kw": 30.0,
        "crah_fan_kw": 15.0, "rack_inlet_c": 21.0 + 0.1 * np.sin(hour), "rack_outlet_c": 32.0,
        "supply_air_c": 20.0, "return_air_c": 31.5, "chw_supply_c": 12.0, "chw_return_c": 21.0,
        "chw_flow_kg_s": load / 36.0, "cw_supply_c": 21.0, "cw_return_c": 26.0, "cw_flow_kg_s": 110.0,
        "outdoor_drybulb_c": 8.0, "outdoor_wetbulb_c": 5.0 + 3.0 * np.sin(hour / 24 * 2 * np.pi),
        "outdoor_rh_frac": 0.7, "supply_air_sp_c": 20.0, "chw_supply_sp_c": 12.0, "cw_supply_sp_c": 21.0,
        "economizer_enable": 0.0,
    }  # fmt: skip
    table = {point.column: values[point.quantity] for point in site.points}
    return pd.DataFrame(table, index=times.rename("time"))


@pytest.fixture(scope="module")
def plan(site: Site, record: pd.DataFrame):
    return explore_plan(site, record, start=START, weeks=2)


def test_a_plan_keeps_its_budget_rests_every_day_and_ends_at_the_default(plan) -> None:
    assert 0.0 < plan.risk_kwh <= plan.budget_kwh
    assert plan.table[plan.table.index.hour == 0].isna().all(axis=None)
    assert plan.table.iloc[-1].isna().all()
    assert plan.table.index.is_monotonic_increasing


def test_tried_setpoints_keep_the_sites_limits_and_the_envelope(site: Site, plan) -> None:
    for setpoint in site.setpoints:
        tried = plan.table[setpoint.tag].dropna()
        assert tried.between(setpoint.min, setpoint.max).all()
        assert len(tried) > 0
    supply = plan.table["CRAH.SAT_SP_C"].fillna(20.0)
    assert supply.max() <= site.envelope.rack_inlet_max_c - 1.5 - 1.0  # margin, and inlets over supply air


def test_the_economizer_is_only_tried_where_tower_water_is_cold(site: Site, record: pd.DataFrame) -> None:
    safe = trial_envelope(site, plant_table(site, record))
    on = {
        "supply_air_sp_c": np.array([20.0]), "chw_supply_sp_c": np.array([12.0]),
        "cw_supply_sp_c": np.array([12.0]), "economizer_enable": np.array([1.0]),
    }  # fmt: skip
    assert safe.allowed(on, warm_wetbulb_c=8.0, cold_wetbulb_c=5.0).all()
    assert not safe.allowed(on, warm_wetbulb_c=24.0, cold_wetbulb_c=5.0).any()


def test_warm_chilled_water_that_would_starve_the_coils_is_not_tried(
    site: Site, record: pd.DataFrame
) -> None:
    safe = trial_envelope(site, plant_table(site, record))
    warm = {"supply_air_sp_c": np.array([20.0, 20.0]), "chw_supply_sp_c": np.array([12.0, 19.0])}
    assert safe.allowed(warm, 8.0, 5.0).tolist() == [True, False]


def test_a_plan_is_written_by_tag_with_empty_cells_for_the_default(plan, tmp_path) -> None:
    read = pd.read_csv(plan.write(tmp_path / "plan.csv"), parse_dates=["time"])
    assert read.columns.tolist() == ["time", *plan.table.columns]
    assert read.iloc[0].isna().sum() == len(plan.table.columns)
    assert read["time"].is_monotonic_increasing


def test_without_setpoints_or_with_a_short_record_there_is_no_plan(site: Site, record: pd.DataFrame) -> None:
    with pytest.raises(ScenarioError, match=r"add \[\[setpoints\]\]"):
        explore_plan(site.model_copy(update={"setpoints": []}), record, start=START)
    with pytest.raises(ScenarioError, match="at least 14 days"):
        explore_plan(site, record.iloc[:100], start=START)
