"""Airflow DAG: for each site with an inbox, ingest what is new, retrain on it, recommend.

COLDAISLE_HOME (an absolute path): the home; COLDAISLE_SCHEDULE: how often, hourly by default; COLDAISLE_RETRIES: how
often a failed task is repeated. Parsing imports nothing heavy: each task imports what it calls.
"""

import os
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import dag, task, task_group

RETRIES = int(os.environ.get("COLDAISLE_RETRIES", "2"))
RETRY_DELAY = timedelta(minutes=5)
LONGEST_TASK = timedelta(hours=2)


@dag(
    schedule=os.environ.get("COLDAISLE_SCHEDULE", "@hourly"),
    start_date=datetime(2024, 1, 1),
    catchup=False,
    max_active_runs=1,  # two runs would train on the same store at once
    default_args={
        "retries": RETRIES,
        "retry_delay": RETRY_DELAY,
        "execution_timeout": LONGEST_TASK,
    },
    tags=["coldaisle"],
)
def ingest_and_retrain() -> None:
    """Ingest, retrain on what is new, recommend; one group of tasks for each site."""

    @task
    def sites() -> list[str]:
        """Names of the sites that have an inbox."""
        from pipelines.config import settings
        from pipelines.telemetry.inbox import inbox_sites

        return inbox_sites(settings())

    @task
    def ingest(name: str) -> dict[str, Any]:
        """Ingest what is new in the site's inbox, and prepare what the pages show of it."""
        from pipelines.config import settings
        from pipelines.console.prepare import prepare
        from pipelines.site.file import find_site
        from pipelines.telemetry.inbox import ingest_inbox

        home = settings()
        site = find_site(name, home)
        report = ingest_inbox(site, home).as_dict()
        prepare(site, home, ("telemetry", "quality", "overview"))
        return report

    @task
    def retrain(ingested: dict[str, Any]) -> str:
        """Train, unless the models have been trained on this telemetry."""
        from airflow.sdk.exceptions import AirflowSkipException

        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.console.prepare import prepare
        from pipelines.learning.train import retrain_if_new
        from pipelines.site.file import find_site
        from pipelines.telemetry.store import Store

        home = settings()
        keep_compiled(home)
        site = find_site(ingested["site"], home)
        if not Store(home.store, site).exists or retrain_if_new(site, home) is None:
            raise AirflowSkipException(f"nothing new for {site.name}")
        prepare(site, home, ("models",))
        return site.name

    @task
    def recommend(name: str) -> int:
        """Recommend with the new model; returns the decision's number in the ledger."""
        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.console.prepare import AFTER_DECISION, prepare
        from pipelines.operations.recommend import recommend
        from pipelines.site.file import find_site

        home = settings()
        keep_compiled(home)
        site = find_site(name, home)
        number = recommend(site, home).number
        prepare(site, home, AFTER_DECISION)
        return number

    @task(retries=0)
    def report_refused(ingested: dict[str, Any]) -> None:
        """Tell and fail visibly where a file could not be read; the others were ingested."""
        from pipelines.config import settings
        from pipelines.operations.alarms.notifier import notify

        if ingested["refused"]:
            text = "\n".join(f"{file}: {why}" for file, why in ingested["refused"].items())
            sending = notify(settings(), f"coldaisle {ingested['site']}: exports were refused", text)
            if sending is not None:
                sending.join()
            raise ValueError(text)

    @task_group
    def one_site(name: str) -> None:
        ingested: Any = ingest(name)  # while parsing, a placeholder for what the task returns
        trained: Any = retrain(ingested)
        recommend(trained)
        report_refused(ingested)

    one_site.expand(name=sites())


ingest_and_retrain()
