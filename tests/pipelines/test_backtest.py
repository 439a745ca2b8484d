import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tomlkit
import typer
from typer.testing import CliRunner

from pipelines.backtest import backtest, hourly
from pipelines.cli import learn
from pipelines.config import Settings
from pipelines.errors import StoreError, TrackingError
from pipelines.ingest import ingest_files
from pipelines.scores import verdict
from pipelines.site import find_site
from pipelines.store import Store
from pipelines.tracking import tracking
from tests.pipelines.learning_kit import QUICK, chiller_readings, chillers, stored, table

REAL = Path(__file__).resolve().parents[2] / "../shared/data/grundfos"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("chillers"), chillers(), chiller_readings(600))


@pytest.fixture(scope="module")
def result(home):
    return backtest(chillers(), home, config=QUICK)


def errors(rows, error="mae_figure"):
    return {row["model"]: row[error] for row in rows}


def test_every_simple_model_stands_beside_the_network_on_the_same_rows(result):
    assert list(errors(result["by_time"])) == [
        "network",
        "persistence, last reading",
        "constant kW/ton",
        "quadratic ridge",
        "gradient boosting, kW/kW",
        "gradient boosting, kW",
    ]
    assert (result["train_rows"], result["held_out_rows"]) == (420, 180)


def test_persistence_is_the_error_from_one_reading_to_the_next(result):
    readings = chiller_readings(600)
    figure = (readings["CH1"] + readings["CH2"]) / readings["LOAD"]
    by_hand = figure.diff().abs().iloc[420:].mean()
    assert errors(result["by_time"])["persistence, last reading"] == pytest.approx(by_hand, rel=1e-3)


def test_errors_per_ton_are_3_5_times_those_per_kw(result):
    for row in result["by_time"]:
        assert row["mae_kw_per_ton"] == pytest.approx(3.51685 * row["mae_figure"])


def test_a_model_that_always_says_the_mean_has_little_bias_but_much_scatter(result):
    constant = next(row for row in result["by_time"] if row["model"] == "constant kW/ton")
    assert abs(constant["nmbe_cooling"]) < constant["cv_rmse_cooling"]
    assert errors(result["by_time"], "cv_rmse_cooling")["network"] < constant["cv_rmse_cooling"]


def test_gao_s_shuffled_split_is_labelled_flattering(result):
    assert result["shuffled_split"] == "shuffled: flattering, neighbouring rows leak"
    assert list(errors(result["shuffled"])) == [
        "network",
        "gradient boosting, kW/kW",
        "gradient boosting, kW",
    ]


def test_the_comparison_is_kept_in_mlflow(result, home):
    with tracking(home) as client:
        metrics = client.get_run(result["run_id"]).data.metrics
        assert [item.path for item in client.list_artifacts(result["run_id"])] == ["backtest.json"]
    assert metrics["mae_figure.quadratic_ridge"] == errors(result["by_time"])["quadratic ridge"]
    assert "shuffled.mae_figure.network" in metrics


def row(model, error):
    return {"model": model, "mae_figure": error}


def test_a_baseline_that_wins_is_named():
    assert verdict([row("network", 0.02), row("quadratic ridge", 0.01), row("constant kW/ton", 0.03)]) == (
        "A baseline wins: quadratic ridge has MAE 0.0100, the network 0.0200."
    )


def test_persistence_may_be_closer_yet_cannot_answer_what_if():
    said = verdict(
        [row("network", 0.02), row("persistence, last reading", 0.01), row("quadratic ridge", 0.03)]
    )
    assert said.startswith("The network is best: MAE 0.0200; next is quadratic ridge")
    assert "Persistence has 0.0100, but cannot say what other setpoints would do." in said


def test_an_hour_with_fewer_than_half_its_readings_has_no_mean():
    site = chillers()
    readings = table(site, chiller_readings(6))
    site = site.model_copy(update={"interval_minutes": 10})
    means = hourly(site, readings.iloc[:3])  # 30 min apart: two readings of six expected, then one
    assert means.empty
    site = site.model_copy(update={"interval_minutes": 30})
    means = hourly(site, readings.iloc[:3])
    assert means["cooling_load_kw"].iloc[0] == pytest.approx(readings["cooling_load_kw"].iloc[:2].mean())
    assert len(means) == 2


def test_hourly_backtest_judges_hours(home):
    found = backtest(chillers(), home, interval="hour", config=QUICK)
    assert found["interval_minutes"] == 60
    assert found["train_rows"] + found["held_out_rows"] == 300


def test_no_telemetry_and_no_mlflow_are_said(tmp_path, home):
    with pytest.raises(StoreError, match="coldaisle ingest"):
        backtest(chillers(), Settings(home=tmp_path), config=QUICK)
    with pytest.raises(TrackingError, match="does not answer"):
        backtest(chillers(), Settings(home=home.home, mlflow_uri="http://127.0.0.1:9"), config=QUICK)


@pytest.fixture
def command(home, tmp_path, monkeypatch):
    """The two commands on a home with telemetry, with networks that train in a moment."""
    monkeypatch.setattr("pipelines.train.FitConfig", lambda: QUICK)
    monkeypatch.setattr("pipelines.backtest.FitConfig", lambda: QUICK)
    site_file = tmp_path / "chillers.toml"
    site_file.write_text(tomlkit.dumps(chillers().model_dump(mode="json", exclude_none=True)))
    app = typer.Typer()
    app.command("train")(learn.train)
    app.command("backtest")(learn.backtest)

    def run(*arguments):
        return CliRunner().invoke(app, [*arguments, "--site", str(site_file), "--home", str(home.home)])

    return run


def test_commands_print_one_json_document_and_progress_elsewhere(command):
    for name, key in (("backtest", "by_time"), ("train", "kinds")):
        ran = command(name, "--json")
        assert ran.exit_code == 0, ran.output
        assert key in json.loads(ran.stdout)
        assert ran.stderr


def test_commands_show_the_table_to_a_person(command):
    shown = command("backtest").stdout
    assert "gradient boosting, kW/kW" in shown
    assert "flattering" in shown
    assert "is champion" in command("train").stdout.replace("\n", " ")


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real plant's export is not here: ../shared/data/grundfos")
def test_on_the_real_plant_the_network_is_at_least_as_good_as_boosting(tmp_path):
    settings = Settings(home=tmp_path)
    site = find_site("grundfos", settings)
    ingest_files(site, sorted(REAL.glob("*.csv")), Store(settings.store, site))
    found = errors(backtest(site, settings)["by_time"])
    assert found["network"] <= min(found["gradient boosting, kW/kW"], found["gradient boosting, kW"])
    assert np.isfinite(list(found.values())).all()
    assert pd.Series(found).drop("network").min() > 0.01
