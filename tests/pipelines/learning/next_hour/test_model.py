"""The registered model of the next hour, asked about setpoints."""

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ModelError
from pipelines.learning.next_hour.model import LOOKBACK, load_next_hour, predict_next_hour
from pipelines.learning.train import train
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store
from tests.pipelines.learning_kit import QUICK, hall, hall_readings, stored

ROWS = 900


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("hall"), hall(), hall_readings(ROWS))


@pytest.fixture(scope="module")
def report(home):
    return train(hall(), home, config=QUICK)["next_hour"]


@pytest.fixture(scope="module")
def model(home, report):
    return load_next_hour(hall(), home)


@pytest.fixture(scope="module")
def table(home):
    return Store(home.store, hall()).read()


def test_training_registers_it_and_says_how_it_compares_with_no_change(report):
    assert (report["model"], report["version"], report["alias"]) == (
        "coldaisle.hall.next_hour",
        "1",
        "champion",
    )
    assert report["mae_kw"] < report["mae_kw_persistence"]


def test_it_says_overhead_it_power_and_the_worst_rack_inlet_with_intervals(model, table):
    found = model.ask(table.iloc[:-2])
    plant = plant_table(hall(), table)
    measured = plant["overhead_kw"].iloc[-2:].mean()
    assert found["overhead_kw"].iloc[0] == pytest.approx(measured, abs=10.0)
    for name in ("overhead_kw", "it_kw", "rack_inlet_c", "rack_inlet_rate_k_per_h"):
        low, mid, high = (found[name + suffix].iloc[0] for suffix in ("_lower", "", "_upper"))
        assert low <= mid <= high, name


def test_warmer_supply_air_warms_the_racks(model, table):
    now = plant_table(hall(), table)[["chw_supply_sp_c", "supply_air_sp_c"]].iloc[-1]
    asked = pd.DataFrame([now, now]).reset_index(drop=True)
    asked.loc[1, "supply_air_sp_c"] += 1.0
    found = model.ask(table, asked)
    assert found["rack_inlet_c"].diff().iloc[1] == pytest.approx(1.0, abs=0.6)


def test_setpoints_that_would_leave_the_envelope_are_marked(model, table):
    now = plant_table(hall(), table)[["chw_supply_sp_c", "supply_air_sp_c"]].iloc[-1]
    asked = pd.DataFrame([now.replace({now["supply_air_sp_c"]: 40.0})])
    found = model.ask(table, asked).iloc[0]
    assert not found["within_limits"]
    assert not found["in_support"]
    assert "supply_air_sp_c is 40, the record has" in found["why"]


def test_as_they_stand_is_what_is_asked_without_setpoints(model, table):
    now = plant_table(hall(), table)[["chw_supply_sp_c", "supply_air_sp_c"]].iloc[-1:]
    pd.testing.assert_frame_equal(model.ask(table), model.ask(table, now))


def test_a_meter_that_turned_high_hours_ago_is_carried_on(model, table):
    """The last day's overhead reads 20 kW more than the model knows: the next hour will, too."""
    changed = table.copy()
    changed.loc[changed.index[-30] :, "ups_loss_kw"] += 20.0
    raised = model.ask(changed)["overhead_kw"].iloc[0] - model.ask(table)["overhead_kw"].iloc[0]
    assert raised == pytest.approx(20.0, abs=8.0)


def test_what_is_missing_is_named(model, table):
    gone = table.copy()
    gone.loc[gone.index[-3] :, "chiller_kw"] = np.nan
    with pytest.raises(ModelError, match=r"cannot predict the next hour of hall, because .*chiller_kw"):
        model.ask(gone)


def test_it_is_loaded_by_name_and_asked_of_the_store(home, report, table):
    at = table.index[-1] + hall().interval
    found = predict_next_hour(hall(), home, at)
    pd.testing.assert_frame_equal(found, load_next_hour(hall(), home).ask(table.loc[at - LOOKBACK :]))
