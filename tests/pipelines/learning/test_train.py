import time

import numpy as np
import pandas as pd
import pytest

import models.efficiency.training
import pipelines.learning.efficiency.training
from pipelines.config import Settings
from pipelines.errors import ModelError, StoreError, TrackingError, TrainingBusyError
from pipelines.learning.efficiency.bundle import load_champion
from pipelines.learning.tracking import tracking
from pipelines.learning.train import alone, train
from tests.pipelines.learning_kit import QUICK, chiller_readings, chillers, hall, hall_readings, stored

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("hall"), hall(), hall_readings())


@pytest.fixture(scope="module")
def report(home):
    return train(hall(), home, config=QUICK)


def chillers_home(folder, **columns):
    return stored(folder, chillers(), chiller_readings(300).assign(**columns))


def run_of(settings, report, kind):
    with tracking(settings) as client:
        run_id = report["kinds"][kind]["run_id"]
        return client.get_run(run_id), client.get_metric_history(run_id, "train_loss")


def test_every_kind_is_registered_as_champion_with_the_first_training(report):
    named = {
        kind: (found["model"], found["version"], found["alias"]) for kind, found in report["kinds"].items()
    }
    assert named == {
        "efficiency": ("coldaisle.hall.efficiency", "1", "champion"),
        "cascade": ("coldaisle.hall.cascade", "1", "champion"),
        "horizon": ("coldaisle.hall.horizon", "1", "champion"),
    }


def test_last_30_percent_are_judged_beside_every_model(report):
    found = report["kinds"]["efficiency"]
    assert found["held_out_rows"] == 270
    assert len(found["scores"]) == 10
    constant, boosting = found["scores"][3], found["scores"][5]
    assert found["scores"][0]["mae_figure"] < constant["mae_figure"]
    assert 0 < boosting["mae_figure"] < constant["mae_figure"]


def test_run_holds_parameters_curves_errors_and_the_data_s_fingerprint(report, home):
    run, curve = run_of(home, report, "efficiency")
    assert run.data.params["fingerprint"] == report["fingerprint"]
    assert run.data.params["hidden"] == "(8,)"
    assert len(curve) == QUICK.epochs
    served = report["kinds"]["efficiency"]["scores"][0]
    assert run.data.metrics["mae_figure.served"] == pytest.approx(served["mae_figure"])
    assert "mae_figure.gradient_boosting__kW" in run.data.metrics
    assert run.info.status == "FINISHED"


def test_training_again_on_the_same_telemetry_is_a_challenger_with_the_same_error(report, home):
    again = train(hall(), home, config=QUICK)["kinds"]["efficiency"]
    assert (again["version"], again["alias"]) == ("2", "challenger")
    assert again["target_mae"] == report["kinds"]["efficiency"]["target_mae"]
    assert load_champion(hall(), home).version == "coldaisle.hall.efficiency/1"


def test_runs_are_nested_under_their_training_with_data_signature_code_and_a_plot(report, home):
    with tracking(home) as client:
        run = client.get_run(report["kinds"]["efficiency"]["run_id"])
        files = {file.path for file in client.list_artifacts(run.info.run_id)}
        parent = client.get_run(run.data.tags["mlflow.parentRunId"])
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.digest == report["fingerprint"][:36]
    assert files >= {"errors.html", "signature.json", "model"}
    assert run.data.tags["coldaisle.code"].startswith("0.")
    assert (parent.data.tags["kind"], parent.info.status) == ("all", "FINISHED")


def test_two_trainings_of_one_site_at_once(home):
    with (
        alone(hall(), home),
        pytest.raises(TrainingBusyError, match="being trained by another process") as busy,
    ):
        train(hall(), home, config=QUICK)
    assert busy.value.transient


def test_until_hides_later_telemetry(tmp_path):
    settings = chillers_home(tmp_path)
    until = pd.Timestamp("2025-06-07", tz="UTC")
    found = train(chillers(), settings, until=until, config=QUICK)["kinds"]["efficiency"]
    assert found["rows"] == 288
    assert pd.Timestamp(found["learned_until"]) < until


