import pytest

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning import charges
from pipelines.learning.charges import Who
from pipelines.learning.promote import promote, rollback
from pipelines.learning.registry import model_name
from pipelines.learning.tracking import tracking
from tests.pipelines.learning.test_registry import Registry, home, judged, never_asked, registry  # noqa: F401

ANA = Who("Ana", "the week held out was a heat wave")


@pytest.fixture
def two(registry):  # noqa: F811
    """A champion, and a challenger that is not quite as good."""
    registry.publish("first", never_asked)
    registry.report = registry.publish("second", judged(1.5, 1.0))
    return registry


def test_a_challengers_report_holds_the_reason_and_the_command(two):
    assert two.report["why"] == "1.5 against 1"
    assert two.report["promote"].startswith(
        f"coldaisle models promote --site {two.site.name} --kind cascade --version 2"
    )


def test_a_champions_report_holds_no_command(registry):  # noqa: F811
    assert "promote" not in registry.publish("first", never_asked)


@pytest.mark.parametrize("version", [2, None])
def test_the_challenger_becomes_champion_with_who_and_why(two, version):
    done = promote(two.site, "cascade", two.home, version=version, who=ANA)
    assert (done.version, done.replaced, done.who) == (2, 1, ANA)
    assert two.champion() == "second"
    assert charges.present(two.home, two.site.name, "cascade", "challenger") is None
    with tracking(two.home) as client:
        assert client.get_model_version(model_name(two.site, "cascade"), "2").aliases == ["champion"]


def test_what_was_replaced_can_be_promoted_again(two):
    promote(two.site, "cascade", two.home, version=2, who=ANA)
    assert promote(two.site, "cascade", two.home, version=1, who=ANA).replaced == 2
    assert two.champion() == "first"


def test_rollback_goes_back_and_never_forth(two):
    promote(two.site, "cascade", two.home, version=2, who=ANA)
    two.publish("third", judged(1.0, 1.0))
    promote(two.site, "cascade", two.home, version=None, who=ANA)
    assert rollback(two.site, "cascade", two.home, who=ANA).version == 2
    assert two.champion() == "second"
    assert rollback(two.site, "cascade", two.home, who=ANA).version == 1
    with pytest.raises(ModelError, match="no champion before it"):
        rollback(two.site, "cascade", two.home, who=ANA)
    two.publish("fourth", judged(1.0, 1.0))
    promote(two.site, "cascade", two.home, version=None, who=ANA)
    assert (
        rollback(two.site, "cascade", two.home, who=ANA).version == 1
    )  # what was in charge before, not the newest


def test_rollback_needs_no_mlflow_whose_aliases_follow_later(two):
    promote(two.site, "cascade", two.home, version=2, who=ANA)
    away = two.home.model_copy(update={"mlflow_uri": "http://127.0.0.1:1"})
    assert rollback(two.site, "cascade", away, who=ANA).version == 1
    assert two.champion() == "first"
    two.publish("third", judged(1.0, 1.0))
    with tracking(two.home) as client:
        assert client.get_model_version(model_name(two.site, "cascade"), "1").aliases == ["champion"]


@pytest.mark.parametrize(
    ("version", "given", "said"),
    [
        (1, {}, "is the champion already"),
        (7, {}, "no version 7; its versions are 1, 2"),
        (2, {"name": " "}, "needs a name and a reason"),
        (2, {"why": ""}, "needs a name and a reason"),
    ],
)
def test_what_cannot_be_promoted_is_said_and_changes_nothing(two, version, given, said):
    with pytest.raises(ModelError, match=said):
        promote(two.site, "cascade", two.home, version=version, who=ANA._replace(**given))
    assert two.champion() == "first"


def test_a_version_whose_files_are_gone_does_not_become_champion(two):
    for file in list(two.home.artifacts.rglob("model.txt")):
        if file.read_text() == "second":
            file.unlink()
            file.parent.rmdir()
    with pytest.raises(ModelError, match="are gone"):
        promote(two.site, "cascade", two.home, version=2, who=ANA)
    assert two.champion() == "first"


def test_without_a_challenger_a_version_must_be_named(registry):  # noqa: F811
    registry.publish("first", never_asked)
    with pytest.raises(ModelError, match=r"has no challenger; name one of its versions \(1\)"):
        promote(registry.site, "cascade", registry.home, version=None, who=ANA)


def test_a_site_without_models_is_told_how_to_make_one(registry, tmp_path):  # noqa: F811
    with pytest.raises(ModelError, match="run: coldaisle train"):
        promote(registry.site, "cascade", Settings(home=tmp_path), version=1, who=ANA)
    assert not any(tmp_path.iterdir())
