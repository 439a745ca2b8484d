"""A new version: registered in MLflow, compared with the present champion, and what becomes of it.

A first version is champion, as is one that replaces a champion that cannot be used any more. Any other of a kind that
decides or predicts is a challenger until it is judged (`pipelines.evaluation.gate`). A twin, which a person
fits and which decides nothing, replaces the present one unless that is clearly better on the same held-out time.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.charges import AUTOMATIC, CHALLENGER, CHAMPION, Alias, Who
from pipelines.learning.registry import Files, Kind, files_of, model_name, promotion, put_in_charge
from pipelines.site.file import Site

# The seed alone changes an error by about this share: a smaller difference does not count.
TIE = 0.02
JUDGED_AT_ONCE: tuple[Kind, ...] = ("twin",)


class Errors(NamedTuple):
    """Errors of the new and the present model on the same rows held out, smaller is better, and both as text."""

    ours: float
    theirs: float
    text: str


Judge = Callable[[Files], Errors]


def publish(
    client: MlflowClient, run_id: str, site: Site, kind: Kind, settings: Settings, *, folder: str, judge: Judge
) -> dict[str, Any]:  # fmt: skip
    """Register a folder of a run's artifacts as a new version and give it its alias; a report of plain values.

    judge: errors of the new model and of the present champion, from the latter's files; raises ModelError where they
    cannot be compared, and the new one becomes champion. Where MLflow fails on the way nothing stays half registered:
    what was left is removed at the next training.
    """
    name = model_name(site, kind)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=f"{site.title}: {kind} model")
    _remove_unfinished(client, name, run_id)
    alias, why = _alias(client, site, kind, settings, judge)
    source = f"{client.get_run(run_id).info.artifact_uri}/{folder}"
    version = client.create_model_version(name, source, run_id)
    put_in_charge(client, settings, site, kind, version, alias, Who(AUTOMATIC, why))
    report = {"model": name, "version": str(version.version), "alias": alias, "why": why, "run_id": run_id}
    if alias == CHALLENGER:
        report["promote"] = promotion(site, kind, str(version.version))
    return report


def _alias(
    client: MlflowClient, site: Site, kind: Kind, settings: Settings, judge: Judge
) -> tuple[Alias, str]:
    try:
        with files_of(client, site, kind, settings) as present:
            if present is None:
                return CHAMPION, "it is the first"
            errors = judge(present)
    except ModelError as incomparable:
        return CHAMPION, str(incomparable)
    if not math.isfinite(errors.ours) and math.isfinite(errors.theirs):
        return CHALLENGER, f"its error on the time held out is not finite ({errors.ours})"
    if kind not in JUDGED_AT_ONCE:
        return CHALLENGER, errors.text
    if not math.isfinite(errors.theirs):
        return CHAMPION, "the time held out has no rows to judge the present champion by"
    return (CHAMPION if errors.ours <= errors.theirs * (1.0 + TIE) else CHALLENGER), errors.text


def _remove_unfinished(client: MlflowClient, name: str, run_id: str) -> None:
    """Remove versions without an alias whose run never finished: their training ended while it registered them."""
    for version in client.search_model_versions(f"name = '{name}'"):
        if str(version.run_id) != run_id and not _finished(client, version):
            client.delete_model_version(name, str(version.version))


def _finished(client: MlflowClient, version: ModelVersion) -> bool:
    full = client.get_model_version(version.name, str(version.version))  # a search leaves the aliases out
    if full.aliases:
        return True
    try:
        return bool(client.get_run(str(version.run_id)).info.status == "FINISHED")
    except MlflowException:  # the run was deleted, its version kept
        return True
