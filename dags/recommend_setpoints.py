"""Every 15 minutes: a recommendation for each site that no running `coldaisle serve` decides for."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from dags.common import (
    DAG_OPTIONS,
    DECISIONS,
    FIRST,
    HEAVY,
    SITES,
    as_airflow_sees_it,
    chosen,
    cron,
    interval,
    last_try,
)


@dag(schedule=cron("RECOMMEND", "*/15 * * * *"), params={"sites": SITES}, **DAG_OPTIONS)
def recommend_setpoints() -> None:
    """Decide once for each site at the end of the data interval; nothing is written to a plant."""

    @task(**FIRST)
    def batches() -> list[list[str]]:
        """Sites that have telemetry and no loop."""
        from pipelines.config import settings
        from pipelines.schedules import sites

        home, context = settings(), get_current_context()
        names = chosen(context, sites.with_telemetry(home))
        return sites.batches(sites.without_loop(names, home), home)

    @task(outlets=[DECISIONS], **FIRST)
    def recommend(names: list[str]) -> dict[str, Any]:
        """Decide for some sites; a site that fails leaves the others."""
        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.schedules.recommend import STEP, recommend_sites

        home, context = settings(), get_current_context()
        keep_compiled(home)
        with as_airflow_sees_it():
            outcome = recommend_sites(names, home, at=interval(context)[1], last_try=last_try(context))
            outcome.raise_failed(STEP)
        return outcome.as_dict()

    @task(**HEAVY)
    def predict(names: list[str]) -> dict[str, Any]:
        """What the pages predict, where telemetry has come since; no decision waits for it."""
        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.schedules.recommend import PREDICT, predict_sites

        home, context = settings(), get_current_context()
        keep_compiled(home)
        with as_airflow_sees_it():
            outcome = predict_sites(names, home, last_try=last_try(context))
            outcome.raise_failed(PREDICT)
        return outcome.as_dict()

    served = batches()
    recommend.expand(names=served)
    predict.expand(names=served)


recommend_setpoints()
