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
from mlflow.entities.model_registry import ModelVersion
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from models.efficiency.model import PlantModel, from_bytes, to_bytes, to_metadata
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.efficiency.selection import Serving
from pipelines.learning.registry import Kind, artifacts_of, model_name, never_trained, new_version
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, plant_columns

FORMAT = 4  # of the arrays; a model of another format must be learned again
_CODE = Path(__file__).with_name("pyfunc_model.py")
_FOLDER = "model"
# What models of the next hour derive from other inputs and from the clock.
_DERIVED = ("_move", "_gap", "_trend", "hour_sin", "hour_cos", "weekend")
# Not coldaisle itself: it is on no index, and a stranger could take the name.
_LIBRARIES = ("jax", "flax", "numpy", "pandas")


@dataclass(frozen=True)
class Bundle:
    """What is registered: the model to serve, and its twin that never saw the held-out rows.

    The twin makes a fair comparison possible later: what is served has learned from every row.
    metadata: plain JSON values: site, kind, rows, fingerprint, held-out errors. serving: what answers for the site's
    figure, and how; None for a kind that only answers what-if questions.
    """

    served: PlantModel
    held_out: PlantModel
    metadata: dict[str, Any]
    serving: Serving | None = None


def load_champion(site: Site, settings: Settings, kind: Kind) -> PlantModel:
    """The model to serve, its `version` as `<name>/<number>`. Raises as `load_bundle` does."""
    return load_bundle(site, settings, kind).served


def load_bundle(site: Site, settings: Settings, kind: Kind) -> Bundle:
    """The champion with what was registered beside it.

    Raises ModelError where there is none or where it was learned from another description of the site, and
    TrackingError where MLflow does not answer.
    """
    if never_trained(settings):
        raise ModelError(_none(site, kind))
    with tracking(settings) as client:
        bundle = champion(client, site, kind, settings)
    if bundle is None:
        raise ModelError(_none(site, kind))
    _check_schema(site, kind, bundle)
    return bundle


def champion(client: MlflowClient, site: Site, kind: Kind, settings: Settings) -> Bundle | None:
    """The present champion with its twin; None before the first training. Raises ModelError if it is damaged."""
    with artifacts_of(client, model_name(site, kind), settings) as found:
        return _read(found[0] / "artifacts", found[1]) if found else None


def register(client: MlflowClient, run_id: str, site: Site, kind: Kind, bundle: Bundle) -> ModelVersion:
    """Log a bundle to a run and register it as a new version, without an alias yet."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder) / _FOLDER, bundle)
        client.log_artifacts(run_id, str(Path(folder) / _FOLDER), _FOLDER)
    return new_version(client, run_id, model_name(site, kind), _FOLDER, f"{site.title}: {kind} model")


def _write(folder: Path, bundle: Bundle) -> None:
    with tempfile.TemporaryDirectory() as parts, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's advice on type hints and examples is not for the user
        files = {"served": "served.msgpack", "held_out": "held_out.msgpack", "metadata": "metadata.json"}
        paths = {key: Path(parts) / name for key, name in files.items()}
        paths["served"].write_bytes(to_bytes(bundle.served))
        paths["held_out"].write_bytes(to_bytes(bundle.held_out))
        metadata = bundle.metadata | {"format": FORMAT, "model": to_metadata(bundle.served)}
        paths["metadata"].write_text(json.dumps(metadata, indent=1), encoding="utf-8")
        if bundle.serving:
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


def _read(folder: Path, version: str) -> Bundle:
    try:
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        if metadata["format"] != FORMAT:
            raise ValueError(f"its format is {metadata['format']}, this program reads {FORMAT}")
        served, held_out = (
            from_bytes((folder / name).read_bytes(), metadata["model"], version=version)
            for name in ("served.msgpack", "held_out.msgpack")
        )
        answering = folder / "serving.msgpack"
        serving = Serving.from_bytes(answering.read_bytes()) if answering.exists() else None
    except (OSError, KeyError, ValueError, TypeError) as cause:
        raise ModelError(f"model {version} cannot be read ({cause}); run: coldaisle train") from cause
    return Bundle(served, held_out, metadata, serving)


def _check_schema(site: Site, kind: Kind, bundle: Bundle) -> None:
    read = {name for name in bundle.served.inputs if not name.endswith(_DERIVED)}
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


def _none(site: Site, kind: Kind) -> str:
    return f'site "{site.name}" has no {kind} model yet; run: coldaisle train --site {site.name}'
