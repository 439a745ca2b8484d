"""The parts stand in the order that the design says, own their names, and do nothing when imported."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.medium

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

IMPORT_ALL = """
import importlib, logging, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(module.name)
import mlflow
print("handlers", len(logging.getLogger().handlers))
print("tracking", mlflow.is_tracking_uri_set())
"""


def lint_imports(folder: Path) -> subprocess.CompletedProcess:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_dependencies_point_one_way():
    checked = lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout


CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]


def empty_house(folder: Path) -> None:
    """Our packages and the folders inside them that have a layer, all empty, under the project's own contracts."""
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    layered = [
        f"{container}.{name.strip(' ()')}"
        for contract in CONTRACTS
        for container in contract.get("containers", ())
        for layer in contract["layers"]
        for name in layer.replace("|", ":").split(":")
    ]
    for package in (*PACKAGES, *layered):
        path = folder / Path(*package.split("."))
        path.mkdir(parents=True, exist_ok=True)
        (path / "__init__.py").write_text("")
    checked = lint_imports(folder)
    assert checked.returncode == 0, checked.stdout


WRONG = {
    "simulator/plant.py": "import pipelines",
    "models/cascade.py": "import pandas",
    "pipelines/learning/twin/opinion.py": "from pipelines.control import history",
    "pipelines/control/gateway.py": "import pipelines.operations",
    "pipelines/files/folders.py": "import pipelines.site",
    "pipelines/learning/registry/kinds.py": "import pipelines.learning.cascade",
    "pipelines/learning/efficiency/physics.py": "import pipelines.learning.twin",
    "pipelines/miscellaneous.py": "",
}


@pytest.mark.parametrize("file", WRONG)
def test_import_against_the_direction_is_caught(file, tmp_path):
    empty_house(tmp_path)
    (tmp_path / file).write_text(f"{WRONG[file]}\n")
    assert lint_imports(tmp_path).returncode == 1


def test_two_folders_that_import_each_other_are_caught(tmp_path):
    empty_house(tmp_path)
    (tmp_path / "pipelines/simulation/plant.py").write_text("import pipelines.telemetry\n")
    assert lint_imports(tmp_path).returncode == 0
    (tmp_path / "pipelines/telemetry/latest.py").write_text("import pipelines.simulation.plant\n")
    assert lint_imports(tmp_path).returncode == 1


def owned_names(distribution: Distribution) -> set[str]:
    """Top-level import names that an installed distribution brings."""
    stated = (distribution.read_text("top_level.txt") or "").split()
    first = {PurePosixPath(file).parts[0] for file in distribution.files or ()}
    return set(stated) | {part.removesuffix(".py") for part in first}


def test_no_other_distribution_owns_one_of_our_package_names():
    owners = {
        distribution.name: sorted(owned_names(distribution) & set(PACKAGES))
        for distribution in distributions()
        if distribution.name != PROJECT["project"]["name"]
    }
    assert {name: taken for name, taken in owners.items() if taken} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_the_one_in_this_tree(package):
    assert Path(find_spec(package).origin).parent == ROOT / package


def import_all(packages: list[str], folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "MLFLOW"))
    }
    environment |= {"HOME": str(home), "COLDAISLE_HOME": str(home / "coldaisle"), "JAX_PLATFORMS": "cpu"}
    environment |= {"AIRFLOW_HOME": str(folder / "airflow")}  # Airflow, not we, writes its settings there
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *packages],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    made = [str(path.relative_to(home)) for path in home.rglob("*")]
    assert made == []
    return dict(
        line.split() for line in done.stdout.splitlines() if line.startswith(("handlers", "tracking"))
    )


def test_importing_every_module_makes_no_folder_and_configures_nothing(tmp_path):
    found = import_all([package for package in PACKAGES if package != "dags"], tmp_path)
    assert found == {"handlers": "0", "tracking": "False"}


def test_importing_the_dags_makes_no_folder_of_ours(tmp_path):
    assert import_all(["dags"], tmp_path)["tracking"] == "False"


def test_distribution_cannot_be_uploaded_by_mistake():
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]
