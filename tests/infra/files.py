"""The files of infra/, read once, and the settings that they may name."""

import json
import re
import subprocess
import sys
from functools import cache
from typing import Any

import yaml

from pipelines.config import Settings
from tests.places import PROJECT

INFRA = PROJECT / "infra"
COMPOSE: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = ("init", "databases")  # end when their work is done, so they have no health
OURS = {name: each for name, each in SERVICES.items() if "coldaisle" in each["image"]}
UNITS = sorted((INFRA / "systemd").glob("*.service"))
KUBERNETES = sorted(
    path for path in (INFRA / "kubernetes").rglob("*.yaml") if path.parent.name in ("cluster", "site")
)
NOT_FIELDS = {  # compose and kubernetes fill these in
    "COLDAISLE_SITE", "COLDAISLE_BIND", "COLDAISLE_HOST", "COLDAISLE_IMAGE",
    "COLDAISLE_CODE",  # pipelines/code_version.py
}  # fmt: skip


DAGS = set(
    re.findall(
        r"COLDAISLE_[A-Z_]+[A-Z]", "".join(each.read_text() for each in (PROJECT / "dags").glob("*.py"))
    )
)


def documents() -> list[dict[str, Any]]:
    """Kubernetes' objects, without the files that only put them together."""
    texts = [path.read_text(encoding="utf-8") for path in KUBERNETES if path.name != "kustomization.yaml"]
    return [each for text in texts for each in yaml.safe_load_all(text)]


def pods() -> dict[str, dict[str, Any]]:
    """What runs in each Deployment, by name."""
    found = [each for each in documents() if each["kind"] == "Deployment"]
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in found}


def known(name: str) -> bool:
    """Whether a name in the environment is a setting of ours or an option of Airflow or of one of its providers."""
    if name.startswith("AIRFLOW__"):
        section, _, option = name.removeprefix("AIRFLOW__").lower().partition("__")
        return (section, option) in airflow_options() or (
            section,
            option.removesuffix("_cmd"),
        ) in airflow_options()
    bare = name.removesuffix("_FILE")
    return (
        bare in DAGS or bare.removeprefix("COLDAISLE_").lower() in Settings.model_fields or bare in NOT_FIELDS
    )


@cache
def airflow_options() -> frozenset[tuple[str, str]]:
    """Section and option of all that Airflow and its Celery and Kubernetes providers can be told."""
    done = subprocess.run([sys.executable, "-c", OPTIONS], check=True, capture_output=True, text=True)
    return frozenset((section, option) for section, option in json.loads(done.stdout.splitlines()[-1]))


# In a process of its own: Airflow reads the environment when it is first imported, which tests of DAGs set before.
OPTIONS = """
import json
from pathlib import Path
import airflow, yaml
from airflow.providers.celery.get_provider_info import get_provider_info as celery
from airflow.providers.cncf.kubernetes.get_provider_info import get_provider_info as kubernetes
path = Path(airflow.__file__).parent / "config_templates" / "config.yml"
sections = yaml.safe_load(path.read_text(encoding="utf-8")) | celery()["config"] | kubernetes()["config"]
print(json.dumps([[name, option] for name, each in sections.items() for option in each["options"]]))
"""


def names_in(text: str) -> set[str]:
    """Names of settings of ours and of Airflow in a text."""
    return set(re.findall(r"\b(?:COLDAISLE_|AIRFLOW__)[A-Z0-9_]*[A-Z0-9]\b", text))
