"""Training that happens only when there is something new to learn from."""

from typing import Any

from mlflow import MlflowClient

from pipelines.config import Settings
from pipelines.dataset import further_kinds, kinds_of
from pipelines.site import Site
from pipelines.store import Store
from pipelines.tracking import tracking
from pipelines.train import Progress, train


def retrain_if_new(
    site: Site, settings: Settings, *, progress: Progress | None = None
) -> dict[str, Any] | None:
    """Train, unless every kind of model has been learned from this very telemetry; the report, or None.

    Networks start from the present champion's where they can.

    Judged by the runs in MLflow rather than by what was ingested last, so that a training that failed is made up
    for: a kind that there is too little to learn from counts as learned. Raises what `train` raises.
    """
    with tracking(settings) as client:
        if _learned(client, site, Store(settings.store, site).fingerprint()):
            return None
    return train(site, settings, warm=True, progress=progress)


def _learned(client: MlflowClient, site: Site, fingerprint: str) -> bool:
    experiment = client.get_experiment_by_name(site.name)
    if experiment is None:
        return False
    runs = client.search_runs(
        [experiment.experiment_id],
        f"params.fingerprint = '{fingerprint}' and params.until = 'None' and tags.command = 'train' "
        "and attributes.status = 'FINISHED'",
    )
    return {run.data.tags["kind"] for run in runs} >= {*kinds_of(site), *further_kinds(site)}
