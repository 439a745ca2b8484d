"""`coldaisle models promote` and what `coldaisle train` says of a challenger, without learning anything."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.cli.main import application
from pipelines.cli.scores import show_alias
from pipelines.learning.charges import Charge

CHALLENGER = {
    "model": "coldaisle.hall.cascade", "version": "4", "alias": "challenger", "why": "5.1 kW against 4.2 kW",
    "promote": "coldaisle models promote --site hall --kind cascade --version 4 --by NAME --why REASON",
}  # fmt: skip
WHO = ["--by", "Ana", "--why", "a heat wave"]


def shown(report) -> str:
    console = Console(file=io.StringIO(), width=60)
    show_alias(report, console)
    return console.file.getvalue()


def test_of_a_challenger_the_reason_and_the_command_are_printed_whole():
    assert "5.1 kW against 4.2 kW" in " ".join(shown(CHALLENGER).split())
    assert CHALLENGER["promote"] in shown(CHALLENGER)


def test_of_a_champion_no_command_is_printed():
    assert "promote" not in shown({**CHALLENGER, "alias": "champion", "promote": None})


@pytest.mark.parametrize("which", [[], ["--version", "2", "--challenger"]])
def test_either_a_version_or_the_challenger(tmp_path, which):
    done = CliRunner().invoke(
        application(),
        ["models", "promote", "--site", "demo", "--kind", "cascade", *which, *WHO, "--home", str(tmp_path)],
    )
    assert done.exit_code == 2
    assert "either --version N or" in " ".join(done.output.split())


@pytest.mark.parametrize(("which", "named"), [(["--version", "2"], 2), (["--challenger"], None)])
def test_what_was_replaced_is_printed(tmp_path, monkeypatch, which, named):
    asked = {}

    def made(site, kind, settings, **given):
        asked.update(given, kind=kind)
        return Charge(
            1, "champion", "coldaisle.demo.cascade", 2, datetime.now(UTC), given["who"], 1, {}, tmp_path
        )

    monkeypatch.setattr("pipelines.operations.promotion.promote.promote", made)
    done = CliRunner().invoke(
        application(),
        ["models", "promote", "--site", "demo", "--kind", "cascade", *which, *WHO, "--home", str(tmp_path)],
    )
    assert done.exit_code == 0
    assert (asked["version"], asked["kind"]) == (named, "cascade")
    assert (asked["who"].name, asked["who"].why) == ("Ana", "a heat wave")
    assert "version 2 is champion and replaces version 1 (Ana: a heat wave)" in done.output


def test_only_is_handed_on_and_other_kinds_are_refused(tmp_path, monkeypatch):
    asked = {}

    def learned(site, settings, **given):
        asked.update(given)
        return {"kinds": {}, "seconds": 0.0, "tracking_uri": ""}

    monkeypatch.setattr("pipelines.learning.train.train", learned)
    command = ["train", "--site", "demo", "--home", str(tmp_path), "--only"]
    assert CliRunner().invoke(application(), [*command, "cascade"]).exit_code == 0
    assert asked["only"] == "cascade"
    assert CliRunner().invoke(application(), [*command, "twin"]).exit_code == 2
