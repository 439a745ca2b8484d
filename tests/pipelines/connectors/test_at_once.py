"""Fetches that are killed, or run at once, and a fetch beside an ingest."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from pipelines.telemetry import inbox
from pipelines.telemetry.inbox import ingest_inbox
from pipelines.telemetry.store import Store
from tests.pipelines.connectors.kit import DAY, at, csv_text, drip, fetched, in_home, send, site_with
from tests.places import PROJECT

pytestmark = pytest.mark.medium

FETCH = """
    import sys
    from pathlib import Path
    from pipelines.config import Settings
    from tests.pipelines.connectors.kit import fetched, site_with

    site = site_with(kind="http", address=sys.argv[2] + "/x?start={start}&end={end}")
    report = fetched(site, Settings(home=Path(sys.argv[1])))
    print(len(report.files), report.sources[0].unchanged, report.failed)
"""


def http(server, **more):
    return site_with(kind="http", address=f"{server.address}/x?start={{start}}&end={{end}}", **more)


def start(settings, server) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FETCH), str(settings.home), server.address],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_fetch_killed_while_it_downloads_leaves_nothing_to_ingest(server, settings):
    server.answer = lambda request: drip(request, csv_text(DAY, at(24)), 0.002)
    killed = start(settings, server)
    for _ in range(600):
        if server.asked:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert in_home(settings, "fetched") == [] or not ingest_inbox(http(server), settings).files
    assert ingest_inbox(http(server), settings).files == []
    server.answer = server.export
    assert len(fetched(http(server), settings).files) == 1
    assert ingest_inbox(http(server), settings).readings == 144


def test_two_fetches_at_once_bring_a_window_once(server, settings):
    both = [start(settings, server) for _ in range(2)]
    printed = sorted(each.communicate(timeout=60)[0].strip() for each in both)
    assert printed == ["0 1 {}", "1 0 {}"]
    assert ingest_inbox(http(server), settings).readings == 144


def test_what_is_fetched_while_the_inbox_is_ingested_is_not_moved_unread(server, settings, monkeypatch):
    site = http(server)
    fetched(site, settings)
    corrected = csv_text(DAY, at(24)).replace(",300.0\n", ",310.0\n")
    ingest = inbox.ingest_files

    def slowly(*args, **more):
        done = ingest(*args, **more)
        server.answer = lambda request: send(request, corrected)
        fetched(site, settings)
        return done

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "ingest_files", slowly)
        ingest_inbox(site, settings)
    assert len(in_home(settings, "fetched")) == 1
    ingest_inbox(site, settings)
    assert Store(settings.store, site).read()["it_power_kw"].iloc[0] == 310
    assert in_home(settings, "fetched") == []


def test_a_fetch_under_way_delays_no_ingest(server, settings):
    site = http(server)
    fetched(site, settings)
    server.answer = lambda request: time.sleep(2)
    asking = threading.Thread(target=fetched, args=(site, settings))
    asking.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert ingest_inbox(site, settings).readings == 144
    assert time.monotonic() - began < 1.5
    asking.join()
    ingest_inbox(site, settings)
    assert in_home(settings, "fetched") == []
