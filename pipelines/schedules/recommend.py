"""A recommendation for each site that no loop decides for; and what the pages predict."""

from datetime import UTC, datetime
from typing import Any

from pipelines.config import Settings
from pipelines.console.prepare import behind, prepare
from pipelines.operations.recommend import recommend
from pipelines.schedules.report import Outcome, each
from pipelines.site.file import find_site

STEP, PREDICT = "recommend", "predict"


def recommend_sites(names: list[str], settings: Settings, *, at: datetime, last_try: bool) -> Outcome:
    """Decide once for each site at a time; by site, the number of the decision and what it says."""

    def work(name: str) -> dict[str, Any]:
        site = find_site(name, settings)
        made = recommend(site, settings, at=at)
        prepare(site, settings, ("carried_out", "overview"))
        said = made.recommendation
        return {"decision": made.number, "action": said.action, "reason": said.reason}

    return each(settings, names, STEP, work, last_try=last_try)


def predict_sites(names: list[str], settings: Settings, *, last_try: bool) -> Outcome:
    """Prepare what the pages predict of each site, where telemetry has come since."""

    def work(name: str) -> dict[str, Any] | None:
        site = find_site(name, settings)
        if "predictions" not in behind(site, settings, datetime.now(UTC)):
            return None
        return {"not_prepared": prepare(site, settings, ("predictions",))}

    return each(settings, names, PREDICT, work, last_try=last_try)
