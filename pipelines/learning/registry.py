"""Learned models in MLflow's registry: `coldaisle.<site>.<kind>`, aliases `champion` and `challenger`.

One rule for every kind: a new version becomes champion unless the present champion is clearly better on the same
held-out time, each judged by its form that was trained without that time. The registry knows names, aliases and
files; each kind defines its files and its error.
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site

Kind = Literal["efficiency", "cascade", "twin", "horizon"]

# The seed alone changes an error by about this share: a smaller difference does not count.
TIE = 0.02

CHAMPION, CHALLENGER = "champion", "challenger"
_TRAINED_BY: dict[Kind, str] = {
    "efficiency": "train",
    "cascade": "train",
    "twin": "twin",
    "horizon": "train",
}

# What MLflow answers where there is no such model, and where the model has no such alias.
_NOT_THERE = {ErrorCode.Name(code) for code in (RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE)}


class Errors(NamedTuple):
    """Errors of the new and the present model on the same rows held out, smaller is better, and both as text."""

    ours: float
    theirs: float
    text: str


class Files(NamedTuple):
    """A folder with the files of a registered version, and its name `<model>/<number>`."""

    folder: Path
    version: str


Judge = Callable[[Files], Errors]


def model_name(site: Site, kind: Kind) -> str:
    """Name of a site's model in the registry."""
    return f"coldaisle.{site.name}.{kind}"


def no_model(site: Site, kind: Kind) -> ModelError:
    """The error of a site that has no champion of a kind."""
    return ModelError(f'site "{site.name}" has no {kind} model yet; {remedy(site, kind)}')


def remedy(site: Site, kind: Kind) -> str:
    """The command that makes a model of a kind."""
    return f"run: coldaisle {_TRAINED_BY[kind]} --site {site.name}"


def promotion(site: Site, kind: Kind, version: str) -> str:
    """The command with which a person makes a version champion."""
    return f"coldaisle promote --site {site.name} --kind {kind} --version {version} --by NAME --why REASON"


def never_trained(settings: Settings) -> bool:
    """Whether the home's own MLflow has never been written to; a query would create its file."""
    return settings.mlflow_uri is None and not (settings.home / "mlflow.db").exists()


@contextmanager
def champion_files(
    site: Site, kind: Kind, settings: Settings, alias: str = CHAMPION
) -> Iterator[Files | None]:
    """The files of the champion, or of another alias, while they are needed; None where there is none.

    Raises ModelError where its files are gone, TrackingError where MLflow does not answer.
    """
    if never_trained(settings):
        yield None
        return
    with tracking(settings) as client, files_of(client, site, kind, settings, alias) as files:
        yield files


@contextmanager
def files_of(
    client: MlflowClient, site: Site, kind: Kind, settings: Settings, alias: str = CHAMPION
) -> Iterator[Files | None]:
    """`champion_files` with a client that is open already."""
    registered = by_alias(client, model_name(site, kind), alias)
    if registered is None:
        yield None
        return
    with files_of_version(registered, site, kind, settings) as files:
        yield files


@contextmanager
def files_of_version(registered: ModelVersion, site: Site, kind: Kind, settings: Settings) -> Iterator[Files]:
    """A version's files while they are needed. Raises ModelError where they are gone."""
    version = f"{registered.name}/{registered.version}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            local = download_artifacts(
                artifact_uri=f"{registered.source}", dst_path=folder, tracking_uri=settings.tracking_uri
            )
        except (OSError, MlflowException) as cause:
            raise ModelError(f"the files of {version} are gone ({cause}); {remedy(site, kind)}") from cause
        yield Files(Path(local), version)


def by_alias(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """The version of a model that has an alias; None where there is none."""
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in _NOT_THERE:
            return None
        raise  # an MLflow that does not answer is no sign that there is no champion


def publish(
    client: MlflowClient,
    run_id: str,
    site: Site,
    kind: Kind,
    settings: Settings,
    *,
    folder: str,
    judge: Judge,
) -> dict[str, Any]:
    """Register a folder of a run's artifacts as a new version and give it its alias; a report of plain values.

    judge: errors of the new model and of the present champion, from the latter's files; raises ModelError where they
    cannot be compared, and the new one becomes champion.
    """
    name = model_name(site, kind)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=f"{site.title}: {kind} model")
    source = f"{client.get_run(run_id).info.artifact_uri}/{folder}"
    version = client.create_model_version(name, source, run_id)
    alias, why = _promoted(client, site, kind, settings, judge)
    # Last, so that nothing loads an incomplete version, and the judge above saw the previous champion.
    client.set_registered_model_alias(name, alias, version.version)
    report = {"model": name, "version": str(version.version), "alias": alias, "why": why, "run_id": run_id}
    if alias == CHALLENGER:
        report["promote"] = promotion(site, kind, str(version.version))
    return report


def _promoted(
    client: MlflowClient, site: Site, kind: Kind, settings: Settings, judge: Judge
) -> tuple[str, str]:
    try:
        with files_of(client, site, kind, settings) as present:
            if present is None:
                return CHAMPION, "it is the first"
            errors = judge(present)
    except ModelError as incomparable:
        return CHAMPION, str(incomparable)
    if not math.isfinite(errors.theirs):
        return CHAMPION, "the time held out has no rows to judge the present champion by"
    if not math.isfinite(errors.ours):
        return CHALLENGER, f"its error on the time held out is not finite ({errors.ours})"
    return (CHAMPION if errors.ours <= errors.theirs * (1.0 + TIE) else CHALLENGER), errors.text
