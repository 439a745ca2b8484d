import shutil

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE

from pipelines.config import Settings
from pipelines.errors import ModelError, TrackingError
from pipelines.learning import charges
from pipelines.learning.publish import Errors, publish
from pipelines.learning.registry import champion_files, model_name, no_model
from pipelines.learning.tracking import experiment_id, run_of, tracking
from tests.pipelines.learning_kit import chillers

FOLDER = "model"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Settings(home=tmp_path_factory.mktemp("home"))


class Registry:
    """Publishes versions of a site's cascade that hold one text; the errors of both are given, not measured."""

    def __init__(self, home, site):
        self.home, self.site, self.kind = home, site, "cascade"

    def publish(self, text, judge):
        with tracking(self.home) as client:
            experiment = experiment_id(client, self.site.name, self.home)
            with run_of(client, experiment, "train", self.kind) as run_id:
                client.log_text(run_id, text, f"{FOLDER}/model.txt")
                return publish(client, run_id, self.site, self.kind, self.home, folder=FOLDER, judge=judge)

    def champion(self):
        with champion_files(self.site, self.kind, self.home) as files:
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


@pytest.mark.parametrize("ours", [0.5, 1.0, 2.0])
def test_any_later_version_is_a_challenger_until_it_is_judged(registry, ours):
    registry.publish("first", never_asked)
    report = registry.publish("second", judged(ours, 1.0))
    assert (report["alias"], report["why"]) == ("challenger", f"{ours:g} against 1")
    assert registry.champion() == "first"


@pytest.mark.parametrize(
    ("ours", "theirs", "alias"),
    [
        (1.0, 2.0, "champion"),
        (1.01, 1.0, "champion"),  # as good: it has seen more
        (1.03, 1.0, "challenger"),
        (1.0, float("inf"), "champion"),
        (float("nan"), 1.0, "challenger"),
        (float("inf"), 1.0, "challenger"),
        (1.0, float("nan"), "champion"),
        (float("nan"), float("nan"), "champion"),
    ],
)
def test_a_twin_is_judged_at_once_and_replaces_what_is_not_clearly_better(registry, ours, theirs, alias):
    registry.kind = "twin"
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
    shutil.rmtree(charges.present(registry.home, registry.site.name, "cascade").files)
    with pytest.raises(ModelError, match=r"(?s)are gone .*run: coldaisle train --site"):
        registry.champion()
    report = registry.publish("second", never_asked)
    assert report["alias"] == "champion"
    assert "are gone" in report["why"]


def test_serving_does_not_ask_mlflow(registry, monkeypatch):
    registry.publish("first", never_asked)
    monkeypatch.setattr("pipelines.learning.registry.tracking", never_asked)
    assert registry.champion() == "first"


def test_a_champion_that_only_mlflow_knows_is_put_in_its_folder(registry, monkeypatch):
    registry.publish("first", never_asked)
    shutil.rmtree(registry.home.models / registry.site.name)
    assert registry.champion() == "first"
    assert charges.present(registry.home, registry.site.name, "cascade").version == 1


def test_registry_that_does_not_answer_is_no_sign_of_a_first_training(registry, monkeypatch):
    registry.publish("first", never_asked)
    shutil.rmtree(registry.home.models / registry.site.name)

    def unavailable(self, name, alias):
        raise MlflowException("try later", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr("mlflow.MlflowClient.get_model_version_by_alias", unavailable)
    with pytest.raises(TrackingError, match="try later"):
        registry.champion()


@pytest.mark.parametrize("fails_at", ["create_model_version", "set_registered_model_alias"])
def test_mlflow_that_fails_while_it_registers_leaves_nothing_half_registered(registry, monkeypatch, fails_at):
    registry.publish("first", never_asked)

    def unavailable(self, *_, **__):
        raise MlflowException("try later", TEMPORARILY_UNAVAILABLE)

    with monkeypatch.context() as broken:
        broken.setattr(f"mlflow.MlflowClient.{fails_at}", unavailable)
        with pytest.raises(TrackingError):
            registry.publish("lost", judged(1.0, 1.0))
    assert registry.champion() == "first"
    assert charges.present(registry.home, registry.site.name, "cascade", "challenger") is None
    registry.publish("third", judged(1.0, 1.0))
    name = model_name(registry.site, "cascade")
    with tracking(registry.home) as client:
        texts = [
            client.get_run(one.run_id).info.status for one in client.search_model_versions(f"name = '{name}'")
        ]
        challenger = client.get_model_version_by_alias(name, "challenger").version
        assert client.get_model_version_by_alias(name, "champion").version == 1
    assert len(texts) == 2
    assert "FAILED" not in texts
    assert (
        int(challenger) == charges.present(registry.home, registry.site.name, "cascade", "challenger").version
    )


def test_home_without_a_training_is_not_written_to(tmp_path):
    registry = Registry(Settings(home=tmp_path), chillers())
    assert registry.champion() is None
    assert not any(tmp_path.iterdir())
    assert "run: coldaisle twin --site chillers" in str(no_model(chillers(), "twin"))
