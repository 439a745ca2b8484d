"""`coldaisle forecast`: what it prints of a report, and how it hands on what it is asked."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import application

AT = pd.Timestamp("2025-06-01 12:00", tz="UTC")


def target(title: str, unit: str, present: float, **given):
    lead = {
        "lead_min": 60.0, "time": AT + pd.Timedelta(hours=1), "mean": 1.1 * present, "lower": present,
        "upper": 1.2 * present,
    }  # fmt: skip
    return {"title": title, "unit": unit, "present": present, "leads": [lead], "why_not": ""} | given


@pytest.fixture
def asked(monkeypatch):
    report = {
        "site": "demo", "figure_name": "PUE2", "at": AT, "known_at": AT, "age_minutes": 0.0,
        "model": "coldaisle.demo.horizon/3", "learned_until": AT,
        "targets": {
            "figure": target("PUE2", "", 1.25),
            "rack_inlet_c": target("worst rack inlet", "°C", 22.0, leads=[], why_not="missing for weeks"),
        },
        "peak": {
            "target": "facility_kw", "title": "facility power", "unit": "kW", "around": AT, "mean": 1234.0,
            "lower": 1200.0, "upper": 1300.0,
        },
    }  # fmt: skip
    given = {}

    def made(site, settings, **more):
        given.update(more, site=site.name)
        return report

    monkeypatch.setattr("pipelines.learning.horizon.served.next_hours", made)
    return given


def run(tmp_path, *arguments):
    return CliRunner().invoke(
        application(), ["forecast", "--site", "demo", "--home", str(tmp_path), *arguments]
    )


def test_leads_peak_age_and_what_is_missing_are_printed(tmp_path, asked):
    done = run(tmp_path, "--hours", "6", "--at", "2025-06-01T12:00")
    assert done.exit_code == 0
    assert asked == {"site": "demo", "hours": 6, "at": AT}
    words = " ".join(done.output.split())
    assert "1.375 (1.250 to 1.500)" in words
    assert "No forecast of worst rack inlet: missing for weeks" in words
    assert "Highest hour of facility power within a day: 1,234 kW, 90 % interval 1,200 to 1,300" in words
    assert "0 min old; model coldaisle.demo.horizon/3" in words


def test_json_and_page(tmp_path, asked):
    page = tmp_path / "ahead.html"
    done = run(tmp_path, "--json", "--html", str(page))
    assert done.exit_code == 0
    assert json.loads(done.stdout)["targets"]["figure"]["leads"][0]["lead_min"] == 60.0
    assert "<html" in page.read_text()[:200]
