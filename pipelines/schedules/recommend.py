"""A recommendation for each site that no loop decides for."""

from datetime import datetime
from typing import Any

from pipelines.config import Settings
from pipelines.console.prepare import AFTER_DECISION, prepare
from pipelines.operations.recommend import recommend
from pipelines.schedules.report import Outcome, each
from pipelines.site.file import find_site

STEP = "recommend"


def recommend_sites(names: list[str], settings: Settings, *, at: datetime, last_try: bool) -> Outcome:
    """Decide once for each site at a time; by site, the number of the decision and what it says."""

    def work(name: str) -> dict[str, Any]:
        site = find_site(name, settings)
        made = recommend(site, settings, at=at)
        prepare(site, settings, AFTER_DECISION)
        return {
            "decision": made.number,
            "action": made.recommendation.action,
            "reason": made.recommendation.reason,
        }

    return each(settings, names, STEP, work, last_try=last_try)
