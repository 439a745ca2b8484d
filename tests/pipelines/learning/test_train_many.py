"""Many sites in one process: each is registered as if alone, and one that fails stops no other."""

import pytest

from pipelines.errors import StoreError, TrackingError
from pipelines.learning.efficiency.bundle import load_champion
from pipelines.learning.train import train
from pipelines.learning.train_many import train_sites
from tests.pipelines.learning_kit import chiller_readings, chillers, hall, hall_readings, stored

pytestmark = pytest.mark.medium

AT_ONCE = 2


@pytest.fixture(scope="module")
def sites():
    empty = chillers().model_copy(update={"name": "empty"})
    return [hall(), empty, chillers()]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    stored(folder, hall(), hall_readings())
    return stored(folder, chillers(), chiller_readings())


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def outcomes(sites, home, said):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", "")
        return train_sites(sites, home, warm=False, progress=said.append, at_once=AT_ONCE)


def test_every_site_has_its_outcome_and_one_that_fails_stops_no_other(outcomes, home):
    assert list(outcomes) == ["hall", "empty", "chillers"]
    assert isinstance(outcomes["empty"].error, StoreError)
    for site in (hall(), chillers()):
        assert outcomes[site.name].error is None
        assert load_champion(site, home).version.endswith("/1")


def test_scores_are_those_of_a_training_alone(outcomes, tmp_path):
    alone = train(hall(), stored(tmp_path, hall(), hall_readings()))
    for kind in ("efficiency", "cascade", "horizon"):
        errors = [
            [value for row in report["kinds"][kind]["scores"] for value in row.values()]
            for report in (outcomes["hall"].report, alone)
        ]
        together, single = ([value for value in each if isinstance(value, float)] for each in errors)
        assert together == pytest.approx(single, rel=2e-3, abs=1e-6, nan_ok=True)


def test_sites_are_named_in_what_is_said(said, outcomes):
    assert {line.split(": ")[0] for line in said} >= {"hall", "chillers"}


def test_nothing_new_is_left_alone(outcomes, home, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    again = train_sites([hall(), chillers()], home, only_new=True)
    assert all(each.nothing_new for each in again.values())


def test_an_mlflow_that_does_not_answer_is_said_once(home):
    elsewhere = home.model_copy(update={"mlflow_uri": "http://127.0.0.1:9"})
    with pytest.raises(TrackingError):
        train_sites([hall()], elsewhere)
