"""Every command that a file of infra/ starts can be started, and every setting that it names is one."""

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.infra.files import INFRA, KUBERNETES, OURS, SERVICES, UNITS, known, names_in, pods

BINARIES = Path(sys.executable).parent
SHIPPED = "/opt/coldaisle/"


def words_of(command: list[str] | str) -> list[str]:
    """The words that are started, without the shell around them."""
    words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    if words[:2] == ["sh", "-c"]:
        words = shlex.split(words[2])
    return words[1:] if words[0] == "exec" else words


@cache
def usage(program: str, *parts: str) -> str:
    """What `program parts --help` says; an error where there is no such command."""
    environment = {"COLUMNS": "200", "TERM": "dumb", "PATH": "/usr/bin:/bin", "AIRFLOW_HOME": AIRFLOW_HOME}
    command = [str(BINARIES / program), *parts, "--help"]
    asked = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert asked.returncode == 0, asked.stderr[-2000:]
    return asked.stdout


AIRFLOW_HOME = "/nonexistent"


@pytest.fixture(autouse=True, scope="module")
def airflow_home(tmp_path_factory):
    global AIRFLOW_HOME
    AIRFLOW_HOME = str(tmp_path_factory.mktemp("airflow"))


def check(words: list[str]) -> None:
    if words[0].startswith(SHIPPED) and "/.venv/" not in words[0]:
        assert (INFRA.parent / words[0].removeprefix(SHIPPED)).exists()
        return
    program = Path(words[0]).name
    assert (BINARIES / program).exists(), program
    depth = {
        "coldaisle": 1,
        "mlflow": 1,
        "airflow": 2 if words[1] in ("celery", "db", "pools", "jobs") else 1,
    }.get(program, 0)
    said = usage(program, *words[1 : 1 + depth])
    for option in (word for word in words[1 + depth :] if word.startswith("--")):
        assert re.search(rf"(^|[\s,]){re.escape(option)}\b", said), f"{words}: no {option}"


@pytest.mark.parametrize("name", [name for name in OURS if "command" in OURS[name]])
def test_command_of_a_service_exists(name):
    check(words_of(OURS[name]["command"]))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_command_of_a_unit_exists(unit):
    commands = re.findall(r"^ExecStart=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 1
    assert commands[0].startswith(SHIPPED)
    check(words_of(commands[0]))


@pytest.mark.parametrize("name", pods())
def test_command_of_a_pod_exists(name):
    check(words_of(pods()[name]["containers"][0]["args"]))


def test_health_checks_of_airflow_exist():
    for name in ("dag-processor", "triggerer"):
        check(words_of(["sh", "-c", SERVICES[name]["healthcheck"]["test"][1]]))


PLAIN = (
    "airflow.env",
    "compose.yaml",
    ".env.example",
    "Containerfile",
    "schedules.sh",
    "kubernetes/airflow-values.yaml",
)
SETTINGS = [*(INFRA / name for name in PLAIN), *UNITS, *KUBERNETES, *(INFRA / "systemd").rglob("*.conf")]


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.name)
def test_named_settings_exist(path):
    assert sorted(name for name in names_in(path.read_text(encoding="utf-8")) if not known(name)) == []


def test_an_unknown_setting_is_noticed():
    assert not known("COLDAISLE_COLOUR")
    assert not known("AIRFLOW__CORE__COLOUR")
    assert known("AIRFLOW__CELERY__BROKER_URL_CMD")


@pytest.mark.parametrize("script", sorted(INFRA.rglob("*.sh")), ids=lambda path: path.name)
def test_script_is_one(script):
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", str(script)]).returncode == 0
