"""coldaisle ingest: what a person and a program see."""

import json

import numpy as np
import pytest
import tomlkit
import typer
from typer.testing import CliRunner

from pipelines.cli.ingest import ingest
from pipelines.errors import IngestError, SourceError
from tests.pipelines.telemetry.ingest.kit import point, site_of, stamps, wide


@pytest.fixture
def site_file(tmp_path):
    described = site_of(point("P")).model_dump(mode="json", exclude_none=True)
    path = tmp_path / "plant.toml"
    path.write_text(tomlkit.dumps(described))
    return path


def _run(*arguments):
    app = typer.Typer()
    app.command()(ingest)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_json_is_one_document_with_counts_by_reason(tmp_path, site_file):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 4), P=[1, -2, 3, 4])
    result = _run("--site", site_file, file, "--home", tmp_path / "home", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["files"][0]["rows"] == 4
    assert found["files"][0]["readings"] == 3
    assert found["quarantined"] == {"out of physical range": 1}
    assert found["days_written"] == ["2025-03-01"]
    again = json.loads(_run("--site", site_file, file, "--home", tmp_path / "home", "--json").stdout)
    assert again["unchanged"]


def test_a_person_sees_a_table_and_the_reasons(tmp_path, site_file):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 4), P=[1, -2, 3, 4], spare=[1, 1, 1, 1])
    shown = _run("--site", site_file, file, "--home", tmp_path / "home").stdout
    assert "out of physical range" in shown
    assert 'no point names "spare"' in shown
    assert "1 day written" in shown
    assert "nothing changed" in _run("--site", site_file, file, "--home", tmp_path / "home").stdout


def test_no_file_is_an_error_that_says_what_to_give(tmp_path, site_file):
    result = _run("--site", site_file, "--home", tmp_path / "home")
    assert isinstance(result.exception, IngestError)
    assert "name the exports to ingest" in str(result.exception)


def test_rebuild_needs_no_file(tmp_path, site_file):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 4), P=[1, 2, 3, 4])
    _run("--site", site_file, file, "--home", tmp_path / "home")
    result = _run("--site", site_file, "--home", tmp_path / "home", "--rebuild", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["days_written"] == []


def test_what_looks_wrong_in_what_was_written_is_said_with_its_time(tmp_path, site_file):
    power = np.round(
        300 + 40 * np.sin(np.arange(1_500) / 20) + np.random.default_rng(0).normal(0, 3, 1_500), 1
    )
    power[700:] *= 1_000
    times = stamps("2025-03-01", 1_500)
    shown = _run(
        "--site", site_file, wide(tmp_path / "a.csv", times, P=power), "--home", tmp_path / "home"
    ).stdout
    assert (
        "suspect: unit changes halfway: it_power_kw: after 2025-03-05 20:30 UTC tag P reads 1000 times"
        in shown
    )
    later = wide(tmp_path / "b.csv", stamps("2025-05-01", 50), P=power[:50])
    assert "suspect" not in _run("--site", site_file, later, "--home", tmp_path / "home").stdout


def _fetched_site(tmp_path, **more):
    described = site_of(point("P")).model_dump(mode="json", exclude_none=True)
    described["sources"][0] |= {"kind": "files", "address": f"file://{tmp_path}/there/*.csv"} | more
    path = tmp_path / "plant.toml"
    path.write_text(tomlkit.dumps(described))
    return path


def test_fetch_brings_and_ingests_what_the_sources_have(tmp_path):
    site_file, home = _fetched_site(tmp_path), tmp_path / "home"
    (tmp_path / "there").mkdir()
    wide(tmp_path / "there" / "a.csv", stamps("2025-03-01", 144), P=[1.5] * 72 + [2.5] * 72)
    days = ("--from", "2025-03-01", "--to", "2025-03-02")
    found = json.loads(_run("--site", site_file, "--fetch", *days, "--home", home, "--json").stdout)
    assert found["ingested"]["readings"] == 144
    assert found["fetched"]["sources"][0]["files"] == ["historian/a.csv"]
    again = _run("--site", site_file, "--fetch", "--home", home)
    assert again.exit_code == 0
    assert "stale" in again.output
    assert "nothing changed" in again.output


def test_a_source_that_fails_ends_with_code_2_and_its_reason(tmp_path):
    result = _run("--site", _fetched_site(tmp_path), "--fetch", "--home", tmp_path / "home")
    assert result.exit_code == 2
    assert "failed: source historian: has nothing at its address" in result.output


def test_fetch_without_a_source_to_fetch_says_so(tmp_path, site_file):
    result = _run("--site", site_file, "--fetch", "--home", tmp_path / "home")
    assert isinstance(result.exception, SourceError)
    assert "has a kind to fetch" in str(result.exception)
