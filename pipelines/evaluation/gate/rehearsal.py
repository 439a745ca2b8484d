"""Champion and challenger in closed loop on the site's twin, under the weather and load of the last days."""

from typing import NamedTuple

import pandas as pd

from pipelines.config import Settings
from pipelines.control.controller import Controller
from pipelines.errors import ColdaisleError
from pipelines.evaluation.closed_loop import drive
from pipelines.evaluation.outcomes import outcome
from pipelines.evaluation.plants import Simulated
from pipelines.evaluation.replay import replayed
from pipelines.learning.charges import CHALLENGER, CHAMPION, Alias
from pipelines.operations.open_controller import open_parameters
from pipelines.operations.tag_controller import TagController
from pipelines.site.file import Site

DAYS = 2
MORE_MINUTES = 15.0  # outside the envelope, over the champion's: one decision
MORE_ENERGY = 0.005  # of the champion's: what two runs of one controller may differ by


class Rehearsal(NamedTuple):
    """What both did, by alias: `minutes` outside the envelope and `kwh`; why_not: why it could not be tried."""

    minutes: dict[str, float]
    kwh: dict[str, float]
    why_not: str = ""

    @property
    def safe(self) -> bool | None:
        """Whether the challenger left the envelope no longer than the champion and needed no more; None: not tried."""
        if self.why_not:
            return None
        longer = self.minutes[CHALLENGER] - self.minutes[CHAMPION]
        more = self.kwh[CHALLENGER] / self.kwh[CHAMPION] - 1.0
        return longer <= MORE_MINUTES and more <= MORE_ENERGY


def rehearse(site: Site, settings: Settings, until: pd.Timestamp) -> Rehearsal:
    """Drive the twin for `DAYS` days before `until` under each."""
    minutes: dict[str, float] = {}
    kwh: dict[str, float] = {}
    aliases: tuple[Alias, ...] = (CHAMPION, CHALLENGER)
    for alias in aliases:
        try:
            replay = replayed(site, settings, days=DAYS, start=until - pd.Timedelta(days=DAYS))
            params, version = open_parameters(site, settings, alias)
            run = drive(Simulated(replay.plant), site, TagController(Controller(params)), hours=24.0 * DAYS)
        except ColdaisleError as error:
            return Rehearsal({}, {}, str(error))
        if params.model is None:
            return Rehearsal({}, {}, version)
        done = outcome(site, run)
        minutes[alias], kwh[alias] = done["violation_minutes"], done["facility_kwh"]
    return Rehearsal(minutes, kwh)
