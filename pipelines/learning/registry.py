"""Learned models in MLflow's registry: `coldaisle.<site>.<kind>`, aliases `champion` and `challenger`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.site.file import Site

Kind = Literal["operating", "decision", "next_hour"]

TIE = 0.02  # the seed alone moves an error by about this share: within it the mixture stays

CHAMPION, CHALLENGER = "champion", "challenger"


def model_name(site: Site, kind: Kind) -> str:
    """Name of a site's model in the registry."""
    return f"coldaisle.{site.name}.{kind}"


def never_trained(settings: Settings) -> bool:
    """Whether the home's own MLflow has never been written to; asking it would make its file."""
    return settings.mlflow_uri is None and not (settings.home / "mlflow.db").exists()


@contextmanager
def artifacts_of(client: MlflowClient, name: str, settings: Settings) -> Iterator[tuple[Path, str] | None]:
    """A folder with the files of the champion of that name, while it is needed, and its version; None without one."""
    try:
        found = client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException:
        yield None
        return
    version = f"{found.name}/{found.version}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            local = download_artifacts(
                artifact_uri=f"{found.source}", dst_path=folder, tracking_uri=settings.tracking_uri
            )
        except (OSError, MlflowException) as cause:
            raise ModelError(f"the files of {version} are gone ({cause}); train again") from cause
        yield Path(local), version


def new_version(client: MlflowClient, run_id: str, name: str, folder: str, description: str) -> ModelVersion:
    """A new version of the registered model `name` from a folder of a run's artifacts; nobody loads it yet."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=description)
    return client.create_model_version(name, f"{client.get_run(run_id).info.artifact_uri}/{folder}", run_id)


def give_alias(client: MlflowClient, version: ModelVersion, alias: str) -> None:
    """Name a version champion or challenger; a version that becomes champion is no challenger any more."""
    client.set_registered_model_alias(version.name, alias, version.version)
