"""The compose file: what it starts exists, says how it is, is locked down, and holds no secret."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.infra.files import COMPOSE, INFRA, ONCE, OURS, SERVICES

LOOPBACK = re.compile(r"^\$\{COLDAISLE_BIND:-127\.0\.0\.1\}:\d+:\d+$")
STEADY = sorted(set(SERVICES) - set(ONCE))


def test_it_follows_the_schema():
    checked = subprocess.run(
        [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec",
         str(INFRA / "compose.yaml")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_every_part_of_the_cluster_is_there():
    parts = {"postgres", "redis", "mlflow", "api-server", "scheduler", "dag-processor", "triggerer", "worker-1",
             "worker-2", "dashboard", "serve", "watchdog"}  # fmt: skip
    assert parts == set(STEADY)


@pytest.mark.parametrize("name", STEADY)
def test_service_says_how_it_is_and_comes_back(name):
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_locked_down(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["user"].split(":")[0] not in ("0", "root")
    assert not service.get("privileged")
    assert not service.get("network_mode")
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory"}


@pytest.mark.parametrize("name", SERVICES)
def test_image_is_pinned(name):
    image = SERVICES[name]["image"]
    tag = re.fullmatch(r"\$\{\w+:-(.+)\}", image)[1].rpartition(":")[2]
    assert re.match(r"\d+\.\d+", tag)


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_unless_set(name):
    for port in SERVICES[name].get("ports", ()):
        assert LOOPBACK.match(port)


def test_database_and_queue_are_reached_from_inside_only():
    assert COMPOSE["networks"]["inside"]["internal"]
    for name in ("postgres", "redis", "databases"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_be_waited_for(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        once = other in ONCE
        assert once == (how["condition"] == "service_completed_successfully")
        assert other in SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_are_files_that_the_script_makes(name, generated):
    for secret in SERVICES[name].get("secrets", ()):
        assert (generated / Path(COMPOSE["secrets"][secret]["file"]).name).exists()


@pytest.mark.parametrize("name", OURS)
def test_secret_files_that_settings_name_are_given_to_the_service(name):
    named = re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(OURS[name].get("environment", {})))
    assert sorted(set(named) - set(OURS[name].get("secrets", ()))) == []


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run([str(INFRA / "make_secrets.sh"), str(folder)], check=True, capture_output=True)
    return folder


def test_secrets_are_each_owners_own(generated):
    assert {path.stat().st_mode & 0o777 for path in generated.iterdir()} == {0o600}
    alone = [
        path.read_text()
        for path in generated.iterdir()
        if path.name.endswith(("_password", "_key", "_secret"))
    ]
    assert len(set(alone)) == len(alone)
    assert min(len(text) for text in alone) >= 32


def test_secrets_are_kept_when_made_again(generated):
    before = {path.name: path.read_text() for path in generated.iterdir()}
    subprocess.run([str(INFRA / "make_secrets.sh"), str(generated)], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in generated.iterdir()} == before


def test_secrets_are_not_in_the_repository():
    ignored = (INFRA.parent / ".gitignore").read_text()
    assert "/infra/secrets/" in ignored
    assert "/infra/.env\n" in ignored
    assert "infra/secrets" in (INFRA.parent / ".containerignore").read_text()
