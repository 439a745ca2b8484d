"""A site with a supply-air setpoint for each of two halls, from its file to what is learned and tried."""

import numpy as np
import pandas as pd
import pytest

import simulator
from models.twin.run import Controlled
from pipelines.learning.cascade.dataset import held_out_weeks, inputs_of
from pipelines.learning.cascade.scores import CASCADE, scores
from pipelines.learning.cascade.training import learn_site
from pipelines.learning.trials.plan import explore_plan
from pipelines.learning.trials.rehearsal import virtual_trials
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from tests.models.cascade.records import ROWS, two_halls
from tests.models.twin.kit import as_twin
from tests.pipelines.telemetry.ingest.kit import point, site_of

A, B = "supply_air_sp_c:hall_a", "supply_air_sp_c:hall_b"
METERS = ("chiller_kw", "tower_fan_kw", "cw_pump_kw", "chw_pump_kw", "crah_fan_kw")
STATES = (
    "supply_air_c", "chw_supply_c", "chw_return_c", "cw_supply_c", "cw_return_c", "outdoor_wetbulb_c",
    "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable",
)  # fmt: skip
LIMITS = {
    A: (18.0, 26.0, 2.0, 20.0), B: (18.0, 26.0, 2.0, 20.0), "chw_supply_sp_c": (7.0, 20.0, 2.0, 12.0),
    "cw_supply_sp_c": (6.0, 30.0, 4.0, 21.0), "economizer_enable": (0.0, 1.0, 1.0, 0.0),
}  # fmt: skip


@pytest.fixture(scope="module")
def two() -> Site:
    halls = [
        point(f"{quantity}:{hall}", quantity, equipment=hall)
        for quantity in ("supply_air_sp_c", "rack_inlet_c")
        for hall in ("hall_a", "hall_b")
    ]
    chosen = [
        {
            "tag": tag, "min": low, "max": high, "slew_per_hour": slew, "default": default,
            "kind": "binary" if tag == "economizer_enable" else "continuous",
        }
        for tag, (low, high, slew, default) in LIMITS.items()
    ]  # fmt: skip
    return site_of(
        *(point(name, name) for name in ("it_power_kw", *METERS, *STATES)),
        point("cw_flow_kg_s", "cw_flow_kg_s", unit="kg/s"),
        *halls,
        interval_minutes=15,
        meters={
            "it": ["it_power_kw"], "cooling": list(METERS), "pue_category": 2, "boundary": "halls and plant"
        },
        setpoints=chosen,
    )  # fmt: skip


@pytest.fixture(scope="module")
def table(two) -> pd.DataFrame:
    columns = two_halls()
    columns |= {"it_power_kw": columns["it_kw"]}
    times = pd.date_range("2025-09-01", periods=ROWS, freq=two.interval, tz="UTC", name="time")
    return pd.DataFrame({each.column: columns[each.column] for each in two.points}, index=times)


@pytest.fixture(scope="module")
def plant(two, table) -> pd.DataFrame:
    return plant_table(two, table)


def test_each_hall_is_learned_to_follow_its_own_setpoint(two, plant):
    learned = learn_site(two, plant)
    assert learned.follows == {"rack_inlet_c:hall_a": A, "rack_inlet_c:hall_b": B}
    assert set(learned.cascade.apart) == {"supply_air_sp_c"}


def test_the_cascade_is_asked_with_both_setpoints_and_judged(two, plant):
    judged = held_out_weeks(plant)
    assert {A, B} <= set(inputs_of(two, plant).by_name)
    held_out = learn_site(two, plant[~judged]).cascade
    found = {row["model"]: row["mae_kw"] for row in scores(two, held_out, plant, judged)}
    assert found[CASCADE] < 10.0


def test_trials_are_planned_for_both_setpoints_inside_what_is_safe(two, table):
    plan = explore_plan(two, table, start=pd.Timestamp("2026-01-01", tz="UTC"), weeks=1)
    for tag in (A, B):
        tried = plan.table[tag].dropna()
        assert len(tried) > 0
        assert tried.between(18.0, two.envelope.rack_inlet_max_c - 1.5).all()


@pytest.mark.slow
def test_the_twin_rehearses_both_setpoints_together(two, table, plant):
    few = slice(0, 6 * 96)
    halls = simulator.default_plant(it_kw=2_000.0, halls=2, chillers=2, tower_cells=3)
    twin = as_twin(Controlled(halls, simulator.default_setpoints(halls)))
    trials = virtual_trials(two, table.iloc[few], plant.iloc[few], twin).dropna(subset=["load_kw"])
    assert trials[A].max() - trials[A].min() > 2.0
    np.testing.assert_allclose(trials[A], trials[B], atol=0.11)
    np.testing.assert_allclose(trials["supply_air_sp_c"], (trials[A] + trials[B]) / 2.0)
    assert trials["rack_inlet_c:hall_b"].notna().all()
