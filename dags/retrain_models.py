"""Weekly, on drift, for sites without models, by hand: models learned anew, several sites in one process."""

from typing import Any

from airflow.sdk import AssetOrTimeSchedule, dag, get_current_context, task

from dags.common import (
    DAG_OPTIONS,
    DRIFT,
    HEAVY,
    MODELS,
    SITES,
    UNTRAINED,
    as_airflow_sees_it,
    chosen,
    cron,
    interval,
    last_try,
)


@dag(
    schedule=AssetOrTimeSchedule(timetable=cron("RETRAIN", "30 2 * * 1"), assets=DRIFT | UNTRAINED),
    params={"sites": SITES},
    **DAG_OPTIONS,
)
def retrain_models() -> None:
    """Learn the models of every site from its telemetry, unless that was done."""

    @task
    def batches() -> list[list[str]]:
        """Sites that have telemetry, those of like points together."""
        from pipelines.config import settings
        from pipelines.schedules import sites

        home = settings()
        return sites.batches(chosen(get_current_context(), sites.with_telemetry(home)), home)

    @task(outlets=[MODELS], **HEAVY)
    def retrain(names: list[str]) -> dict[str, Any]:
        """Learn the models of some sites; a new version is a challenger until it is judged."""
        import pandas as pd
        from airflow.sdk.exceptions import AirflowSkipException

        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.schedules.retrain import STEP, retrain_sites

        home, context = settings(), get_current_context()
        keep_compiled(home)
        until = pd.Timestamp(interval(context)[1]).tz_convert("UTC")
        with as_airflow_sees_it():
            outcome = retrain_sites(names, home, until=until, last_try=last_try(context))
            outcome.raise_failed(STEP)
        if not outcome.done:
            raise AirflowSkipException("nothing new to learn from")
        return outcome.as_dict()

    retrain.expand(names=batches())


retrain_models()
