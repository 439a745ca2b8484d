"""A home with one simulated site, ten days of it ingested."""

import shutil

import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.simulation.demo_fleet import make_site
from pipelines.telemetry.inbox import ingest_inbox

ENDS = pd.Timestamp("2026-03-23", tz="UTC")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Made once, never changed."""
    settings = Settings(home=tmp_path_factory.mktemp("schedules"))
    site = make_site(settings, 1, days=10, ends=ENDS)
    ingest_inbox(site, settings)
    return settings, site


@pytest.fixture
def home(made, tmp_path):
    """A copy to change."""
    settings, site = made
    shutil.copytree(settings.home, tmp_path / "home")
    return Settings(home=tmp_path / "home"), site
