"""What all DAGs share: assets, schedules, retries, the run's own time, and what an error means to Airflow.

Files of this folder are parsed every minute: nothing heavy is imported before a task runs.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param

TELEMETRY = Asset(name="coldaisle_telemetry", uri="coldaisle://telemetry", group="coldaisle")
QUALITY = Asset(name="coldaisle_quality", uri="coldaisle://quality", group="coldaisle")
DRIFT = Asset(name="coldaisle_drift", uri="coldaisle://drift", group="coldaisle")
UNTRAINED = Asset(name="coldaisle_untrained", uri="coldaisle://untrained", group="coldaisle")
MODELS = Asset(name="coldaisle_models", uri="coldaisle://models", group="coldaisle")
DECISIONS = Asset(name="coldaisle_decisions", uri="coldaisle://decisions", group="coldaisle")
STUDIES = Asset(name="coldaisle_studies", uri="coldaisle://studies", group="coldaisle")
FLEET_REPORT = Asset(name="coldaisle_fleet_report", uri="coldaisle://fleet-report", group="coldaisle")

START = datetime(2024, 1, 1)
RETRIES = int(os.environ.get("COLDAISLE_RETRIES", "4"))
ARGUMENTS: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay": timedelta(seconds=float(os.environ.get("COLDAISLE_RETRY_DELAY_S", "60"))),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
    "execution_timeout": timedelta(hours=6),
}
DAG_OPTIONS: dict[str, Any] = {
    "start_date": START,
    "catchup": False,
    "max_active_runs": 1,  # a second run would only wait for the locks of the first
    "default_args": ARGUMENTS,
    "tags": ["coldaisle"],
}
# What needs gigabytes takes half of the pool: two such tasks run at once. Another pool, made beforehand, bounds them
# otherwise. Decisions are not among them: they must not wait for a training.
HEAVY: dict[str, Any] = {
    "pool": os.environ.get("COLDAISLE_HEAVY_POOL", "default_pool"),
    "pool_slots": int(os.environ.get("COLDAISLE_HEAVY_SLOTS", "64")),
}
FIRST: dict[str, Any] = {"priority_weight": 10}  # before others, where tasks wait for a worker
SITES = Param(
    [],
    type="array",
    items={"type": "string"},
    title="Sites",
    description="Names; empty for all sites of the home",
)


def cron(name: str, usual: str) -> CronDataIntervalTimetable:
    """The schedule of a DAG, in UTC: the cron expression in COLDAISLE_CRON_<NAME>, or the usual one."""
    return CronDataIntervalTimetable(os.environ.get(f"COLDAISLE_CRON_{name}", usual), timezone="UTC")


def interval(context: Any) -> tuple[datetime, datetime]:
    """Start and end of a run's data interval: its only clock. A run by hand or by data is for the moment it was due."""
    run = context["dag_run"]
    due = run.data_interval_end or run.run_after
    return run.data_interval_start or due, due


def chosen(context: Any, names: list[str]) -> list[str]:
    """The sites of a run: those asked for, else all of `names`. A name that is unknown stays: its task says so."""
    asked = [str(name) for name in context["params"].get("sites") or []]
    return sorted(set(asked)) or names


def last_try(context: Any) -> bool:
    """Whether a task that fails now is not tried again."""
    instance = context["ti"]
    return bool(instance.try_number > instance.max_tries)


@contextmanager
def as_airflow_sees_it() -> Iterator[None]:
    """Errors that a person has to mend fail the task at once; the others are tried again."""
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    from pipelines.errors import ColdaisleError

    try:
        yield
    except ColdaisleError as error:
        kind = AirflowException if error.transient else AirflowFailException
        raise kind(str(error)) from None
