import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tomlkit
import typer
from typer.testing import CliRunner

from pipelines.cli.backtest import backtest as backtest_command
from pipelines.cli.train import train
from pipelines.config import Settings
from pipelines.errors import ModelError, StoreError, TrackingError
from pipelines.learning.backtest import backtest, hourly
from pipelines.learning.efficiency.scores import verdict
from pipelines.learning.tracking import tracking
from pipelines.site.file import find_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store
from tests.pipelines.learning_kit import (
    QUICK,
    chiller_readings,
    chillers,
    hall,
    hall_readings,
    stored,
    table,
    wandering_readings,
)
from tests.places import SHARED_DATA

pytestmark = pytest.mark.medium

REAL = SHARED_DATA / "grundfos"
ROWS = 336 * 3  # three weeks: one to learn from at least, two to walk through
SERVED, MIXTURE, ALL_BUT_NETWORKS = "served", "mixture", "all but networks"
SIMPLE = [
    "persistence, last reading",
    "constant kW/ton",
    "quadratic ridge",
    "gradient boosting, kW/kW",
    "gradient boosting, kW",
    "quadratic + boosting",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("chillers"), chillers(), chiller_readings(ROWS))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("backtest") / "predictions.csv"


@pytest.fixture(scope="module")
def result(home, file):
    return backtest(chillers(), home, config=QUICK, workers=1, predictions=file)


def errors(rows, error="mae_figure"):
    return {row["model"]: row[error] for row in rows}


def test_every_simple_model_stands_beside_what_is_served_on_the_same_rows(result):
    assert list(errors(result["by_time"])) == [
        SERVED, ALL_BUT_NETWORKS, MIXTURE, "network alone", *SIMPLE, "boosting of changes", "networks of changes",
    ]  # fmt: skip
    assert (result["folds"], result["train_rows"], result["held_out_rows"]) == (2, 672, 672)


def test_persistence_is_the_error_from_one_reading_to_the_next(result):
    readings = chiller_readings(ROWS)
    figure = (readings["CH1"] + readings["CH2"]) / readings["LOAD"]
    by_hand = figure.diff().abs().iloc[336:].mean()
    assert errors(result["by_time"])["persistence, last reading"] == pytest.approx(by_hand, rel=1e-3)


def test_skill_is_the_share_of_persistence_s_error_that_a_model_saves(result):
    mae, skill = errors(result["by_time"]), errors(result["by_time"], "skill")
    assert skill["persistence, last reading"] == 0.0
    assert skill[SERVED] == pytest.approx(1 - mae[SERVED] / mae["persistence, last reading"])


def test_errors_per_ton_are_3_5_times_those_per_kw(result):
    for row in result["by_time"]:
        assert row["mae_kw_per_ton"] == pytest.approx(3.51685 * row["mae_figure"])


def test_a_plant_that_is_a_line_in_load_and_lift_is_learned_better_than_boosting_learns_it(result):
    assert errors(result["by_time"])[SERVED] < 0.8 * errors(result["by_time"])["gradient boosting, kW/kW"]
    assert errors(result["by_time"], "cv_rmse_cooling")[SERVED] < 0.05


def test_intervals_cover_nine_of_ten_and_every_slice_says_how_sure_that_is(result):
    overall = next(row for row in result["slices"] if row["by"] == "overall")
    assert overall["coverage"] == pytest.approx(0.9, abs=0.04)
    assert all(row["coverage_low"] <= row["coverage"] <= row["coverage_high"] for row in result["slices"])
    assert {"season", "load", "hour", "support"} <= {row["by"] for row in result["slices"]}
    loads = [row for row in result["slices"] if row["by"] == "load"]
    assert sum(row["rows"] for row in loads) == overall["rows"]


def test_what_sets_the_power_is_what_the_model_leans_on(result):
    sensitivity = result["sensitivity"]
    assert set(sensitivity) == set(result["inputs"])
    assert next(iter(sensitivity)) in ("cw_supply_c", "outdoor_wetbulb_c", "chw_supply_c")


def test_predictions_are_written_for_anyone_to_check(result, file):
    written = pd.read_csv(file)
    assert list(written.columns) == [
        "time", "target", "measured", "prediction", "lower", "upper", "in_support",
    ]  # fmt: skip
    assert len(written) == result["held_out_rows"]
    assert (written["prediction"] - written["measured"]).abs().mean() == pytest.approx(
        errors(result["by_time"])[SERVED]
    )
    assert (written["lower"] < written["prediction"]).all()
    assert written["time"].iloc[0].endswith("Z")


