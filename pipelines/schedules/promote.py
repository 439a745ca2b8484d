"""The gate, for every challenger of a site."""

from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.console.prepare import prepare
from pipelines.evaluation.gate import challengers, judge
from pipelines.operations.alarms.notifier import wait_until_sent
from pipelines.schedules.report import Outcome, each
from pipelines.site.file import find_site

STEP = "judge challengers"


def judge_sites(
    names: list[str], settings: Settings, *, until: pd.Timestamp | None, last_try: bool
) -> Outcome:
    """Judge the challengers of each site; by site and kind, the conclusion and why."""

    def work(name: str) -> dict[str, Any] | None:
        site = find_site(name, settings)
        verdicts = {kind: judge(site, kind, settings, until=until) for kind in challengers(site, settings)}
        if any(verdict.conclusion != "waiting" for verdict in verdicts.values()):
            prepare(site, settings, ("models",))
        told: dict[str, Any] = {
            kind: {"conclusion": one.conclusion, "why": one.why} for kind, one in verdicts.items()
        }
        return told or None

    outcome = each(settings, names, STEP, work, last_try=last_try)
    wait_until_sent()
    return outcome
