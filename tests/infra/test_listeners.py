"""Nothing listens beyond this machine unless it is told to."""

import re
import tomllib

import pytest

from tests.infra.files import INFRA, SERVICES, UNITS

ENVIRONMENT = dict(
    line.split("=", 1)
    for line in (INFRA / "airflow.env").read_text().splitlines()
    if line.startswith("AIRFLOW")
)
PARTS_THAT_SERVE_LOGS = ("scheduler", "triggerer", "celery worker")


def test_airflow_listens_on_loopback():
    hosts = {name: value for name, value in ENVIRONMENT.items() if name.endswith("HOST")}
    assert len(hosts) == 2
    assert set(hosts.values()) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "path", [*UNITS, INFRA / "schedules.sh", INFRA / "compose.yaml"], ids=lambda path: path.name
)
def test_no_part_serves_logs_on_every_address(path):
    text = re.sub(r'["\],]+ *', " ", path.read_text(encoding="utf-8"))
    for part in PARTS_THAT_SERVE_LOGS:
        for line in re.findall(rf"airflow {part}\b.*", text):
            assert "--skip-serve-logs" in line


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_names_no_other_address_than_loopback(unit):
    assert set(re.findall(r"--(?:host|address) (\S+)", unit.read_text(encoding="utf-8"))) <= {"127.0.0.1"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_has_a_limit_of_memory_and_says_when_it_is_restarted(unit):
    text = unit.read_text(encoding="utf-8")
    assert re.search(r"^MemoryMax=\d+G$", text, re.MULTILINE)
    assert re.search(r"^Restart=(no|always|on-failure)$", text, re.MULTILINE)


def test_every_unit_is_hardened_by_one_file():
    text = (INFRA / "systemd" / "coldaisle-.service.d" / "hardening.conf").read_text(encoding="utf-8")
    for line in ("User=coldaisle", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=",
                 "SocketBindDeny=any", "EnvironmentFile=/opt/coldaisle/infra/airflow.env"):  # fmt: skip
        assert line in text.splitlines()
    assert all(unit.name.startswith("coldaisle-") for unit in UNITS)


def test_what_listens_on_every_address_of_a_container_is_published_on_loopback():
    for name, service in SERVICES.items():
        if "0.0.0.0" in str(service):
            assert service["ports"][0].startswith("${COLDAISLE_BIND:-127.0.0.1}:"), name


def test_production_requirements_leave_out_the_tools():
    def names(file: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+)==", (INFRA / file).read_text(), re.MULTILINE))

    project = tomllib.loads((INFRA.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    tools = {re.split(r"[\[>=<]", each)[0].lower() for each in project["dev"]} - {"coldaisle"}
    assert {"pytest", "ruff", "mypy", "moto"} <= tools
    assert sorted(tools & names("requirements.txt")) == []
    assert {"apache-airflow", "celery", "psycopg", "redis"} <= names("requirements.txt")


@pytest.mark.parametrize("file", ["requirements.txt", "uv.txt"])
def test_requirements_are_hashed_and_name_no_registry(file):
    text = (INFRA / file).read_text()
    assert "://" not in text
    assert len(re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE)) == len(
        re.findall(r"==[^\n]*\\\n +--hash", text)
    )
