"""Daily: one report on all sites: telemetry, alarms, models, decisions, savings."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from dags.common import DAG_OPTIONS, FLEET_REPORT, as_airflow_sees_it, cron, interval


@dag(schedule=cron("REPORT", "45 5 * * *"), **DAG_OPTIONS)
def report_fleet() -> None:
    """Write the report of the day."""

    @task(outlets=[FLEET_REPORT])
    def report() -> dict[str, Any]:
        """The report, as page, CSV and JSON."""
        from pipelines.config import settings
        from pipelines.schedules.fleet_report import report_fleet as write

        with as_airflow_sees_it():
            return write(settings(), interval(get_current_context())[1])

    report()


report_fleet()
