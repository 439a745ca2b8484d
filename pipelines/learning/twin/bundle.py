"""Twins in MLflow's registry beside the networks: `coldaisle.<site>.twin`, aliases champion and challenger."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from models.twin import Twin, from_document, to_document
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.registry import artifacts_of, never_trained, new_version
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site

FORMAT = 1
_FOLDER, _FILE = "model", "twin.json"


@dataclass(frozen=True)
class Registered:
    """A twin and what was recorded with it: plain JSON values."""

    twin: Twin
    metadata: dict[str, Any]


def twin_name(site: Site) -> str:
    """Name of a site's twin in the registry."""
    return f"coldaisle.{site.name}.twin"


def load_twin(site: Site, settings: Settings) -> Twin:
    """The champion: a fitted plant with the bounds of its errors, its `version` as `<name>/<number>`.

    Raises ModelError where there is none or it is damaged, TrackingError where MLflow does not answer.
    """
    twin = find_twin(site, settings)
    if twin is None:
        raise ModelError(f'site "{site.name}" has no twin yet; run: coldaisle twin --site {site.name}')
    return twin


def find_twin(site: Site, settings: Settings) -> Twin | None:
    """`load_twin`, None where no twin was ever fitted."""
    if never_trained(settings):
        return None
    with tracking(settings) as client:
        found = champion(client, site, settings)
    return found.twin if found else None


def champion(client: MlflowClient, site: Site, settings: Settings) -> Registered | None:
    """The present champion; None before the first fit. Raises ModelError if it is damaged."""
    with artifacts_of(client, twin_name(site), settings) as found:
        return _read(found[0] / _FILE, found[1]) if found else None


def register(
    client: MlflowClient, run_id: str, site: Site, twin: Twin, metadata: dict[str, Any]
) -> ModelVersion:
    """Log a twin to a run and register it as a new version, without an alias yet: nobody loads half of one."""
    document = {"format": FORMAT, "metadata": metadata, "twin": to_document(twin)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        path.write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
        client.log_artifact(run_id, str(path), _FOLDER)
    return new_version(client, run_id, twin_name(site), _FOLDER, f"{site.title}: plant fitted to telemetry")


def _read(path: Path, version: str) -> Registered:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']}, this program reads {FORMAT}")
        return Registered(from_document(document["twin"], version=version), document["metadata"])
    except (OSError, KeyError, ValueError, TypeError) as cause:
        raise ModelError(f"twin {version} cannot be read ({cause}); run: coldaisle twin") from cause
