from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.operations import open_controller
from pipelines.operations.gateway import Outbox
from pipelines.operations.ledger import Operations
from pipelines.operations.loop import Server
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store
from tests.pipelines.conftest import cascade, site  # noqa: F401
from tests.pipelines.control.plant import AT, STEP, defaults, noisy, row

EVERY = timedelta(minutes=15)


def export(described, path, *, rows: int, first: int = 0, **changed) -> None:
    """The historian's file: `rows` quarters of an hour before AT (and after, by `first`), at the site's defaults."""
    random = np.random.default_rng(first)
    times = [AT + (first + k - rows) * STEP for k in range(rows)]
    shown = [noisy(described, row(described, defaults(described), **changed), random) for _ in times]
    pd.DataFrame(shown, index=pd.DatetimeIndex(times, name="time").tz_localize(None)).to_csv(path)


@pytest.fixture
def home(site, tmp_path):  # noqa: F811
    """Six hours of telemetry that end at AT, and nothing else."""
    settings = Settings(home=tmp_path / "home", heartbeat="127.0.0.1:0")
    settings.home.mkdir()
    bring(site, settings, rows=24)
    return settings


def bring(site, settings, **given) -> None:  # noqa: F811
    path = settings.home / f"history-{given.get('first', 0)}.csv"
    export(site, path, **given)
    ingest_files(site, [path], Store(settings.store, site))


@pytest.fixture
def operations(home, site):  # noqa: F811
    return Operations(home.ledger, site.name)


@pytest.fixture
def outbox(home, site):  # noqa: F811
    return Outbox(home.outbox, site)


@pytest.fixture
def start(home, site, outbox, cascade, monkeypatch):  # noqa: F811
    """Starts a server of the site, or of another description of it, with a learned model."""
    monkeypatch.setattr(open_controller, "load_cascade", lambda *_: (cascade, "cascade/1"))

    def started(described=site, **given) -> Server:
        return Server(described, home, Outbox(home.outbox, described), every=EVERY, **given)

    return started
