import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE

from pipelines.config import Settings
from pipelines.errors import ModelError, TrackingError
from pipelines.learning.registry import Errors, champion_files, model_name, no_model, publish
from pipelines.learning.tracking import experiment_id, run_of, tracking
from tests.pipelines.learning_kit import chillers

FOLDER = "model"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Settings(home=tmp_path_factory.mktemp("home"))


class Registry:
    """Publishes versions of a site's cascade that hold one text; the errors of both are given, not measured."""

    def __init__(self, home, site):
        self.home, self.site = home, site

    def publish(self, text, judge):
        with tracking(self.home) as client:
            experiment = experiment_id(client, self.site.name, self.home)
            with run_of(client, experiment, "train", "cascade") as run_id:
                client.log_text(run_id, text, f"{FOLDER}/model.txt")
                return publish(client, run_id, self.site, "cascade", self.home, folder=FOLDER, judge=judge)

    def champion(self):
        with champion_files(self.site, "cascade", self.home) as files:
            return files and (files.folder / "model.txt").read_text()


@pytest.fixture
def registry(home, request):
    """Of a site of its own, since MLflow's file takes seconds to make."""
    name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    return Registry(home, chillers().model_copy(update={"name": name}))


def judged(ours, theirs):
    return lambda files: Errors(ours, theirs, f"{ours:g} against {theirs:g}")


def never_asked(files):
    raise AssertionError("there is no champion to judge")


def test_first_version_is_champion_without_a_judge(registry):
    assert registry.champion() is None
    report = registry.publish("first", never_asked)
    assert (report["model"], report["version"]) == (model_name(registry.site, "cascade"), "1")
    assert (report["alias"], report["why"]) == ("champion", "it is the first")
    assert registry.champion() == "first"


@pytest.mark.parametrize(
    ("ours", "theirs", "alias"),
    [
        (1.0, 2.0, "champion"),
        (1.01, 1.0, "champion"),  # as good: it has seen more
        (1.03, 1.0, "challenger"),
        (1.0, float("inf"), "champion"),
    ],
)
def test_present_champion_stays_only_where_it_is_clearly_better(registry, ours, theirs, alias):
    registry.publish("first", never_asked)
    report = registry.publish("second", judged(ours, theirs))
    assert report["alias"] == alias
    assert registry.champion() == ("second" if alias == "champion" else "first")


def test_champion_that_cannot_be_judged_is_replaced_and_the_reason_told(registry):
    def damaged(files):
        assert (files.folder / "model.txt").read_text() == "first"
        raise ModelError(f"{files.version} cannot be read")

    registry.publish("first", never_asked)
    report = registry.publish("second", damaged)
    assert report["alias"] == "champion"
    assert report["why"] == f"{model_name(registry.site, 'cascade')}/1 cannot be read"


def test_champion_whose_files_are_gone_is_an_error_to_serve_and_replaced_by_a_training(registry):
    registry.publish("first", never_asked)
    for file in list(registry.home.artifacts.rglob("model.txt")):
        if file.read_text() == "first":
            file.unlink()
            file.parent.rmdir()
    with pytest.raises(ModelError, match=r"(?s)are gone .*run: coldaisle train --site"):
        registry.champion()
    report = registry.publish("second", never_asked)
    assert report["alias"] == "champion"
    assert "are gone" in report["why"]


def test_registry_that_does_not_answer_is_no_sign_of_a_first_training(registry, monkeypatch):
    registry.publish("first", never_asked)

    def unavailable(self, name, alias):
        raise MlflowException("try later", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr("mlflow.MlflowClient.get_model_version_by_alias", unavailable)
    with pytest.raises(TrackingError, match="try later"):
        registry.champion()


def test_home_without_a_training_is_not_written_to(tmp_path):
    registry = Registry(Settings(home=tmp_path), chillers())
    assert registry.champion() is None
    assert not any(tmp_path.iterdir())
    assert "run: coldaisle twin --site chillers" in str(no_model(chillers(), "twin"))


@pytest.mark.parametrize(
    ("ours", "theirs", "alias"),
    [(float("nan"), 1.0, "challenger"), (float("inf"), 1.0, "challenger"), (1.0, float("nan"), "champion"),
     (float("nan"), float("nan"), "champion")],
)  # fmt: skip
def test_error_that_is_no_number_replaces_no_good_champion(registry, ours, theirs, alias):
    registry.publish("first", never_asked)
    assert registry.publish("second", judged(ours, theirs))["alias"] == alias
