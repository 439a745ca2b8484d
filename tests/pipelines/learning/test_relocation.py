import shutil

import pytest

from pipelines.config import Settings
from pipelines.learning.publish import Errors, publish
from pipelines.learning.registry import champion_files
from pipelines.learning.tracking import experiment_id, run_of, tracking
from tests.pipelines.conftest import site  # noqa: F401

pytestmark = pytest.mark.medium


def trained(settings, site, text: str) -> str:  # noqa: F811
    """A registered model whose only file holds a text; where its files lie."""
    with tracking(settings) as client:
        experiment = experiment_id(client, site.name, settings)
        with run_of(client, experiment, "train", "cascade") as run_id:
            client.log_text(run_id, text, "cascade/model.txt")
            publish(
                client,
                run_id,
                site,
                "cascade",
                settings,
                folder="cascade",
                judge=lambda _: Errors(0.0, 1.0, "better"),
            )
        return client.get_run(run_id).info.artifact_uri


def champion(settings, site) -> str:  # noqa: F811
    with champion_files(site, "cascade", settings) as files:
        return (files.folder / "model.txt").read_text()


def test_models_of_a_home_that_was_moved_are_found_and_new_ones_lie_there(site, tmp_path):  # noqa: F811
    before, after = Settings(home=tmp_path / "before"), Settings(home=tmp_path / "after" / "wards")
    trained(before, site, "first")
    after.home.parent.mkdir()
    shutil.move(before.home, after.home)
    assert champion(after, site) == "first"
    assert str(after.home) in trained(after, site, "second")
    assert not before.home.exists()


def test_home_that_was_copied_uses_its_own_files(site, tmp_path):  # noqa: F811
    before, copy = Settings(home=tmp_path / "before"), Settings(home=tmp_path / "copy")
    trained(before, site, "first")
    shutil.copytree(before.home, copy.home)
    shutil.rmtree(before.artifacts)
    assert champion(copy, site) == "first"


def test_damaged_database_is_left_alone(tmp_path):
    from pipelines.learning.relocation import relocate

    settings = Settings(home=tmp_path)
    settings.artifacts.mkdir()
    (tmp_path / "mlflow.db").write_bytes(b"no database")
    relocate(settings)
    assert (tmp_path / "mlflow.db").read_bytes() == b"no database"
