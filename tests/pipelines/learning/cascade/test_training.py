"""Which cascade is served after another training."""

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ModelError
from pipelines.learning.cascade.training import learn_site, train_cascade
from pipelines.learning.tracking import experiment_id, tracking
from pipelines.learning.train import retrain_if_new
from pipelines.site.declared_effects import KnownEffect
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.learning_kit import QUICK, hall, hall_readings, stored, table

pytestmark = pytest.mark.medium

ROWS = 48 * 7 * 5


@pytest.fixture
def home(tmp_path):
    return stored(tmp_path, hall(), hall_readings(300))


def train(home, readings):
    with tracking(home) as client:
        recorded = table(hall(), readings)
        return train_cascade(
            hall(),
            recorded,
            plant_table(hall(), recorded),
            home,
            client=client,
            experiment=experiment_id(client, "hall", home),
            params={"until": "None"},
        )


def wrong(readings):
    """A record whose meters were mixed up: nothing about cooling power can be learned from it."""
    shuffled = np.random.default_rng(0).permutation(len(readings))
    return readings.assign(CHILLER=readings["CHILLER"].to_numpy()[shuffled] * 3.0)


def test_the_first_cascade_is_champion(home):
    report = train(home, hall_readings(ROWS))
    assert (report["alias"], report["why"]) == ("champion", "it is the first")
    assert report["scores"][0]["model"] == "cascade"
    assert report["verdict"].startswith("The cascade predicts cooling power of")


def test_scores_beside_simple_models_are_logged_with_the_run(home):
    report = train(home, hall_readings(ROWS))
    with tracking(home) as client:
        metrics = client.get_run(report["run_id"]).data.metrics
    assert metrics["mae_kw.cascade"] == pytest.approx(report["scores"][0]["mae_kw"])
    assert metrics["mae_kw.quadratic_ridge__total"] > 0.0


def effect(**how) -> KnownEffect:
    return KnownEffect.model_validate({"of": "chw_supply_sp_c", "on": "chiller_kw"} | how)


def test_declared_effects_are_reported_as_they_hold():
    site = hall().model_copy(
        update={
            "effects": [
                effect(low_percent_per_k=-6.0, high_percent_per_k=-4.0),
                effect(of="return_air_c", sign="negative"),
            ]
        }
    )
    learned = learn_site(site, plant_table(site, table(site, hall_readings(ROWS))))
    assert learned.effects[0].broken_share < 0.05
    assert "effect of return_air_c on chiller_kw is not kept" in learned.effects_not_kept[0]


def test_effects_that_cannot_hold_are_refused_with_the_place_to_mend():
    site = hall().model_copy(update={"effects": [effect(low_percent_per_k=60.0, high_percent_per_k=90.0)]})
    with pytest.raises(ModelError, match=r"cannot keep.*edit \[\[effects\]\]"):
        learn_site(site, plant_table(site, table(site, hall_readings(ROWS))))


@pytest.mark.slow
def test_a_cascade_that_predicts_no_worse_is_a_challenger_until_it_is_judged(home):
    train(home, hall_readings(ROWS))
    report = train(home, hall_readings(ROWS))
    assert (report["version"], report["alias"]) == ("2", "challenger")


def test_a_cascade_that_predicts_worse_stays_challenger(home):
    readings = hall_readings(ROWS)
    train(home, readings)
    judged = (readings.index - readings.index[0]) // pd.Timedelta(weeks=1) % 4 == 3
    half_wrong = pd.concat([wrong(readings[~judged]), readings[judged]]).sort_index()
    report = train(home, half_wrong)
    assert report["alias"] == "challenger"
    assert "the present champion's" in report["why"]


def test_a_training_that_fails_leaves_the_champion(home):
    train(home, hall_readings(ROWS))
    with pytest.raises(ModelError, match="too little to learn control from"):
        train(home, hall_readings(60))


@pytest.mark.slow
def test_a_site_whose_cascade_is_missing_is_trained_again(home, monkeypatch):
    monkeypatch.setattr("pipelines.learning.efficiency.training.FitConfig", lambda: QUICK)
    assert retrain_if_new(hall(), home) is not None
    assert retrain_if_new(hall(), home) is None
    with tracking(home) as client:
        experiment = client.get_experiment_by_name("hall").experiment_id
        for run in client.search_runs([experiment], "tags.kind = 'cascade'"):
            client.delete_run(run.info.run_id)
    assert retrain_if_new(hall(), home) is not None
