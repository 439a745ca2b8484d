"""`coldaisle savings`, `trial` and `event` as a person calls them."""

import json

import pytest
import tomlkit
from typer.testing import CliRunner

from pipelines.cli.main import application
from pipelines.savings import measure
from pipelines.savings.trials.plan import make_plan, write_plan
from tests.pipelines.savings.kit import hall, home_of, readings
from tests.pipelines.savings.test_trials import FIRST, run_as_drawn

pytestmark = pytest.mark.medium
BASELINE, REPORTING = "2025-01-02..2025-07-31", "2025-08-02..2025-11-28"


def with_site_file(settings):
    settings.sites.mkdir(exist_ok=True)
    document = hall().model_dump(mode="json", exclude_none=True)
    (settings.sites / "hall.toml").write_text(tomlkit.dumps(document))
    return settings


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return with_site_file(home_of(tmp_path_factory.mktemp("cli"), hall(), readings()))


@pytest.fixture(autouse=True)
def regressions_alone(monkeypatch):
    monkeypatch.setattr(measure, "_own", lambda *_: [])


def run(home, *arguments):
    return CliRunner().invoke(application(), [*arguments, "--site", "hall", "--home", str(home.home)])


def test_a_report_is_printed_and_written_in_every_form(home, tmp_path):
    files = {name: tmp_path / f"r.{name}" for name in ("html", "pdf", "eu")}
    options = [each for name, path in files.items() for each in (f"--{name}", str(path))]
    done = run(home, "savings", "--baseline", BASELINE, "--reporting", REPORTING, *options)
    assert done.exit_code == 0, done.output
    words = " ".join(done.output.split())
    assert "Saved " in words
    assert "Placebo: " in words
    assert all(path.stat().st_size > 500 for path in files.values())


def test_as_json_it_is_one_document_of_the_schema(home):
    done = run(home, "savings", "--baseline", BASELINE, "--reporting", REPORTING, "--json")
    document = json.loads(done.stdout)
    assert document["version"] == 1
    assert document["saving"]["shown"]


def test_events_are_recorded_listed_used_and_withdrawn(home):
    added = run(
        home, "event", "add", "--kind", "failed equipment", "--from", "2025-09-01", "--to", "2025-09-05", "--by", "Ana",
        "--why", "chiller 2 tripped",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert "failed equipment" in run(home, "event", "list").output
    told = run(home, "savings", "--baseline", BASELINE, "--reporting", REPORTING)
    assert "chiller 2 tripped (Ana)" in " ".join(told.output.split())
    number = added.output.split()[1]
    assert run(home, "event", "withdraw", "--number", number, "--by", "Ana", "--why", "wrong").exit_code == 0
    assert "chiller 2 tripped" not in run(home, "event", "list").output


def test_a_trial_is_planned_started_shown_and_stopped(home, tmp_path):
    plan = tmp_path / "trial.json"
    done = run(
        home, "trial", "plan", "--out", str(plan), "--days", "28", "--from", "2099-01-05", "--seed", "3"
    )
    assert done.exit_code == 0, done.output
    assert "28 blocks of a day" in " ".join(done.output.split())
    started = run(home, "trial", "start", "--file", str(plan), "--by", "Ana", "--why", "proof")
    assert "only auto writes" in started.output
    assert "hall-20990105" in run(home, "trial", "show").output
    number = started.output.split()[1]
    assert run(home, "trial", "stop", "--number", number, "--by", "Ana", "--why", "later").exit_code == 0


def test_arms_that_do_not_exist_are_refused(home, tmp_path):
    done = run(home, "trial", "plan", "--out", str(tmp_path / "x.json"), "--compare", "a,b")
    assert "off,on or champion,challenger" in str(done.exception)


def test_a_trial_that_was_run_is_analysed_and_stands_in_the_report(tmp_path):
    plan = make_plan(hall(), start=FIRST, days=28, seed=4)
    write_plan(plan, tmp_path / "trial.json")
    home = with_site_file(home_of(tmp_path, hall(), run_as_drawn(plan)))
    done = run(home, "trial", "analyse", "--file", str(tmp_path / "trial.json"))
    assert done.exit_code == 0, done.output
    words = " ".join(done.output.split())
    assert "28 days, 14 pairs: saved" in words
    assert "adjusted by " in words
    told = run(
        home, "savings", "--baseline", BASELINE, "--reporting", "2025-08-04..2025-08-31", "--json",
        "--trial", str(tmp_path / "trial.json"),
    )  # fmt: skip
    assert json.loads(told.stdout)["trial"]["shown"]
