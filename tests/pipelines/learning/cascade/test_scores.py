"""The cascade beside simple models, on the same rows and inputs."""

import numpy as np
import pandas as pd
import pytest

from pipelines.learning.cascade.dataset import held_out_weeks
from pipelines.learning.cascade.scores import (
    BOOSTING,
    CASCADE,
    PERSISTENCE,
    QUADRATIC,
    cooling_error_kw,
    scores,
    verdict,
)
from pipelines.learning.cascade.training import learn_site
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.learning_kit import hall, hall_readings, table

SITE = hall()


@pytest.fixture(scope="module")
def plant() -> pd.DataFrame:
    return plant_table(SITE, table(SITE, hall_readings(48 * 7 * 5)))


@pytest.fixture(scope="module")
def judged(plant) -> np.ndarray:
    return held_out_weeks(plant)


@pytest.fixture(scope="module")
def held_out(plant, judged):
    return learn_site(SITE, plant[~judged]).cascade


@pytest.fixture(scope="module")
def found(plant, judged, held_out):
    return scores(SITE, held_out, plant, judged)


def test_all_models_are_judged_on_the_same_settled_rows(found, judged):
    assert [row["model"] for row in found] == [CASCADE, PERSISTENCE, QUADRATIC, BOOSTING]
    assert len({row["rows"] for row in found}) == 1
    assert 100 < found[0]["rows"] < judged.sum()


def test_the_cascade_beats_persistence_where_setpoints_move_power(found):
    error_kw = {row["model"]: row["mae_kw"] for row in found}
    assert error_kw[CASCADE] < 0.5 * error_kw[PERSISTENCE]


def test_its_error_is_the_one_that_champions_are_compared_by(plant, judged, held_out, found):
    assert found[0]["mae_kw"] == pytest.approx(cooling_error_kw(SITE, held_out, plant, judged), rel=0.02)


def test_persistence_is_an_hour_old(plant, judged, held_out):
    jumping = plant.assign(cooling_kw=np.where(np.arange(len(plant)) % 4 < 2, 50.0, 80.0))  # half-hour rows
    by_model = {row["model"]: row for row in scores(SITE, held_out, jumping, judged)}
    assert by_model[PERSISTENCE]["mae_kw"] == pytest.approx(30.0)


def test_a_record_that_is_never_settled_is_not_judged(plant, judged, held_out):
    restless = plant.assign(chw_supply_sp_c=np.where(np.arange(len(plant)) % 2, 7.0, 13.0))
    assert scores(SITE, held_out, restless, judged) == []
    assert "too few settled rows" in verdict([])


def test_a_simple_model_that_wins_is_named(found):
    worse = [row | {"mae_kw": 99.0} if row["model"] == CASCADE else row for row in found]
    assert f"Better than the cascade: {QUADRATIC}" in verdict(worse) or BOOSTING in verdict(worse)
    assert PERSISTENCE in verdict(worse).split("Better than the cascade")[1]
