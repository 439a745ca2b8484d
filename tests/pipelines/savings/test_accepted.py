"""What an accepted recommendation saved, against a plant whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from pipelines.savings import accepted
from pipelines.savings.accepted import achieved
from tests.pipelines.conftest import site  # noqa: F401

START = pd.Timestamp("2025-03-20", tz="UTC")
BEFORE = {"supply_air_sp_c": 20.0, "chw_supply_sp_c": 8.0, "cw_supply_sp_c": 24.0, "economizer_enable": 0.0}


@pytest.fixture(autouse=True)
def model(monkeypatch):
    """A model that expects 100 kW less 5 kW per K of chilled water over 8 °C, and is 3 kW off."""
    monkeypatch.setattr(
        accepted,
        "predicted",
        lambda _, inputs, rows: 103.0 - 5.0 * (inputs.by_name["chw_supply_sp_c"][rows] - 8.0),
    )


def plant(*, saves: float = 5.0, noise: float = 1.0, days: int = 15, hours: float = 4.0) -> pd.DataFrame:
    """Quarter hours at 8 °C until START, then at 10 °C."""
    start, end = START - pd.Timedelta(days=days), START + pd.Timedelta(hours=hours)
    times = pd.date_range(start, end, freq="15min", inclusive="left")
    after = np.asarray(times >= START)
    random = np.random.default_rng(0)
    cooling_kw = 100.0 - saves * 2.0 * after + random.normal(0.0, noise, len(times))
    columns = {
        "cooling_kw": cooling_kw, "load_kw": 500.0, "outdoor_wetbulb_c": 10.0, "outdoor_drybulb_c": 12.0,
        "rack_inlet_c": 22.0,
        "supply_air_sp_c": 20.0, "chw_supply_sp_c": np.where(after, 10.0, 8.0), "cw_supply_sp_c": 24.0,
        "economizer_enable": 0.0,
    }  # fmt: skip
    return pd.DataFrame(columns, index=times)


def judged(site, table):  # noqa: F811
    return achieved(site, None, table, START, START + pd.Timedelta(hours=4), BEFORE)


def test_saving_is_found_with_an_interval_that_holds_it(site):  # noqa: F811
    found = judged(site, plant())
    assert found.kw == pytest.approx(10.0, abs=0.8)
    assert found.low_kw <= 10.0 <= found.high_kw
    assert (found.shown, found.rows) == (True, 16)


def test_nothing_saved_is_not_shown(site):  # noqa: F811
    found = judged(site, plant(saves=0.0, noise=3.0))
    assert not found.shown


def test_model_that_expected_more_than_came_does_not_change_what_was_measured(site):  # noqa: F811
    assert judged(site, plant(saves=1.0)).kw == pytest.approx(2.0, abs=0.8)


@pytest.mark.parametrize(
    ("table", "why"),
    [(plant(hours=0.5), "fewer than 4 rows"), (plant(days=1), "not at rest long enough")],
)
def test_too_little_to_judge_by_says_why(site, table, why):  # noqa: F811
    found = judged(site, table)
    assert (found.kw, found.shown) == (None, False)
    assert why in found.why_not
