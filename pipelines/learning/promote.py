"""A person's promotion: the alias `champion` moves to a version that was registered, with who and why."""

from datetime import UTC, datetime
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.registry import (
    CHALLENGER,
    CHAMPION,
    Kind,
    by_alias,
    files_of_version,
    model_name,
    never_trained,
    no_model,
)
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site


def promote(
    site: Site, kind: Kind, settings: Settings, *, version: int | None, by: str, why: str
) -> dict[str, Any]:
    """Make a version champion; what it is and what it replaced, as plain values.

    version: None for the present challenger. by, why: kept as tags of the version (`promoted_by`, `promoted_why`,
    `promoted_at`, `promoted_over`). The version replaced keeps its number and its files and can be promoted again.
    Raises ModelError where there is no such version, its files are gone or it is champion already, or where a name or a
    reason is missing; TrackingError where MLflow does not answer.
    """
    if not by.strip() or not why.strip():
        raise ModelError("a promotion needs a name and a reason; give --by and --why")
    if never_trained(settings):
        raise no_model(site, kind)
    name = model_name(site, kind)
    with tracking(settings) as client:
        chosen, before = _chosen(client, site, kind, version), by_alias(client, name, CHAMPION)
        number, replaced = str(chosen.version), None if before is None else str(before.version)
        if number == replaced:
            raise ModelError(f"{name} version {number} is the champion already; name another version")
        with files_of_version(chosen, site, kind, settings):
            pass  # a champion without files would leave the controller without a model
        _tag(client, name, number, promoted_by=by, promoted_why=why, promoted_over=replaced or "none")
        client.set_registered_model_alias(name, CHAMPION, number)
        challenger = by_alias(client, name, CHALLENGER)
        if challenger is not None and str(challenger.version) == number:
            client.delete_registered_model_alias(name, CHALLENGER)
    return {"model": name, "version": number, "replaced": replaced, "by": by, "why": why}


def _chosen(client: MlflowClient, site: Site, kind: Kind, version: int | None) -> ModelVersion:
    name = model_name(site, kind)
    versions = client.search_model_versions(f"name = '{name}'")
    if not versions:
        raise no_model(site, kind)
    numbers = ", ".join(sorted((str(each.version) for each in versions), key=int))
    if version is None:
        challenger = by_alias(client, name, CHALLENGER)
        if challenger is None:
            raise ModelError(f"{name} has no challenger; name one of its versions ({numbers}) with --version")
        return challenger
    for each in versions:
        if int(each.version) == version:
            return each
    raise ModelError(f"{name} has no version {version}; its versions are {numbers}")


def _tag(client: MlflowClient, name: str, version: str, **tags: str) -> None:
    for key, value in {**tags, "promoted_at": datetime.now(UTC).isoformat(timespec="seconds")}.items():
        client.set_model_version_tag(name, version, key, value)
