"""Models of several sites learned anew in one process, so that programs are compiled once."""

from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.console.prepare import prepare
from pipelines.learning.train import retrain_if_new
from pipelines.schedules.report import Outcome, each
from pipelines.site.file import find_site
from pipelines.telemetry.store import Store

STEP = "retrain"


def retrain_sites(
    names: list[str], settings: Settings, *, until: pd.Timestamp | None, last_try: bool
) -> Outcome:
    """Learn the models of each site from its telemetry before `until`, unless that was done; by site, the versions."""

    def work(name: str) -> dict[str, Any] | None:
        site = find_site(name, settings)
        if not Store(settings.store, site).exists:
            return None
        report = retrain_if_new(site, settings, until=until)
        if report is None:
            return None
        prepare(site, settings, ("models",))
        return {
            kind: {key: made.get(key) for key in ("version", "alias", "why", "why_not") if made.get(key)}
            for kind, made in report["kinds"].items()
        }

    return each(settings, names, STEP, work, last_try=last_try)
