"""An efficiency model in the registry, with everything that serving it needs."""

import json
import tempfile
import warnings
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import mlflow.pyfunc
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from models.efficiency.model import PlantModel, from_bytes, to_bytes, to_metadata
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.efficiency.selection import Serving
from pipelines.learning.registry import Files, Kind, champion_files, files_of, no_model
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, plant_columns

FORMAT = 5  # of the arrays; a model of another format must be learned again
_CODE = Path(__file__).with_name("pyfunc_model.py")
KIND: Kind = "efficiency"
FOLDER = "model"
# Not coldaisle itself: it is on no package index, where anybody could take the name.
_LIBRARIES = ("jax", "flax", "numpy", "pandas")


@dataclass(frozen=True)
class Bundle:
    """What is registered: the model to serve, and the held-out model, which never saw the held-out rows.

    The held-out model makes a fair comparison possible later: what is served has learned from every row.
    metadata: plain JSON values: site, kind, rows, fingerprint, held-out errors. serving: what is served for the
    site's figure beside it.
    """

    served: PlantModel
    held_out: PlantModel
    metadata: dict[str, Any]
    serving: Serving


def load_champion(site: Site, settings: Settings) -> PlantModel:
    """The model to serve, its `version` as `<name>/<number>`. Raises as `load_bundle` does."""
    return load_bundle(site, settings).served


def load_bundle(site: Site, settings: Settings) -> Bundle:
    """The champion with what was registered beside it.

    Raises ModelError where there is none or where it was learned from another description of the site, and
    TrackingError where MLflow does not answer.
    """
    with champion_files(site, KIND, settings) as files:
        if files is None:
            raise no_model(site, KIND)
        bundle = read_bundle(files)
    _check_schema(site, bundle)
    return bundle


def champion(client: MlflowClient, site: Site, settings: Settings) -> Bundle | None:
    """The present champion; None before the first training. Raises ModelError if it is damaged."""
    with files_of(client, site, KIND, settings) as files:
        return read_bundle(files) if files else None


def log_bundle(client: MlflowClient, run_id: str, bundle: Bundle) -> None:
    """Log a bundle to a run, as a pyfunc model in its folder `FOLDER`."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder) / FOLDER, bundle)
        client.log_artifacts(run_id, str(Path(folder) / FOLDER), FOLDER)


def _write(folder: Path, bundle: Bundle) -> None:
    with tempfile.TemporaryDirectory() as parts, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's advice on type hints and examples is not for the user
        files = {"served": "served.msgpack", "held_out": "held_out.msgpack", "metadata": "metadata.json"}
        paths = {key: Path(parts) / name for key, name in files.items()}
        paths["served"].write_bytes(to_bytes(bundle.served))
        paths["held_out"].write_bytes(to_bytes(bundle.held_out))
        metadata = bundle.metadata | {"format": FORMAT, "model": to_metadata(bundle.served)}
        paths["metadata"].write_text(json.dumps(metadata, indent=1), encoding="utf-8")
        paths["serving"] = Path(parts) / "serving.msgpack"
        paths["serving"].write_bytes(bundle.serving.to_bytes())
        mlflow.pyfunc.save_model(
            path=folder,
            python_model=str(_CODE),
            artifacts={key: str(path) for key, path in paths.items()},
            pip_requirements=[f"{name}=={installed(name)}" for name in _LIBRARIES],
            signature=_signature(bundle.served),
        )


def _signature(model: PlantModel) -> ModelSignature:
    targets = [*model.targets, *(name for name, _ in model.same_as)]
    outputs = [ColSpec("double", name) for target in targets for name in _columns(target)]
    inputs = Schema([ColSpec("double", name) for name in model.inputs])
    return ModelSignature(inputs=inputs, outputs=Schema([*outputs, ColSpec("boolean", "in_support")]))


def _columns(target: str) -> tuple[str, ...]:
    return (target, *(f"{target}_{suffix}" for suffix in ("spread", "lower", "upper")))


def read_bundle(files: Files) -> Bundle:
    """A bundle from a registered version's files. Raises ModelError where they are damaged or of another format."""
    folder, version = files.folder / "artifacts", files.version
    try:
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        if metadata["format"] != FORMAT:
            raise ValueError(f"its format is {metadata['format']}, this program reads {FORMAT}")
        served, held_out = (
            from_bytes((folder / name).read_bytes(), metadata["model"], version=version)
            for name in ("served.msgpack", "held_out.msgpack")
        )
        serving = Serving.from_bytes((folder / "serving.msgpack").read_bytes())
    except (OSError, KeyError, ValueError, TypeError) as cause:
        raise ModelError(f"model {version} cannot be read ({cause}); run: coldaisle train") from cause
    return Bundle(served, held_out, metadata, serving)


def _check_schema(site: Site, bundle: Bundle) -> None:
    read = set(bundle.served.inputs)
    lacking = sorted(read - set(plant_columns(site)))
    if lacking:
        raise ModelError(
            f"model {bundle.served.version} needs {', '.join(lacking)}, which the site file does not declare; "
            f"declare the points again or run: coldaisle train --site {site.name}"
        )
    if bundle.metadata["figure_name"] != figure_name(site):
        raise ModelError(
            f"model {bundle.served.version} predicts {bundle.metadata['figure_name']}, the site's figure is now "
            f"{figure_name(site)}; run: coldaisle train --site {site.name}"
        )
