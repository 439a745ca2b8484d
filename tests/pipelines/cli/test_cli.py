"""The command line as a user meets it: exit codes, --json, --home, messages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.medium

COMMAND = Path(sys.executable).parent / "coldaisle"


def run(*arguments, home, **environment):
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLDAISLE_HOME": str(home), "JAX_PLATFORMS": "cpu"} | environment,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ingest", "--site", "nowhere", "x.csv"), 'site "nowhere" is not known'),
        (("ingest", "--site", "demo", "none.csv"), "none.csv"),
        (("quality", "--site", "demo"), "coldaisle ingest --site demo"),
        (("train", "--site", "demo"), "coldaisle ingest --site demo"),
        (("backtest", "--site", "demo"), "coldaisle ingest --site demo"),
    ],
)
def test_what_a_user_can_mend_ends_with_code_2_and_no_traceback(tmp_path, arguments, said):
    done = run(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.lstrip().startswith("error: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_one_json_document_too(tmp_path):
    done = run("quality", "--site", "nowhere", "--json", home=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == "SiteError"


def test_json_is_one_document_on_standard_output(tmp_path):
    done = run("recommend", "--site", "demo", "--json", home=tmp_path)
    made = json.loads(done.stdout)
    assert done.returncode == 0
    assert made["action"] == "hold"
    assert "coldaisle train" in made["reason"]


def test_home_on_the_command_line_wins_over_the_environment(tmp_path):
    run("recommend", "--site", "demo", "--home", tmp_path / "chosen", home=tmp_path / "environment")
    assert (tmp_path / "chosen" / "ledger.db").exists()
    assert not (tmp_path / "environment").exists()


def test_every_command_takes_home_and_json(tmp_path):
    for command in (
        ["ingest"],
        ["quality"],
        ["train"],
        ["backtest"],
        ["recommend"],
        ["demo"],
        ["site", "new"],
        ["site", "check"],
    ):
        shown = run(*command, "--help", home=tmp_path, COLUMNS="200").stdout
        assert "--home" in shown, command
        assert "--json" in shown, command
