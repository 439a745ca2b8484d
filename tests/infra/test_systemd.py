"""The units as systemd reads them, with this checkout in place of /opt/coldaisle."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.files import INFRA

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


@pytest.fixture(scope="module")
def units(tmp_path_factory) -> Path:
    """The units, those of a site for a site named demo."""
    folder = tmp_path_factory.mktemp("systemd") / "units"
    shutil.copytree(INFRA / "systemd", folder)
    for path in (*folder.glob("*.service"), *folder.rglob("*.conf")):
        text = path.read_text().replace("/opt/coldaisle/.venv/bin", str(Path(sys.executable).parent))
        path.write_text(text.replace("/opt/coldaisle", str(INFRA.parent)))
        if "@" in path.name:
            path.rename(path.with_name(path.name.replace("@", "@demo")))
    return folder


def analyze(units: Path, *words: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{units}:/lib/systemd/system"}
    return subprocess.run(
        ["systemd-analyze", *words], env=environment, capture_output=True, text=True, cwd=units
    )


def test_systemd_finds_no_fault(units):
    names = [path.name for path in units.iterdir() if path.suffix in (".service", ".target")]
    checked = analyze(units, "verify", "--man=no", *names)
    assert checked.returncode == 0, checked.stderr
    assert [line for line in checked.stderr.splitlines() if "coldaisle" in line] == []


def test_units_are_exposed_little(units):
    for path in units.glob("*.service"):
        said = analyze(units, "security", "--offline=true", str(path)).stdout
        assert float(re.search(r"Overall exposure level for .*: ([\d.]+)", said)[1]) <= 2.0
