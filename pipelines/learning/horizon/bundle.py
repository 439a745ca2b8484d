"""A horizon in the registry: arrays and JSON in the files of a run, without pickles."""

import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mlflow import MlflowClient

from models.horizon import Horizon, from_arrays, to_arrays, to_metadata
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.registry import Files, Kind, champion_files, no_model, remedy
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name

FORMAT = 1
KIND: Kind = "horizon"
FOLDER, _ARRAYS, _METADATA = "model", "{form}.npz", "metadata.json"


@dataclass(frozen=True)
class Bundle:
    """The horizon to serve, the same without its held-out time, and what was recorded with them: plain JSON values."""

    served: Horizon
    held_out: Horizon
    metadata: dict[str, Any]


def load_horizon(site: Site, settings: Settings) -> Bundle:
    """The champion.

    Raises ModelError where there is none, it is damaged or it was learned from another figure, TrackingError where
    MLflow does not answer.
    """
    with champion_files(site, KIND, settings) as files:
        if files is None:
            raise no_model(site, KIND)
        bundle = read_horizon(files, site)
    if bundle.metadata["figure_name"] != figure_name(site):
        raise ModelError(
            f"model {bundle.served.version} forecasts {bundle.metadata['figure_name']}, the site's figure is now "
            f"{figure_name(site)}; {remedy(site, KIND)}"
        )
    return bundle


def log_horizon(client: MlflowClient, run_id: str, bundle: Bundle) -> None:
    """Log a bundle to a run's folder `FOLDER`."""
    forms = {"served": bundle.served, "held_out": bundle.held_out}
    document = {
        "format": FORMAT,
        "metadata": bundle.metadata,
        **{form: to_metadata(horizon) for form, horizon in forms.items()},
    }
    with tempfile.TemporaryDirectory() as folder:
        for form, horizon in forms.items():
            path, arrays = Path(folder) / _ARRAYS.format(form=form), to_arrays(horizon)
            np.savez_compressed(path, allow_pickle=False, **arrays)
        text = json.dumps(document, indent=1, allow_nan=False)
        (Path(folder) / _METADATA).write_text(text, encoding="utf-8")
        client.log_artifacts(run_id, folder, FOLDER)


def read_horizon(files: Files, site: Site) -> Bundle:
    """A bundle from the files of a registered version. Raises ModelError where they are damaged."""
    try:
        document = json.loads((files.folder / _METADATA).read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']}, this program reads {FORMAT}")
        served, held_out = (_read(files, document, form) for form in ("served", "held_out"))
        return Bundle(served, held_out, document["metadata"])
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as cause:
        raise ModelError(f"model {files.version} cannot be read ({cause}); {remedy(site, KIND)}") from cause


def _read(files: Files, document: dict[str, Any], form: str) -> Horizon:
    with np.load(files.folder / _ARRAYS.format(form=form), allow_pickle=False) as stored:
        return from_arrays(
            {name: stored[name] for name in stored.files}, document[form], version=files.version
        )
