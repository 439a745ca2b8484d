import json

import pytest
from typer.testing import CliRunner

from pipelines.cli.site import app
from pipelines.config import SITE_FOLDER
from pipelines.errors import SiteError
from pipelines.site.guesses import mark, open_guesses
from pipelines.site.proposal import propose_site

DEMO = (SITE_FOLDER / "demo.toml").read_text(encoding="utf-8")


@pytest.fixture
def guessed(tmp_path):
    path = tmp_path / "plant.toml"
    text = DEMO.replace("latitude = 39.0", f"latitude = 39.0 # {mark('unknown, fill in')}")
    path.write_text(text.replace("slew_per_hour = 4.0", "slew_per_hour = 4.0 # guess"), encoding="utf-8")
    return path


def test_each_value_with_the_mark_is_listed_with_its_place_and_reason(guessed):
    assert [str(guess) for guess in open_guesses(guessed)] == [
        "location.latitude = 39.0 (unknown, fill in)",
        "setpoints[2].slew_per_hour = 4.0",
    ]


def test_other_comments_are_no_guesses(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("# guess: of the whole file\na = 1 # guesswork\nb = 2 # no guess: measured\nc = 3 # kW\n")
    assert open_guesses(path) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in SITE_FOLDER.glob("*.toml")))
def test_no_guess_is_left_in_a_site_file_that_we_ship(name):
    assert open_guesses(SITE_FOLDER / f"{name}.toml") == []


def test_site_check_fails_on_a_guess_unless_it_is_allowed(guessed):
    failed = CliRunner().invoke(app, ["check", str(guessed)])
    assert failed.exit_code == 1
    assert "location.latitude = 39.0 (unknown, fill in)" in failed.output
    allowed = CliRunner().invoke(app, ["check", str(guessed), "--allow-guesses", "--json"])
    assert allowed.exit_code == 0
    assert len(json.loads(allowed.output)["guesses"]) == 2


def test_every_guess_that_a_proposal_writes_is_found_again(tmp_path):
    export = tmp_path / "plant.csv"
    rows = [f"2025-03-01 {k:02d}:00,{900 + k},{200 + k},{7 + 0.2 * k},{1000.5 * k}" for k in range(24)]
    export.write_text(
        "\n".join(["time,Cooling Load (kW),Chiller Power (kW),CHWS Setpoint (C),kWh Meter", *rows])
    )
    proposal = propose_site([export])
    path = tmp_path / "plant.toml"
    path.write_text(proposal.text, encoding="utf-8")
    live = [line for line in proposal.text.splitlines() if not line.startswith("#") and "# guess" in line]
    assert len(open_guesses(path)) == len(live) > 10


def test_site_check_passes_once_the_marks_are_gone(guessed):
    guessed.write_text(DEMO, encoding="utf-8")
    assert CliRunner().invoke(app, ["check", str(guessed)]).exit_code == 0


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("a = = 1")
    with pytest.raises(SiteError, match=r"a\.toml cannot be read"):
        open_guesses(path)
