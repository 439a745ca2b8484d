"""Learn a site's models, judge them on held-out time, log everything to MLflow, register what is no worse."""

import time
from typing import Any

import pandas as pd
from mlflow import MlflowClient

from models.efficiency.training import FitConfig
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.cascade.training import learned_beyond_record, train_control
from pipelines.learning.efficiency.dataset import further_kinds, kinds_of
from pipelines.learning.efficiency.training import _train_kind, one_thread_each
from pipelines.learning.job import Job, Progress
from pipelines.learning.tracking import experiment_id, run_of, tracking
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, plant_table
from pipelines.telemetry.running import Combinations
from pipelines.telemetry.store import Store


def train(
    site: Site,
    settings: Settings,
    *,
    until: pd.Timestamp | None = None,
    seed: int = 0,
    config: FitConfig | None = None,
    warm: bool = False,
    next_hour: bool = True,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train and register every kind of model the site can use, on telemetry before `until`; the report.

    warm: start networks from the present champion's, where inputs, targets and the record so far agree.
    next_hour: whether to learn what the next hour brings, too, which takes as long as the rest.
    Raises StoreError without telemetry, ModelError with too little of it or a loss that diverges (the champion
    stays), TrackingError where MLflow does not answer.
    """
    started = time.monotonic()
    store = Store(settings.store, site)
    table = store.read(end=until)
    plant, running = plant_table(site, table), Combinations.of(site, table)
    job = Job(
        site,
        settings,
        table,
        plant,
        running,
        store.fingerprint(),
        until,
        seed,
        config,
        warm,
        progress or _silent,
    )
    with tracking(settings) as client, one_thread_each():
        experiment = experiment_id(client, site.name, settings)
        kinds = {kind: _train_kind(job, client, experiment, kind) for kind in kinds_of(site)}
        ahead = _train_next_hour(job, client, experiment) if next_hour else None
        control = _train_control(job, client, experiment) if site.setpoints else None
    return {
        "site": site.name,
        "figure_name": figure_name(site),
        "until": until,
        "fingerprint": job.fingerprint,
        "tracking_uri": settings.tracking_uri,
        "kinds": kinds,
        "next_hour": ahead,
        "control": control,
        "seconds": time.monotonic() - started,
    }


def _train_next_hour(job: Job, client: MlflowClient, experiment: str) -> dict[str, Any]:
    from pipelines.learning.next_hour.training import train_next_hour

    try:
        report = train_next_hour(job, client, experiment)
    except ModelError as error:
        return _why_not(job, client, experiment, "next_hour", error)
    job.say(f"next_hour: version {report['version']} is {report['alias']}")
    return report


def _train_control(job: Job, client: MlflowClient, experiment: str) -> dict[str, Any]:
    try:
        report = train_control(
            job.site,
            job.table,
            job.plant,
            job.settings,
            client=client,
            experiment=experiment,
            params={"fingerprint": job.fingerprint, "until": str(job.until)},
        )
    except ModelError as error:
        return _why_not(job, client, experiment, "control", error)
    job.say(f"control: version {report['version']} is {report['alias']}{learned_beyond_record(report)}")
    return report


def _why_not(job: Job, client: MlflowClient, experiment: str, kind: str, error: ModelError) -> dict[str, Any]:
    """A run that says why there is no such model, so that a schedule does not try the same telemetry again."""
    job.say(f"{kind}: {error}")
    with run_of(client, experiment, "train", kind) as run_id:
        client.log_param(run_id, "fingerprint", job.fingerprint)
        client.log_param(run_id, "until", str(job.until))
        client.set_tag(run_id, "why_not", str(error))
    return {"why_not": str(error)}


def _silent(_line: str) -> None:
    pass


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
