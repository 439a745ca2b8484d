"""Models of several sites learned anew in one process, so that programs are compiled once."""

from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.console.prepare import prepare
from pipelines.errors import ColdaisleError
from pipelines.learning.train_many import train_sites
from pipelines.schedules.report import Outcome, tell
from pipelines.site.file import Site, find_site
from pipelines.telemetry.store import Store

STEP = "retrain"
TOLD = ("version", "alias", "why", "why_not")  # of each kind's report


def retrain_sites(
    names: list[str], settings: Settings, *, until: pd.Timestamp | None, last_try: bool
) -> Outcome:
    """Learn the models of each site from its telemetry before `until`, unless that was done; by site, the versions."""
    outcome, sites = Outcome(), dict[str, Site]()
    for name in names:
        try:
            site = find_site(name, settings)
            if Store(settings.store, site).exists:
                sites[name] = site
            else:
                outcome.nothing_new.append(name)
        except ColdaisleError as error:
            outcome.failed[name] = error
    trained = _trained(sites, settings, until, outcome)
    for name, report in trained.items():
        prepare(sites[name], settings, ("models",))
        outcome.done[name] = {
            kind: {key: made[key] for key in TOLD if made.get(key)} for kind, made in report["kinds"].items()
        }
    for name in names:
        tell(settings, name, STEP, outcome.failed.get(name), last_try=last_try)
    return outcome


def _trained(
    sites: dict[str, Site], settings: Settings, until: pd.Timestamp | None, outcome: Outcome
) -> dict[str, dict[str, Any]]:
    """Reports of the sites that were trained; what became of the others goes into the outcome."""
    reports = {}
    try:
        found = train_sites(list(sites.values()), settings, only_new=True, until=until) if sites else {}
    except ColdaisleError as error:  # MLflow does not answer: for none of them
        outcome.failed.update(dict.fromkeys(sites, error))
        return {}
    for name, site in sites.items():
        one = found[site.name]
        if one.error is not None:
            outcome.failed[name] = one.error
        elif one.report is None:
            outcome.nothing_new.append(name)
        else:
            reports[name] = one.report
    return reports
