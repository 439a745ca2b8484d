"""After new telemetry: its quality is judged, alarms are raised; new drift or a new site sets off a training."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from dags.common import (
    DAG_OPTIONS,
    DRIFT,
    QUALITY,
    SITES,
    TELEMETRY,
    UNTRAINED,
    as_airflow_sees_it,
    chosen,
    last_try,
)


@dag(schedule=[TELEMETRY], params={"sites": SITES}, **DAG_OPTIONS)
def check_quality() -> None:
    """Judge the telemetry of every site where it has changed."""

    @task
    def sites() -> list[str]:
        """Names of the sites that have telemetry."""
        from pipelines.config import settings
        from pipelines.schedules.sites import with_telemetry

        return chosen(get_current_context(), with_telemetry(settings()))

    @task(outlets=[QUALITY])
    def check(name: str) -> dict[str, Any]:
        """Report on one site; skipped where its telemetry is as it was."""
        from airflow.sdk.exceptions import AirflowSkipException

        from pipelines.config import settings
        from pipelines.schedules.quality import check_site

        with as_airflow_sees_it():
            report = check_site(name, settings(), last_try=last_try(get_current_context()))
        if report is None:
            raise AirflowSkipException(f"the telemetry of {name} has been judged")
        return report

    @task(outlets=[DRIFT], trigger_rule="all_done")
    def drifted(reports: Any) -> list[str]:
        """Sites at which something is no longer what it was; skipped where there is none."""
        from airflow.sdk.exceptions import AirflowSkipException

        names = sorted(report["site"] for report in reports or [] if report and report["drifted"])
        if not names:
            raise AirflowSkipException("no new drift")
        return names

    @task(outlets=[UNTRAINED], trigger_rule="all_done")
    def untrained(_reports: Any) -> list[str]:
        """Sites without any model; skipped where there is none."""
        from airflow.sdk.exceptions import AirflowSkipException

        from pipelines.config import settings
        from pipelines.schedules.sites import without_models

        names = without_models(settings())
        if not names:
            raise AirflowSkipException("every site has models")
        return names

    reports = check.expand(name=sites())
    drifted(reports)
    untrained(reports)


check_quality()