def test_predictions_so_far_are_written_before_the_last_fold_is_done(home, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.learning.backtest.EVERY_S", -1.0)
    file, rows = tmp_path / "predictions.csv", {}

    def look(line):
        if line.startswith("fold "):
            rows.setdefault(line[:6], len(pd.read_csv(file)) if file.exists() else 0)

    found = backtest(chillers(), home, config=QUICK, workers=1, predictions=file, progress=look)
    assert rows["fold 1"] == 0
    assert 0 < rows["fold 2"] < found["held_out_rows"] == len(pd.read_csv(file))


def test_gao_s_shuffled_split_is_labelled_flattering(result):
    assert result["shuffled_split"] == "shuffled: flattering, neighbouring rows leak"
    assert list(errors(result["shuffled"])) == [
        SERVED, ALL_BUT_NETWORKS, MIXTURE, "network alone", "gradient boosting, kW/kW", "gradient boosting, kW",
    ]  # fmt: skip


def test_the_comparison_and_its_page_are_kept_in_mlflow(result, home, tmp_path):
    with tracking(home) as client:
        metrics = client.get_run(result["run_id"]).data.metrics
        names = [item.path for item in client.list_artifacts(result["run_id"])]
        page = Path(client.download_artifacts(result["run_id"], "backtest.html", tmp_path)).read_text()
    assert names == ["backtest.html", "backtest.json"]
    assert metrics["mae_figure.quadratic_ridge"] == errors(result["by_time"])["quadratic ridge"]
    assert "shuffled.mae_figure.network_alone" in metrics
    assert "90 % interval" in page
    assert "gradient boosting, kW/kW" in page


@pytest.mark.slow
def test_folds_in_two_processes_give_what_one_gives(home, result):
    again = backtest(chillers(), home, config=QUICK, workers=2)
    assert errors(again["by_time"]) == errors(result["by_time"])


def test_the_next_hour_of_a_hall_is_predicted_with_its_worst_rack_inlet(tmp_path):
    settings = stored(tmp_path, hall(), hall_readings(ROWS))
    found = backtest(
        hall(), settings, target="next-hour", hold_out="last-30-percent", config=QUICK, workers=1
    )
    mae = errors(found["by_time"])
    assert mae[SERVED] < mae["persistence, last reading"]
    assert found["shuffled"] == []
    inlet = next(row for row in found["further"] if row["target"] == "rack_inlet_c_change")
    assert inlet["rmse"] < 0.7 * inlet["rmse_no_change"]


def test_what_is_served_is_named_with_its_weights(result):
    assert "% mixture" in result["served"]
    assert f"Served is {result['served']}: MAE" in result["verdict"]
    assert "all models but the networks" in result["verdict"]


def test_what_is_served_follows_the_model_that_does_clearly_better(tmp_path):
    """A figure that no input explains but that stays what it was: persistence."""
    settings = stored(tmp_path, chillers(), wandering_readings(ROWS))
    found = backtest(chillers(), settings, config=QUICK, workers=1)
    mae = errors(found["by_time"])
    assert mae[SERVED] < mae[MIXTURE]
    assert mae[SERVED] < 1.05 * mae["persistence, last reading"]


def row(model, error, carried=None):
    return {"model": model, "mae_figure": error, "mae_last_error_carried": carried}


def test_a_simple_model_that_wins_is_named():
    said = verdict([row(MIXTURE, 0.02), row("quadratic ridge", 0.01), row("constant kW/ton", 0.03)])
    assert said == (
        "Served is mixture: MAE 0.02; the best simple model is quadratic ridge with 0.01. "
        "What is served is not the best."
    )


def test_the_verdict_names_what_is_served_and_what_comes_next():
    rows = [row(SERVED, 0.02), row(MIXTURE, 0.025, 0.02), row("quadratic ridge", 0.03, 0.024)]
    said = verdict([*rows, row("persistence, last reading", 0.04)], MIXTURE)
    assert said == (
        "Served is mixture: MAE 0.02; the best simple model is quadratic ridge with 0.024, its errors carried "
        "(0.03 without); persistence has 0.04."
    )


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
    found = backtest(chillers(), home, interval="hour", hold_out="last-30-percent", config=QUICK, workers=1)
    assert found["interval_minutes"] == 60
    assert found["train_rows"] + found["held_out_rows"] == ROWS // 2


def test_what_cannot_be_judged_is_said(tmp_path, home):
    with pytest.raises(StoreError, match="coldaisle ingest"):
        backtest(chillers(), Settings(home=tmp_path / "empty"), config=QUICK)
    with pytest.raises(TrackingError, match="does not answer"):
        backtest(chillers(), Settings(home=home.home, mlflow_uri="http://127.0.0.1:9"), config=QUICK)
    short = stored(tmp_path / "short", chillers(), chiller_readings(300))
    with pytest.raises(ModelError, match=r"too short a record for walk-forward \(300 rows, 4 inputs\)"):
        backtest(chillers(), short, config=QUICK)


@pytest.fixture
def command(home, tmp_path, monkeypatch):
    """The two commands on a home with telemetry, with networks that train in a moment."""
    monkeypatch.setattr("pipelines.learning.efficiency.training.FitConfig", lambda: QUICK)
    monkeypatch.setattr("pipelines.learning.backtest.FitConfig", lambda: QUICK)
    site_file = tmp_path / "chillers.toml"
    site_file.write_text(tomlkit.dumps(chillers().model_dump(mode="json", exclude_none=True)))
    app = typer.Typer()
    app.command("train")(train)
    app.command("backtest")(backtest_command)

    def run(name, *arguments):
        given = [name, *arguments, "--site", str(site_file), "--home", str(home.home)]
        return CliRunner().invoke(app, given)

    return run


def test_commands_print_one_json_document_and_progress_elsewhere(command):
    quick = ("--hold-out", "last-30-percent", "--json")
    for name, key, arguments in (("backtest", "by_time", quick), ("train", "kinds", ("--json",))):
        ran = command(name, *arguments)
        assert ran.exit_code == 0, ran.output
        assert key in json.loads(ran.stdout)
        assert ran.stderr


def test_commands_show_the_table_to_a_person(command):
    shown = command("backtest", "--hold-out", "last-30-percent").stdout
    assert "gradient boosting, kW/kW" in shown
    assert "flattering" in shown
    assert re.search("is (champion|challenger)", command("train").stdout.replace("\n", " "))


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real plant's export is not here: ../shared/data/grundfos")
def test_on_the_real_plant_walking_forward_every_simple_model_is_beaten(tmp_path):
    settings = Settings(home=tmp_path)
    site = find_site("grundfos", settings)
    ingest_files(site, sorted(REAL.glob("*.csv")), Store(settings.store, site))
    found = errors(backtest(site, settings, interval="hour")["by_time"])
    assert found[SERVED] <= 0.95 * min(found[name] for name in SIMPLE)
    assert np.isfinite(list(found.values())).all()
