"""Learned models in MLflow's registry: `coldaisle.<site>.<kind>`, aliases `champion` and `challenger`.

One rule decides what is served: a new version becomes champion unless the present champion, judged on the same time
held out by the form of it that never saw that time, is clearly better. The registry knows names, aliases and files;
what a model is, and how its error is measured, is each kind's own.
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site

Kind = Literal["efficiency", "cascade", "twin"]

# The seed alone moves an error by about this share: within it two models are equally good.
TIE = 0.02

CHAMPION, CHALLENGER = "champion", "challenger"
_TRAINED_BY: dict[Kind, str] = {"efficiency": "train", "cascade": "train", "twin": "twin"}


class Errors(NamedTuple):
    """Errors of the new and the present model on the same rows held out, smaller is better, and both in words."""

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


def never_trained(settings: Settings) -> bool:
    """Whether the home's own MLflow has never been written to; asking it would make its file."""
    return settings.mlflow_uri is None and not (settings.home / "mlflow.db").exists()


@contextmanager
def champion_files(site: Site, kind: Kind, settings: Settings) -> Iterator[Files | None]:
    """The champion's files while they are needed; None where there is none.

    Raises ModelError where its files are gone, TrackingError where MLflow does not answer.
    """
    if never_trained(settings):
        yield None
        return
    with tracking(settings) as client, files_of(client, site, kind, settings) as files:
        yield files


@contextmanager
def files_of(client: MlflowClient, site: Site, kind: Kind, settings: Settings) -> Iterator[Files | None]:
    """`champion_files` with a client that is open already."""
    try:
        found = client.get_model_version_by_alias(model_name(site, kind), CHAMPION)
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
            raise ModelError(f"the files of {version} are gone ({cause}); {remedy(site, kind)}") from cause
        yield Files(Path(local), version)


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
    # Only now: nobody loads half a version, and the champion judged above was the one before.
    client.set_registered_model_alias(name, alias, version.version)
    return {"model": name, "version": str(version.version), "alias": alias, "why": why, "run_id": run_id}


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
    if not math.isfinite(errors.ours) or not math.isfinite(errors.theirs):
        return CHAMPION, "the time held out has no rows to judge by"
    return (CHAMPION if errors.ours <= errors.theirs * (1.0 + TIE) else CHALLENGER), errors.text
