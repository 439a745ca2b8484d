"""Hourly: what each site's sources and inbox have is ingested; whoever needs telemetry runs after it."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from dags.common import DAG_OPTIONS, SITES, TELEMETRY, as_airflow_sees_it, chosen, cron, interval, last_try


@dag(schedule=cron("INGEST", "5 * * * *"), params={"sites": SITES}, **DAG_OPTIONS)
def ingest_telemetry() -> None:
    """Ingest new telemetry of every site."""

    @task
    def sites() -> list[str]:
        """Names of the sites that have an inbox or a source to fetch."""
        from pipelines.config import settings
        from pipelines.connectors import sites_to_ingest

        return chosen(get_current_context(), sites_to_ingest(settings()))

    @task(outlets=[TELEMETRY])
    def ingest(name: str) -> dict[str, Any]:
        """Ingest what is new at one site; skipped where nothing is, so that nothing runs after it."""
        from airflow.sdk.exceptions import AirflowSkipException

        from pipelines.config import settings
        from pipelines.schedules.ingest import ingest_site

        context = get_current_context()
        start, end = interval(context)
        with as_airflow_sees_it():
            report = ingest_site(name, settings(), start=start, end=end, last_try=last_try(context))
        if not report["changed"]:
            raise AirflowSkipException(f"nothing new for {name}")
        return report

    ingest.expand(name=sites())


ingest_telemetry()
