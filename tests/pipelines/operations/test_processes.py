"""The two processes as a service manager sees them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.operations.gateway import Outbox
from pipelines.operations.heartbeat import Pulse
from pipelines.operations.ledger import Operations
from pipelines.site.file import load_site
from tests.pipelines.control.plant import defaults
from tests.places import PROJECT

pytestmark = pytest.mark.medium

ROOT = PROJECT
SUPPLY = "CRAH.SAT_SP_C"


def until(condition, seconds: float):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
    return found


@pytest.fixture
def quick(tmp_path) -> Path:
    """The referee's site file with a time-out of a second."""
    text = (ROOT / "infra" / "sites" / "referee.toml").read_text()
    path = tmp_path / "referee.toml"
    path.write_text(text + "\n[safety]\nheartbeat_timeout_s = 1.0\n")
    return path


@pytest.fixture
def address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def started(tmp_path, address):
    """Starts commands and ends those that a test leaves."""
    running = []

    def start(*arguments):
        environment = os.environ | {
            "COLDAISLE_HOME": str(tmp_path / "home"),
            "COLDAISLE_HEARTBEAT": address,
            "JAX_PLATFORMS": "cpu",
        }
        command = [sys.executable, "-c", "from pipelines.cli.main import main; main()", *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_watchdog_takes_over_when_beats_stop_and_gives_back_when_they_return(
    tmp_path, quick, address, started
):
    site, home = load_site(quick), tmp_path / "home"
    outbox = Outbox(home / "outbox", site)
    warm = defaults(site) | {SUPPLY: 24.0}
    outbox.write(
        warm, at=datetime.now(UTC) - timedelta(minutes=10), valid_for=timedelta(hours=1), source="coldaisle",
        reason="", present=warm, limits=dict,
    )  # fmt: skip
    process = started("watchdog", "--site", quick)
    assert "watching referee" in process.stderr.readline()
    pulse = Pulse(address, "referee")

    def beaten():
        pulse.beat("well")
        time.sleep(0.2)

    for _ in range(10):
        beaten()
    assert outbox.last().source == "coldaisle"
    fallen = until(lambda: outbox.last() if outbox.last().source == "watchdog" else None, 10.0)
    assert 23.5 < fallen.values[SUPPLY] < 24.0
    operations = Operations(f"sqlite:///{home / 'ledger.db'}", "referee")
    assert "no heartbeat" in operations.events()[-1].text
    for _ in range(3):
        beaten()
    until(lambda: "back" in operations.events()[0].text, 10.0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10.0) == 0


def test_watchdog_needs_no_jax():
    code = (
        "import sys; from pipelines.operations import watchdog, heartbeat, gateway; "
        "sys.exit(any(name in sys.modules for name in ('jax', 'mlflow', 'flax')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_service_beats_and_ends_cleanly_on_sigterm(quick, address, started):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        host, port = address.split(":")
        listener.bind((host, int(port)))
        listener.settimeout(60.0)
        process = started("serve", "--site", quick, "--every", "10s", "--json")
        states = [json.loads(listener.recv(4096))["state"] for _ in range(3)]
        assert set(states) == {"well"}
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20.0)
        assert process.returncode == 0
        while states[-1] == "well":
            states.append(json.loads(listener.recv(4096))["state"])
    assert states[-1] == "stopping"
    assert json.loads(out)["source"] == "rule"  # no telemetry, no model: the defaults, in shadow


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--once",), 1, "no telemetry can be read"),
        (("--every", "2 days"), 2, "10s to 1h"),
    ],
)
def test_exit_code_says_what_came_of_it(quick, started, arguments, code, said):
    process = started("serve", "--site", quick, *arguments)
    out, err = process.communicate(timeout=120.0)
    assert process.returncode == code
    assert said in out + err
    assert "Traceback" not in err


def test_orders_are_given_and_shown_on_the_command_line(quick, started):
    signed = ("--by", "Ana", "--why", "commissioning")

    def done(*arguments):
        process = started("operate", arguments[0], "--site", quick, *arguments[1:])
        out, err = process.communicate(timeout=60.0)
        return process.returncode, out + err

    assert done("mode", "--to", "auto", *signed)[0] == 2
    assert done("mode", "--to", "advise", *signed) == (0, f"{quick} is in mode advise, by Ana\n")
    ordered = done("override", "--tag", SUPPLY, "--value", "19", *signed)[1]
    assert ordered.startswith(
        f"{SUPPLY}: 19 ordered by Ana; mode advise writes accepted recommendations only"
    )
    shown = json.loads(done("show", "--json")[1])
    assert (shown["mode"], shown["ordered"]["why"]) == ("advise", "commissioning")
    supply = next(one for one in shown["setpoints"] if one["tag"] == SUPPLY)
    assert supply["override"]["body"] == {"value": 19.0}
    assert not supply["carried_out"]
    assert "commissioning" in done("show")[1]