def test_a_champion_that_cannot_be_read_is_replaced(tmp_path):
    settings = chillers_home(tmp_path)
    train(chillers(), settings, config=QUICK)
    for served in settings.models.rglob("served.msgpack"):
        served.write_bytes(b"damaged")
    found = train(chillers(), settings, config=QUICK)["kinds"]["efficiency"]
    assert (found["version"], found["alias"]) == ("2", "champion")
    assert "efficiency/1 cannot be read" in found["why"]


@pytest.mark.parametrize(("ours", "theirs"), [(0.02, 0.01), (0.01, 0.02)])
def test_a_later_model_is_a_challenger_and_its_error_beside_the_champions_is_told(
    tmp_path, monkeypatch, ours, theirs
):
    settings = chillers_home(tmp_path)
    train(chillers(), settings, config=QUICK)
    errors = iter([ours, theirs])
    monkeypatch.setattr(pipelines.learning.efficiency.training, "_held_out_mae", lambda *_: next(errors))
    found = train(chillers(), settings, config=QUICK)["kinds"]["efficiency"]
    assert found["alias"] == "challenger"
    assert f"held-out MAE {ours:.4f}, the present champion's {theirs:.4f}" in found["why"]
    assert load_champion(chillers(), settings).version.endswith("/1")


def test_loss_that_is_no_number_stops_and_the_champion_stays(report, home, monkeypatch):
    before = load_champion(hall(), home).version

    monkeypatch.setattr(models.efficiency.training, "_validation_loss", lambda *_: np.full(1, np.nan))
    with pytest.raises(ModelError, match=r"no longer a number in epoch 1; the present champion stays"):
        train(hall(), home, config=QUICK)
    assert load_champion(hall(), home).version == before


def test_too_few_rows_say_how_many_of_how_many(tmp_path):
    settings = stored(tmp_path, chillers(), chiller_readings(120))
    with pytest.raises(
        ModelError, match=r'"chillers" has too little .* 30% .* 84 rows to learn from, needs 200'
    ):
        train(chillers(), settings, config=QUICK)


def test_rows_without_load_are_counted_and_constant_columns_named(tmp_path):
    load_kw = chiller_readings(300)["LOAD"].where(np.arange(300) % 100 > 4, 0.0)
    settings = chillers_home(tmp_path, LOAD=load_kw, CHWS=np.where(np.arange(300) == 5, 7.1, 7.0))
    found = train(chillers(), settings, config=QUICK)["kinds"]["efficiency"]
    assert found["left_out"]["the plant has no load"] == 15
    assert any(note.startswith("chw_supply_c is not used") for note in found["notes"])


def test_no_telemetry_names_the_command_that_brings_it(tmp_path):
    with pytest.raises(StoreError, match="coldaisle ingest --site hall"):
        train(hall(), Settings(home=tmp_path / "empty"), config=QUICK)


def test_an_mlflow_that_does_not_answer_is_reported_within_seconds(home):
    nowhere = Settings(home=home.home, mlflow_uri="http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(TrackingError, match=r"http://127.0.0.1:9 does not answer .*COLDAISLE_MLFLOW_URI"):
        train(hall(), nowhere, config=QUICK)
    assert time.monotonic() - started < 10.0


@pytest.mark.parametrize("kind", ["efficiency", "cascade"])
def test_one_kind_alone_leaves_the_other_as_it_was(kind, home, report):
    before = versions(home)
    found = train(hall(), home, config=QUICK, only=kind)
    assert list(found["kinds"]) == [kind]
    assert found["kinds"][kind]["version"] == str(before[kind] + 1)
    assert versions(home) == before | {kind: before[kind] + 1}


def test_a_cascade_alone_needs_setpoints(tmp_path):
    site = chillers().model_copy(update={"setpoints": []})
    with pytest.raises(ModelError, match=r"has no cascade model to learn .*needs \[\[setpoints\]\]"):
        train(site, stored(tmp_path, site, chiller_readings(300)), config=QUICK, only="cascade")


def versions(settings):
    """How many versions each kind of the hall's models has."""
    with tracking(settings) as client:
        return {
            kind: len(client.search_model_versions(f"name = 'coldaisle.hall.{kind}'"))
            for kind in ("efficiency", "cascade")
        }
