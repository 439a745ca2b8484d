"""Which way of making a model is kept, and that training then uses it."""

import numpy as np
import pandas as pd
import pytest

from models.efficiency.learn import Parts
from models.efficiency.training import FitConfig
from pipelines.learning.backtest.compare import choose_simplest, compare
from pipelines.learning.efficiency.configurations import Configuration, configurations
from pipelines.learning.tracking import tracking
from pipelines.learning.train import train
from tests.pipelines.learning_kit import QUICK, chiller_readings, chillers, stored

pytestmark = pytest.mark.medium

DAYS = 40


def errors(mean, *, seed=0, noise=0.1):
    index = pd.date_range("2025-06-01", periods=24 * DAYS, freq="1h", tz="UTC")
    drawn = np.random.default_rng(seed).normal(size=len(index))
    return pd.Series(mean + noise * (drawn - drawn.mean()), index)


def test_the_simplest_is_kept_where_the_best_is_better_by_chance_only():
    rows, kept, why = choose_simplest({"line": errors(1.001, seed=1), "network": errors(1.0, seed=2)})
    assert kept == "line"
    assert "within one standard error" in why
    assert rows[0]["standard_error"] > rows[0]["behind_best"]


def test_the_best_is_kept_where_simpler_ones_are_clearly_worse():
    _, kept, why = choose_simplest({"line": errors(1.1, seed=1), "network": errors(1.0, seed=2)})
    assert (kept, why) == ("network", "network has the smallest error")


def test_what_a_next_hour_is_compared_among_has_no_quadratic_and_no_trees():
    names = [each.name for each in configurations(Parts(backbone="lines"))]
    assert names == ["response lines alone", "fits and networks 2 x 50", "fits and networks 5 x 50"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("chillers"), chillers(), chiller_readings(48 * 18))


def test_configurations_are_child_runs_and_training_makes_the_one_kept(home, monkeypatch):
    none = FitConfig(hidden=(8,), members=2, epochs=1, batch=64)
    lines = Configuration("response lines alone", none, Parts(), "response lines")
    mixed = Configuration("fits and networks 2 x 50", QUICK, Parts())
    result = compare(chillers(), home, hold_out="last-30-percent", among=[lines, mixed])
    assert [row["configuration"] for row in result["configurations"]] == [lines.name, mixed.name]
    assert result["kept"] == lines.name
    with tracking(home) as client:
        parent = client.get_run(result["run_id"])
        children = client.search_runs(
            [parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{result['run_id']}'"
        )
    assert parent.data.tags["kept"] == lines.name
    assert {child.info.run_name for child in children} == {lines.name, mixed.name}
    assert all("mae" in child.data.metrics for child in children)
    report = train(chillers(), home, config=QUICK)["kinds"]["efficiency"]
    assert set(report["mixture"].values()) == {"response lines"}
