"""Twins in MLflow's registry beside the networks: `coldaisle.<site>.twin`, aliases champion and challenger."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from models.twin import Twin, from_document, to_document
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.registry import CHAMPION
from pipelines.site import Site
from pipelines.tracking import tracking

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
    if settings.mlflow_uri is None and not (settings.home / "mlflow.db").exists():
        return None
    with tracking(settings) as client:
        found = champion(client, site, settings)
    return found.twin if found else None


def champion(client: MlflowClient, site: Site, settings: Settings) -> Registered | None:
    """The present champion; None before the first fit. Raises ModelError if it is damaged."""
    try:
        found = client.get_model_version_by_alias(twin_name(site), CHAMPION)
    except MlflowException:
        return None
    version = f"{found.name}/{found.version}"
    with tempfile.TemporaryDirectory() as folder:
        local = download_artifacts(
            artifact_uri=f"{found.source}", dst_path=folder, tracking_uri=settings.tracking_uri
        )
        return _read(Path(local) / _FILE, version)


def register(
    client: MlflowClient, run_id: str, site: Site, twin: Twin, metadata: dict[str, Any]
) -> ModelVersion:
    """Log a twin to a run and register it as a new version, without an alias yet: nobody loads half of one."""
    document = {"format": FORMAT, "metadata": metadata, "twin": to_document(twin)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        path.write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
        client.log_artifact(run_id, str(path), _FOLDER)
    name = twin_name(site)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=f"{site.title}: plant fitted to telemetry")
    source = f"{client.get_run(run_id).info.artifact_uri}/{_FOLDER}"
    return client.create_model_version(name, source, run_id)


def _read(path: Path, version: str) -> Registered:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']}, this program reads {FORMAT}")
        return Registered(from_document(document["twin"], version=version), document["metadata"])
    except (OSError, KeyError, ValueError, TypeError) as cause:
        raise ModelError(f"twin {version} cannot be read ({cause}); run: coldaisle twin") from cause
