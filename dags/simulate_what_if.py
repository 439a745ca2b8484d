"""By hand: a what-if study with the parameters of the trigger form, its cases shared out over tasks."""

from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

from dags.common import DAG_OPTIONS, HEAVY, STUDIES, as_airflow_sees_it, interval

PARAMETERS = {
    "site": Param("", type="string", title="Site", description="Name of the site"),
    "sweep": Param(
        "auto",
        type="string",
        title="Sweep",
        description='"auto": the site\'s setpoints over their limits; or chw_supply_c=6:18:1,supply_air_c=18|20.5|23',
    ),
    "recorded": Param(
        "",
        type="string",
        pattern=r"^$|^\d{4}-\d{2}-\d{2}\.\.\d{4}-\d{2}-\d{2}$",
        title="Recorded period",
        description="2025-10-20..2025-10-27 (UTC); empty for a day of the present weather and load",
    ),
    "days": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        maximum=366,
        title="Days",
        description="Fewer than there are",
    ),
    "shards": Param(
        4, type="integer", minimum=1, maximum=64, title="Tasks", description="Over which cases are shared"
    ),
}


@dag(schedule=None, params=PARAMETERS, **DAG_OPTIONS)
def simulate_what_if() -> None:
    """Simulate a study and put its table and page together."""

    @task
    def plan() -> list[dict[str, Any]]:
        """The shares of the study."""
        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.schedules import what_if

        home, context = settings(), get_current_context()
        keep_compiled(home)
        with as_airflow_sees_it():
            return what_if.plan(dict(context["params"]), home, at=interval(context)[1])

    @task(**HEAVY)
    def simulate(share: dict[str, Any]) -> dict[str, Any]:
        """Simulate one share; what is there already is not simulated again."""
        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.schedules.what_if import simulate_share

        home = settings()
        keep_compiled(home)
        with as_airflow_sees_it():
            return simulate_share(share, home)

    @task(outlets=[STUDIES])
    def combine(shares: Any) -> dict[str, Any]:
        """The table, the page and the best cases."""
        from pipelines.compilation_cache import keep_compiled
        from pipelines.config import settings
        from pipelines.schedules import what_if

        home = settings()
        keep_compiled(home)
        with as_airflow_sees_it():
            return what_if.combine(list(shares), home)

    combine(simulate.expand(share=plan()))


simulate_what_if()
