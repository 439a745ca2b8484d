"""Daily: challengers whose shadow period is over are judged; better ones are put in charge, worse ones refused."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from dags.common import (
    DAG_OPTIONS,
    HEAVY,
    MODELS,
    SITES,
    as_airflow_sees_it,
    chosen,
    cron,
    interval,
    last_try,
)


@dag(schedule=cron("PROMOTE", "30 1 * * *"), params={"sites": SITES}, **DAG_OPTIONS)
def promote_models() -> None:
    """Judge the challengers of every site."""

    @task
    def batches() -> list[list[str]]:
        """Sites that have a challenger."""
        from pipelines.config import settings
        from pipelines.schedules import sites

        home = settings()
        return sites.batches(chosen(get_current_context(), sites.with_challenger(home)), home)

    @task(outlets=[MODELS], **HEAVY)
    def judge(names: list[str]) -> dict[str, Any]:
        """Judge the challengers of some sites; skipped where all of them wait."""
        import pandas as pd
        from airflow.sdk.exceptions import AirflowSkipException

        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.schedules.promote import STEP, judge_sites

        home, context = settings(), get_current_context()
        keep_compiled(home)
        until = pd.Timestamp(interval(context)[1]).tz_convert("UTC")
        with as_airflow_sees_it():
            outcome = judge_sites(names, home, until=until, last_try=last_try(context))
            outcome.raise_failed(STEP)
        if not any(
            one["conclusion"] != "waiting" for kinds in outcome.done.values() for one in kinds.values()
        ):
            raise AirflowSkipException("every challenger waits")
        return outcome.as_dict()

    judge.expand(names=batches())


promote_models()
