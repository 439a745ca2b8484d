"""Learn a site's models, judge them on held-out time, log everything to MLflow, register them."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pandas as pd
from mlflow import MlflowClient

from models.efficiency.training import FitConfig
from pipelines import files
from pipelines.config import Settings
from pipelines.errors import ModelError, TrainingBusyError
from pipelines.learning.cascade.bundle import KIND as CASCADE
from pipelines.learning.cascade.training import learned_beyond_record, train_cascade
from pipelines.learning.efficiency.bundle import KIND as EFFICIENCY
from pipelines.learning.efficiency.training import one_thread_each, train_efficiency
from pipelines.learning.horizon.bundle import KIND as HORIZON
from pipelines.learning.horizon.training import train_horizon
from pipelines.learning.job import Job, Progress
from pipelines.learning.logged import log_about
from pipelines.learning.registry import Kind
from pipelines.learning.tracking import PARENT, experiment_id, run_of, tracking
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
    only: Kind | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train and register the site's efficiency model, cascade and horizon, on telemetry before `until`; the report.

    warm: start networks from the present champion's, where inputs, targets and the record so far agree. only: the one
    kind that is learned; the others keep their versions.
    Raises StoreError without telemetry, ModelError with too little of it or a loss that diverges (the champion
    stays) or a kind that this site does not have, TrainingBusyError where another process trains it, TrackingError
    where MLflow does not answer.
    """
    started = time.monotonic()
    kinds_wanted = _wanted(site, only)
    store = Store(settings.store, site)
    table = store.read(end=until)
    plant, running = plant_table(site, table), Combinations.of(site, table)
    job = Job(
        site,
        settings,
        table,
        plant,
        running,
        store.fingerprint(until),
        until,
        seed,
        config,
        warm,
        progress or _silent,
    )
    with alone(site, settings), tracking(settings) as client, one_thread_each():
        experiment = experiment_id(client, site.name, settings)
        kinds: dict[str, dict[str, Any]] = {}
        with run_of(client, experiment, "train", "all") as parent:
            for kind, learn in _TRAININGS.items():
                if kind in kinds_wanted:
                    kinds[kind] = learn(job, client, experiment)
                    _nest(client, job, kind, kinds[kind], parent)
    return {
        "site": site.name,
        "figure_name": figure_name(site),
        "until": until,
        "fingerprint": job.fingerprint,
        "tracking_uri": settings.tracking_uri,
        "kinds": kinds,
        "seconds": time.monotonic() - started,
    }


@contextmanager
def alone(site: Site, settings: Settings) -> Iterator[None]:
    """Hold the site's models against other trainings; a kill frees them. Raises TrainingBusyError."""
    with ExitStack() as held:
        try:
            held.enter_context(files.locked(settings.models / site.name / ".training", wait=False))
        except BlockingIOError as cause:
            raise TrainingBusyError(
                f'the models of site "{site.name}" are being trained by another process; '
                "wait for it, then run this again"
            ) from cause
        yield


def _nest(client: MlflowClient, job: Job, kind: Kind, report: dict[str, Any], parent: str) -> None:
    """Put a kind's run under the training's, with what leads back to its data."""
    if report.get("run_id"):
        client.set_tag(report["run_id"], PARENT, parent)
        log_about(client, job, kind, report)


def _wanted(site: Site, only: Kind | None) -> set[Kind]:
    kinds = kinds_of(site)
    if only is None:
        return kinds
    if only not in kinds:
        raise ModelError(
            f'site "{site.name}" has no {only} model to learn (it has {", ".join(sorted(kinds))}); '
            "a cascade needs [[setpoints]]"
        )
    return {only}


def _train_cascade(job: Job, client: MlflowClient, experiment: str) -> dict[str, Any]:
    learned_until = job.plant.index[-1].isoformat()
    params = {"fingerprint": job.fingerprint, "until": str(job.until), "learned_until": learned_until}
    try:
        report = train_cascade(
            job.site, job.table, job.plant, job.settings, client=client, experiment=experiment, params=params
        )
    except ModelError as error:
        return _why_not(job, client, experiment, CASCADE, error)
    job.say(f"{CASCADE}: version {report['version']} is {report['alias']}{learned_beyond_record(report)}")
    for line in (*report["effects_not_kept"], report["verdict"]):
        job.say(f"{CASCADE}: {line}")
    return report


def _train_horizon(job: Job, client: MlflowClient, experiment: str) -> dict[str, Any]:
    try:
        report = train_horizon(job, client, experiment)
    except ModelError as error:
        return _why_not(job, client, experiment, HORIZON, error)
    job.say(f"{HORIZON}: version {report['version']} is {report['alias']}")
    return report


def _why_not(job: Job, client: MlflowClient, experiment: str, kind: str, error: ModelError) -> dict[str, Any]:
    """A run with the reason why there is no such model, so that a schedule does not repeat it on the same telemetry."""
    job.say(f"{kind}: {error}")
    with run_of(client, experiment, "train", kind) as run_id:
        client.log_param(run_id, "fingerprint", job.fingerprint)
        client.log_param(run_id, "until", str(job.until))
        client.set_tag(run_id, "why_not", str(error))
    return {"why_not": str(error)}


def _silent(_line: str) -> None:
    pass


_TRAININGS: dict[Kind, Callable[[Job, MlflowClient, str], dict[str, Any]]] = {
    EFFICIENCY: train_efficiency, CASCADE: _train_cascade, HORIZON: _train_horizon
}  # fmt: skip


def retrain_if_new(
    site: Site,
    settings: Settings,
    *,
    until: pd.Timestamp | None = None,
    progress: Progress | None = None,
) -> dict[str, Any] | None:
    """Train, unless every kind of model has been learned from this very telemetry; the report, or None.

    until: learn from telemetry before this time only.

    Networks start from the present champion's where they can.

    Judged by the runs in MLflow rather than by what was ingested last, so that a training that failed is
    repeated; a kind with too little to learn from counts as learned. Raises what `train` raises.
    """
    with tracking(settings) as client:
        if _learned(client, site, Store(settings.store, site).fingerprint(until)):
            return None
    return train(site, settings, until=until, warm=True, progress=progress)


def _learned(client: MlflowClient, site: Site, fingerprint: str) -> bool:
    experiment = client.get_experiment_by_name(site.name)
    if experiment is None:
        return False
    runs = client.search_runs(
        [experiment.experiment_id],
        f"params.fingerprint = '{fingerprint}' and tags.command = 'train' and attributes.status = 'FINISHED'",
    )
    return {run.data.tags["kind"] for run in runs} >= kinds_of(site)


def kinds_of(site: Site) -> set[Kind]:
    """The kinds of model that a training gives: a cascade only where the site has setpoints."""
    return {EFFICIENCY, HORIZON, CASCADE} if site.setpoints else {EFFICIENCY, HORIZON}
