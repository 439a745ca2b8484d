import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.site.file import Site
from pipelines.telemetry.inbox import inbox_files, inbox_sites, ingest_inbox
from pipelines.telemetry.store import Store

SITE = Site.model_validate(
    {
        "name": "plant",
        "title": "Plant",
        "interval_minutes": 15,
        "location": {"latitude": 1.3, "longitude": 103.8},
        "sources": [{"name": "historian", "files": ["*.csv"], "time_column": "time", "time_zone": "UTC"}],
        "points": [
            {"tag": "LOAD", "source": "historian", "quantity": "cooling_load_kw", "unit": "kW"},
            {"tag": "CH", "source": "historian", "quantity": "chiller_kw", "unit": "kW"},
        ],
        "meters": {"cooling": ["chiller_kw"], "load": ["cooling_load_kw"], "boundary": "chiller"},
    }
)


@pytest.fixture
def settings(tmp_path) -> Settings:
    (tmp_path / "inbox" / "plant").mkdir(parents=True)
    return Settings(home=tmp_path)


def arrive(settings: Settings, name: str, day: str, *, chiller_kw: float = 200.0, minute: int = 0) -> Path:
    """An export of one day, arriving at a minute of the hour."""
    times = pd.date_range(day, periods=96, freq="15min", name="time")
    load = 1000.0 + 100.0 * np.sin(np.arange(96))
    path = settings.home / "inbox" / "plant" / name
    pd.DataFrame({"LOAD": load, "CH": chiller_kw}, index=times).to_csv(path, date_format="%Y-%m-%d %H:%M")
    os.utime(path, (1_709_000_000 + 60 * minute,) * 2)
    return path


def chiller_kw(settings: Settings) -> list[float]:
    return Store(settings.store, SITE).read(columns=["chiller_kw"])["chiller_kw"].unique().tolist()


def test_home_without_an_inbox_has_no_sites_to_ingest(tmp_path):
    assert inbox_sites(Settings(home=tmp_path)) == []


def test_empty_inbox_changes_nothing(settings):
    assert not ingest_inbox(SITE, settings).changed
    assert inbox_sites(settings) == ["plant"]


def test_new_file_is_ingested_and_left_where_it_is(settings):
    arrive(settings, "a.csv", "2024-03-01")
    report = ingest_inbox(SITE, settings)
    assert (report.changed, report.files, report.readings, report.refused) == (True, ["a.csv"], 192, {})
    assert len(inbox_files("plant", settings)) == 1


def test_looking_again_changes_nothing(settings):
    arrive(settings, "a.csv", "2024-03-01")
    ingest_inbox(SITE, settings)
    again = ingest_inbox(SITE, settings)
    assert (again.changed, again.files, again.readings) == (False, [], 0)


def test_correction_that_arrives_later_wins_whatever_its_name(settings):
    arrive(settings, "z.csv", "2024-03-01", chiller_kw=210.0, minute=1)
    corrected = arrive(settings, "a.csv", "2024-03-01", chiller_kw=215.0, minute=2)
    header, *rows = corrected.read_text().splitlines()
    corrected.write_text("\n".join([header, *rows[10:12]]) + "\n")
    os.utime(corrected, (1_709_000_120,) * 2)
    ingest_inbox(SITE, settings)
    assert chiller_kw(settings) == [210.0, 215.0]


def test_a_file_that_would_change_everything_is_refused_and_asked_about(settings):
    arrive(settings, "z.csv", "2024-03-01", chiller_kw=999.0, minute=1)
    arrive(settings, "a.csv", "2024-03-01", chiller_kw=210.0, minute=2)
    report = ingest_inbox(SITE, settings)
    assert "--replace" in report.refused["a.csv"]
    assert chiller_kw(settings) == [999.0]


def test_file_that_cannot_be_read_does_not_keep_out_the_others(settings):
    arrive(settings, "a.csv", "2024-03-01")
    (settings.home / "inbox" / "plant" / "bad.csv").write_text("no,site,of,ours\n1,2,3,4\n")
    arrive(settings, "c.csv", "2024-03-02")
    report = ingest_inbox(SITE, settings)
    assert report.files == ["a.csv", "c.csv"]
    assert list(report.refused) == ["bad.csv"]
    assert len(Store(settings.store, SITE).read()) == 192


def test_half_copied_file_with_a_leading_dot_is_left_alone(settings):
    arrive(settings, ".a.csv", "2024-03-01")
    assert inbox_files("plant", settings) == []
