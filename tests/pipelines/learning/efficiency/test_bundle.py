import shutil
import time

import mlflow
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text

from pipelines.config import Settings
from pipelines.errors import ModelError, StoreError, TrackingError
from pipelines.learning.efficiency.bundle import load_champion
from pipelines.learning.efficiency.dataset import OVERHEAD
from pipelines.learning.efficiency.predict import measured_and_predicted
from pipelines.learning.train import train
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store
from tests.pipelines.learning_kit import QUICK, chiller_readings, chillers, hall, stored

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    settings = stored(tmp_path_factory.mktemp("chillers"), chillers(), chiller_readings(400))
    train(chillers(), settings, config=QUICK)
    return settings


@pytest.fixture(scope="module")
def plant(home):
    return plant_table(chillers(), Store(home.store, chillers()).read())


def without(site, tag):
    points = [point for point in site.points if point.tag != tag]
    return type(site).model_validate(
        site.model_dump(exclude_none=True) | {"points": [p.model_dump() for p in points]}
    )


def test_champion_predicts_what_was_measured(home, plant):
    model = load_champion(chillers(), home)
    predicted = model.predict(plant[list(model.inputs)].to_numpy())[OVERHEAD]
    assert np.abs(predicted - plant["figure"]).mean() < 0.005
    assert model.in_support(plant[list(model.inputs)].to_numpy()).mean() > 0.9


def test_others_load_the_registered_model_through_mlflow_alone(home, plant):
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(home.tracking_uri)
    try:
        loaded = mlflow.pyfunc.load_model("models:/coldaisle.chillers.efficiency@champion")
    finally:
        mlflow.set_tracking_uri(before)
    model = load_champion(chillers(), home)
    rows = plant[list(model.inputs)]
    answer = loaded.predict(rows)
    np.testing.assert_array_equal(answer[OVERHEAD], model.predict(rows.to_numpy())[OVERHEAD])
    assert answer["in_support"].dtype == bool
    assert (answer[f"{OVERHEAD}_spread"] >= 0).all()


def test_nothing_registered_is_a_pickle_and_requirements_name_no_package_of_ours(home):
    files = [path for path in home.artifacts.rglob("*") if path.is_file()]
    assert {path.suffix for path in files if "artifacts" in path.parts[-2:]} == {".msgpack", ".json", ".html"}
    assert not [path for path in files if path.suffix in (".pkl", ".pickle", ".cloudpickle")]
    requirements = next(path for path in files if path.name == "requirements.txt").read_text()
    assert "jax==" in requirements
    assert "coldaisle" not in requirements


def test_before_the_first_training_the_command_is_named_and_nothing_is_made(tmp_path):
    settings = Settings(home=tmp_path / "new")
    with pytest.raises(ModelError, match="no efficiency model yet; run: coldaisle train --site chillers"):
        load_champion(chillers(), settings)
    assert not settings.home.exists()


def test_a_site_never_trained_has_no_model_though_another_has(home):
    with pytest.raises(ModelError, match="coldaisle train --site hall"):
        load_champion(hall(), home)


def test_a_site_that_lost_a_point_does_not_fit_its_model(home):
    with pytest.raises(
        ModelError, match=r"efficiency/1 needs cw_supply_c, which the site file does not declare"
    ):
        load_champion(without(chillers(), "CDLO"), home)


def test_a_site_whose_figure_became_pue_does_not_fit_its_model(home):
    meters = {"it": ["cooling_load_kw"], "cooling": ["chiller_kw"], "pue_category": 1, "boundary": "changed"}
    changed = type(chillers()).model_validate(chillers().model_dump(exclude_none=True) | {"meters": meters})
    with pytest.raises(ModelError, match="predicts kW per kW of cooling, the site's figure is now PUE1"):
        load_champion(changed, home)


def test_a_registry_that_does_not_answer_stops_no_serving(home):
    assert load_champion(
        chillers(), Settings(home=home.home, mlflow_uri="http://127.0.0.1:9")
    ).version.endswith("/1")


def test_a_registry_that_does_not_answer_is_reported_within_seconds_where_it_alone_knows(home, tmp_path):
    started = time.monotonic()
    with pytest.raises(TrackingError, match="does not answer"):
        load_champion(chillers(), Settings(home=tmp_path, mlflow_uri="http://127.0.0.1:9"))
    assert time.monotonic() - started < 10.0


def test_measured_and_predicted_stand_side_by_side_in_the_asked_period(home, plant):
    start, end = pd.Timestamp("2025-06-02", tz="UTC"), pd.Timestamp("2025-06-04", tz="UTC")
    found = measured_and_predicted(chillers(), home, start, end)
    assert list(found.columns) == ["measured", "predicted", "lower", "upper", "in_support", "imputed", "why"]
    assert (found.index[0], len(found)) == (start, 96)
    pd.testing.assert_series_equal(
        found["measured"], plant.loc[start:end, "figure"].iloc[:-1], check_names=False
    )
    assert (found["measured"] - found["predicted"]).abs().max() < 0.05


def test_nothing_is_predicted_where_the_plant_stood_still(tmp_path, home):
    stopped = chiller_readings(400)
    stopped.iloc[:6] = stopped.iloc[:6].assign(LOAD=0.0, CH1=0.0, CH2=0.0)
    settings = stored(tmp_path, chillers(), stopped)
    shutil.copytree(home.artifacts, settings.artifacts)
    shutil.copy(home.home / "mlflow.db", settings.home / "mlflow.db")
    found = measured_and_predicted(chillers(), settings)
    assert list(found["predicted"].isna()) == [True] * 6 + [False] * 394


def test_prediction_without_telemetry_names_the_command(tmp_path, home):
    shutil.copytree(home.artifacts, tmp_path / "mlartifacts")
    shutil.copy(home.home / "mlflow.db", tmp_path / "mlflow.db")
    with pytest.raises(StoreError, match="coldaisle ingest --site chillers"):
        measured_and_predicted(chillers(), Settings(home=tmp_path))


def test_a_damaged_model_says_to_train_again(tmp_path, home):
    shutil.copytree(home.artifacts, tmp_path / "mlartifacts")
    shutil.copy(home.home / "mlflow.db", tmp_path / "mlflow.db")
    for served in (tmp_path / "mlartifacts").rglob("served.msgpack"):
        served.write_bytes(served.read_bytes()[:100])
    # Artifact addresses are absolute: point this registry's copy at its own files.
    with create_engine(f"sqlite:///{tmp_path / 'mlflow.db'}").begin() as connection:
        for table, column in (("model_versions", "source"), ("model_versions", "storage_location")):
            connection.execute(
                text(f"UPDATE {table} SET {column} = replace({column}, :old, :new)"),
                {"old": str(home.artifacts.resolve()), "new": str((tmp_path / "mlartifacts").resolve())},
            )
    with pytest.raises(ModelError, match=r"efficiency/1 cannot be read .*run: coldaisle train"):
        load_champion(chillers(), Settings(home=tmp_path))
