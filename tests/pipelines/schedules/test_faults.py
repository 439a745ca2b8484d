"""Faults of a retraining: a poisoned day, a full disk, a process that is killed while it writes."""

import errno
import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest

from models.efficiency.training import FitConfig
from pipelines.config import Settings
from pipelines.learning import charges
from pipelines.learning.charges import Who
from pipelines.learning.registry import model_name
from pipelines.learning.tracking import tracking
from pipelines.learning.train import train
from pipelines.schedules.ingest import ingest_site
from pipelines.schedules.retrain import retrain_sites
from pipelines.telemetry.store import Store
from tests.pipelines.learning_kit import QUICK, chiller_readings, chillers, stored
from tests.pipelines.schedules.conftest import ENDS

pytestmark = pytest.mark.medium


@pytest.fixture
def quick_training(monkeypatch):
    """Networks too small to be good, quick to train."""
    small = partial(FitConfig, hidden=(4,), members=2, epochs=2)
    monkeypatch.setattr("pipelines.learning.efficiency.training.FitConfig", small)


@pytest.mark.slow
def test_a_poisoned_day_is_quarantined_and_the_champion_unharmed(home, quick_training):
    settings, site = home
    retrain_sites([site.name], settings, until=None, last_try=True)
    before = charges.present(settings, site.name, "efficiency")
    inbox = settings.home / "inbox" / site.name
    table = pd.read_csv(inbox / "historian.csv")
    times = pd.to_datetime(table["time"], utc=True)
    day = table[times >= ENDS - pd.Timedelta(days=1)].copy()
    day["time"] = (pd.to_datetime(day["time"], utc=True) + pd.Timedelta(days=1)).dt.strftime(
        "%Y-%m-%dT%H:%M:%S%z"
    )
    tags = [name for name in day if name.endswith(("_KW", ".KW", "_C", "_F"))]
    day[tags] = 1e9 * np.random.default_rng(0).choice([-1.0, 1.0], day[tags].shape)
    day.to_csv(inbox / "historian-poisoned.csv", index=False)
    report = ingest_site(site.name, settings, start=ENDS, end=ENDS, last_try=True)
    assert report["refused"] == {}
    store = Store(settings.store, site)
    assert len(store.quarantine(ENDS, ENDS + pd.Timedelta(days=1))) > 1000
    kept = store.read(ENDS, ENDS + pd.Timedelta(days=1))
    assert not (kept.abs() > 1e8).any().any()
    retrain_sites([site.name], settings, until=None, last_try=True)
    after = charges.present(settings, site.name, "efficiency")
    assert (after.number, after.version) == (before.number, before.version)


def test_a_full_disk_leaves_what_is_in_charge(tmp_path, monkeypatch):
    settings, files = Settings(home=tmp_path / "home"), tmp_path / "files"
    files.mkdir()
    (files / "model").write_text("first")
    put = partial(
        charges.put,
        settings,
        "hall",
        "cascade",
        "champion",
        files,
        model="coldaisle.hall.cascade",
        who=Who("Ana", "x"),
    )
    first = put(version=1)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    for where in ("shutil.copytree", "pipelines.learning.charges.write_json", "os.rename"):
        with monkeypatch.context() as broken:
            broken.setattr(where, full)
            with pytest.raises(OSError, match="No space"):
                put(version=2)
        assert charges.present(settings, "hall", "cascade").version == 1
    left = {path.name for path in (settings.models / "hall" / "cascade").iterdir()}
    assert left == {".lock", "champion", "charges"}
    assert put(version=2).replaced == first.version


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.config import Settings
from pipelines.learning import charges
from pipelines.learning.charges import Who
settings = Settings(home=Path(sys.argv[1]))
charges._link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
charges.put(settings, "hall", "cascade", "champion", Path(sys.argv[2]), model="m", version=2, who=Who("Ana", "x"))
"""


def test_a_process_killed_while_it_puts_a_version_in_charge(tmp_path):
    settings, files = Settings(home=tmp_path / "home"), tmp_path / "files"
    files.mkdir()
    (files / "model").write_text("first")
    charges.put(settings, "hall", "cascade", "champion", files, model="m", version=1, who=Who("Ana", "x"))
    done = subprocess.run([sys.executable, "-c", KILLED, str(settings.home), str(files)])
    assert done.returncode == -signal.SIGKILL
    assert charges.present(settings, "hall", "cascade").version == 1
    again = charges.put(
        settings, "hall", "cascade", "champion", files, model="m", version=3, who=Who("Ana", "x")
    )
    assert charges.present(settings, "hall", "cascade") == again


@pytest.mark.slow
def test_a_training_killed_half_way_is_made_up_for(tmp_path):
    """Whatever it left in MLflow, the next training has one version, in charge."""
    site = chillers()
    settings = stored(tmp_path, site, chiller_readings(400))
    code = (
        "import sys; from pathlib import Path; from pipelines.config import Settings; "
        "from tests.pipelines.learning_kit import chillers; from pipelines.learning.train import train; "
        "train(chillers(), Settings(home=Path(sys.argv[1])))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(settings.home)], stderr=subprocess.DEVNULL)
    while not (settings.home / "mlflow.db").exists() and process.poll() is None:
        time.sleep(0.1)
    time.sleep(2.0)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    train(site, settings, config=QUICK)
    with tracking(settings) as client:
        for kind in ("efficiency", "horizon"):
            name = model_name(site, kind)
            versions = client.search_model_versions(f"name = '{name}'")
            champion = client.get_model_version_by_alias(name, "champion")
            assert charges.present(settings, site.name, kind).version == int(champion.version)
            assert all(client.get_run(one.run_id).info.status == "FINISHED" for one in versions)
