"""Learned models in MLflow's registry: `coldaisle.<site>.<kind>`, aliases `champion` and `challenger`.

What is in charge is read from its folder (`pipelines.learning.charges`); MLflow keeps every version, with the run that
made it. The registry knows names, aliases and files; each kind defines its files and its error.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning import charges
from pipelines.learning.charges import CHALLENGER, CHAMPION, Alias, Charge, Who
from pipelines.learning.tracking import CODE, tracking
from pipelines.site.file import Site

__all__ = ["CHALLENGER", "CHAMPION"]

Kind = Literal["efficiency", "cascade", "twin", "horizon"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_TRAINED_BY: dict[Kind, str] = {
    "efficiency": "train",
    "cascade": "train",
    "twin": "twin",
    "horizon": "train",
}

# What MLflow answers where there is no such model, and where the model has no such alias.
_NOT_THERE = {ErrorCode.Name(code) for code in (RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE)}


class Files(NamedTuple):
    """A folder with the files of a registered version, and its name `<model>/<number>`."""

    folder: Path
    version: str


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
    return f"coldaisle models promote --site {site.name} --kind {kind} --version {version} --by NAME --why REASON"


def never_trained(settings: Settings) -> bool:
    """Whether the home's own MLflow has never been written to; a query would create its file."""
    return settings.mlflow_uri is None and not (settings.home / "mlflow.db").exists()


@contextmanager
def champion_files(
    site: Site, kind: Kind, settings: Settings, alias: Alias = CHAMPION
) -> Iterator[Files | None]:
    """The files of the version in charge, or of the challenger, while they are needed; None where there is none.

    Raises ModelError where its files are gone. MLflow is asked only where a version of an earlier program was never put
    in its folder: TrackingError where it then does not answer.
    """
    charge = charges.present(settings, site.name, kind, alias)
    if charge is None and not never_trained(settings):
        with tracking(settings) as client:
            charge = _adopted(client, site, kind, settings, alias)
    yield None if charge is None else _files(charge, site, kind)


@contextmanager
def files_of(
    client: MlflowClient, site: Site, kind: Kind, settings: Settings, alias: Alias = CHAMPION
) -> Iterator[Files | None]:
    """`champion_files` with a client that is open already."""
    charge = charges.present(settings, site.name, kind, alias)
    charge = charge or _adopted(client, site, kind, settings, alias)
    yield None if charge is None else _files(charge, site, kind)


def _files(charge: Charge, site: Site, kind: Kind) -> Files:
    if not charge.files.is_dir():
        raise ModelError(f"the files of {charge.title} are gone ({charge.files}); {remedy(site, kind)}")
    return Files(charge.files, charge.title)


def _adopted(client: MlflowClient, site: Site, kind: Kind, settings: Settings, alias: Alias) -> Charge | None:
    """The version that MLflow names, put in charge: the home is of an earlier program, or restored without folders."""
    registered = by_alias(client, model_name(site, kind), alias)
    if registered is None:
        return None
    who = Who(charges.AUTOMATIC, f"MLflow names it {alias}; there was no folder of it")
    return put_in_charge(client, settings, site, kind, registered, alias, who)


def put_in_charge(
    client: MlflowClient, settings: Settings, site: Site, kind: Kind, registered: ModelVersion, alias: Alias, who: Who
) -> Charge:  # fmt: skip
    """Put a registered version in charge, in MLflow and for serving. Raises ModelError without its files.

    MLflow first: where it fails, what serves stays; where the folder cannot be written, MLflow follows it later.
    """
    with files_of_version(registered, site, kind, settings) as files:
        client.set_registered_model_alias(registered.name, alias, str(registered.version))
        charge = charges.put(
            settings, site.name, kind, alias, files.folder, model=registered.name,
            version=int(registered.version), who=who, about=_about(client, registered),
        )  # fmt: skip
    follow(client, settings, site, kind)
    return charge


def follow(client: MlflowClient, settings: Settings, site: Site, kind: Kind) -> None:
    """Let MLflow's aliases name what is in charge: they may be behind where it was down, or its page was used."""
    name = model_name(site, kind)
    for alias in (CHAMPION, CHALLENGER):
        charge, named = charges.present(settings, site.name, kind, alias), by_alias(client, name, alias)
        if charge is not None and (named is None or int(named.version) != charge.version):
            client.set_registered_model_alias(name, alias, str(charge.version))
        if charge is None and named is not None and charges.history(settings, site.name, kind):
            client.delete_registered_model_alias(name, alias)


def _about(client: MlflowClient, registered: ModelVersion) -> dict[str, str]:
    """What leads from a version to its data and code."""
    try:
        run = client.get_run(str(registered.run_id)).data
    except MlflowException:  # deleted: the version is still there
        return {"run_id": str(registered.run_id)}
    kept = {
        name: run.params[name] for name in ("fingerprint", "learned_until", "until") if name in run.params
    }
    return {"run_id": str(registered.run_id), "code": run.tags.get(CODE, "")} | kept


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
