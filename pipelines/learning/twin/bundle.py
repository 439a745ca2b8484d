"""A fitted twin in the registry: to and from the files of a run."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from models.twin import Twin, from_document, to_document
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.registry import Files, Kind, champion_files, files_of, no_model
from pipelines.site.file import Site

FORMAT = 1
KIND: Kind = "twin"
FOLDER, _FILE = "model", "twin.json"


@dataclass(frozen=True)
class Registered:
    """A twin and what was recorded with it: plain JSON values."""

    twin: Twin
    metadata: dict[str, Any]


def load_twin(site: Site, settings: Settings) -> Twin:
    """The champion: a fitted plant with the bounds of its errors, its `version` as `<name>/<number>`.

    Raises ModelError where there is none or it is damaged, TrackingError where MLflow does not answer.
    """
    twin = find_twin(site, settings)
    if twin is None:
        raise no_model(site, KIND)
    return twin


def find_twin(site: Site, settings: Settings) -> Twin | None:
    """`load_twin`, None where no twin was ever fitted."""
    with champion_files(site, KIND, settings) as files:
        return read_twin(files).twin if files else None


def champion(client: MlflowClient, site: Site, settings: Settings) -> Registered | None:
    """The present champion; None before the first fit. Raises ModelError if it is damaged."""
    with files_of(client, site, KIND, settings) as files:
        return read_twin(files) if files else None


def log_twin(client: MlflowClient, run_id: str, twin: Twin, metadata: dict[str, Any]) -> None:
    """Log a twin and what is recorded with it to a run's folder `FOLDER`."""
    document = {"format": FORMAT, "metadata": metadata, "twin": to_document(twin)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        path.write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
        client.log_artifact(run_id, str(path), FOLDER)


def read_twin(files: Files) -> Registered:
    """A twin from the files of a registered version. Raises ModelError where they are damaged."""
    path, version = files.folder / _FILE, files.version
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']}, this program reads {FORMAT}")
        return Registered(from_document(document["twin"], version=version), document["metadata"])
    except (OSError, KeyError, ValueError, TypeError) as cause:
        raise ModelError(f"twin {version} cannot be read ({cause}); run: coldaisle twin") from cause
