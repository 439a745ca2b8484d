"""`coldaisle site new` asks what it cannot know in a terminal, and never waits without one."""

import tomllib

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import site_questions
from pipelines.cli.site import app


@pytest.fixture
def export(tmp_path):
    rows = 96
    wave = np.sin(np.arange(rows) / 9.0)
    columns = {
        "time": pd.date_range("2024-03-01", periods=rows, freq="15min").strftime("%Y-%m-%d %H:%M"),
        "IT Power": 12_000 + 500 * wave,  # a closet in W, or a large hall in kW
        "Chiller Power": 4_000 + 200 * wave,
        "AI_4711": 3.0 + wave,
    }
    path = tmp_path / "plant.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(site_questions, "in_a_terminal", lambda: True)


def new(export, *options: str, said: str = "") -> Result:
    site = export.with_suffix(".toml")
    return CliRunner().invoke(app, ["new", str(export), "--output", str(site), *options], input=said)


def written(export) -> dict:
    return tomllib.loads(export.with_suffix(".toml").read_text(encoding="utf-8"))


def test_answers_are_written_without_a_mark(export, terminal):
    said = "W\nW\n2\nAsia/Singapore\n1.35, 103.82, 15\nstop\n"
    made = new(export, said=said)
    assert made.exit_code == 0, made.output
    site, text = written(export), export.with_suffix(".toml").read_text(encoding="utf-8")
    assert {point["tag"]: point["unit"] for point in site["points"]} == {
        "IT Power": "W",
        "Chiller Power": "W",
    }
    assert site["sources"][0]["time_zone"] == "Asia/Singapore"
    assert (site["location"]["latitude"], site["location"]["altitude_m"]) == (1.35, 15.0)
    assert 'unit = "W"\n' in text
    assert 'time_zone = "Asia/Singapore"\n' in text


def test_an_answer_that_cannot_be_is_asked_for_again_with_the_reason(export, terminal):
    made = new(export, said="blips\nkW\nstop\n")
    assert 'unit "blips" is not known' in made.output
    assert next(point["unit"] for point in written(export)["points"] if point["tag"] == "IT Power") == "kW"


def test_skipped_questions_leave_their_guesses_marked(export, terminal):
    made = new(export, said="skip\n" * 10)
    assert made.exit_code == 0
    assert 'time_zone = "UTC" # guess' in export.with_suffix(".toml").read_text(encoding="utf-8")


def test_an_unknown_point_can_be_told_to_be_none_of_ours(export, terminal):
    # unit of IT power, where it is metered, time zone, place, then the point that is not known
    made = new(export, said="kW\nskip\nskip\nskip\nno_such_quantity\nnone\n")
    assert "is no quantity; choose one of" in made.output
    assert "told to be none of our quantities" in export.with_suffix(".toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [("--no-input",), ("--json",)])
def test_nothing_is_asked_when_told_not_to(export, terminal, options):
    made = new(export, *options)
    assert made.exit_code == 0
    assert "unit [" not in made.output


def test_without_a_terminal_it_never_waits(export):
    made = new(export)
    assert made.exit_code == 0
    assert "IT Power: in which unit is it, kW or W?" in made.output


def test_tables_and_tags_in_brackets_stay_in_messages(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("time,[red]AI 7[/red]\n2024-03-01 00:00,1\n2024-03-01 00:15,2\n", encoding="utf-8")
    made = CliRunner().invoke(app, ["new", str(path), "--output", str(tmp_path / "odd.toml")])
    assert "[red]AI 7[/red]" in made.output
    assert "does not load until [meters]" in made.output
