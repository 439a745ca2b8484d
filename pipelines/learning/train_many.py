"""Many sites trained in one process, which compiles once; networks and plants of one shape are fitted in one call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import pandas as pd

from models.together import run_together
from pipelines.compilation_cache import keep_compiled
from pipelines.config import Settings
from pipelines.learning.efficiency.training import one_thread_each
from pipelines.learning.job import Progress
from pipelines.learning.tracking import tracking
from pipelines.learning.train import retrain_if_new, train
from pipelines.site.file import Site

# Sites side by side. On two processor cores a site takes about as long in a call of many as alone, and every size of a
# group is compiled by itself and takes memory (docs/architecture.md); an accelerator is idle with few.
ON_PROCESSOR, ON_ACCELERATOR = 1, 32


@dataclass(frozen=True)
class Outcome:
    """What became of one site: the report of its training, or the error that stopped it; neither: nothing is new."""

    report: dict[str, Any] | None = None
    error: Exception | None = None

    @property
    def nothing_new(self) -> bool:
        """Whether every kind of model has been learned from this very telemetry already."""
        return self.report is None and self.error is None


def train_sites(
    sites: Sequence[Site],
    settings: Settings,
    *,
    warm: bool = True,
    only_new: bool = False,
    until: pd.Timestamp | None = None,
    progress: Progress | None = None,
    at_once: int | None = None,
) -> dict[str, Outcome]:
    """Train and register the models of several sites; what became of each, by its name.

    warm: networks start from the present champion's where they can. only_new: sites whose telemetry has been learned
    from are left alone (their others start warm). until: learn from telemetry before this time only. What one site
    raises stops no other. A site's models are registered when it is ready. at_once: sites that are trained side by
    side, their records in memory; by default as many as suit the device. Raises TrackingError where MLflow does not
    answer at the start.
    """
    keep_compiled(settings)
    size = at_once or (ON_PROCESSOR if jax.default_backend() == "cpu" else ON_ACCELERATOR)
    outcomes: dict[str, Outcome] = {}
    # Opened here, so that what sites open inside it changes nothing for each other.
    with tracking(settings), one_thread_each():
        for begin in range(0, len(sites), size):
            group = sites[begin : begin + size]
            works = [partial(_trained, site, settings, warm, only_new, until, progress) for site in group]
            for site, result in zip(group, run_together(works), strict=True):
                outcomes[site.name] = (
                    Outcome(error=result) if isinstance(result, Exception) else Outcome(result)
                )
    return outcomes


def _trained(
    site: Site,
    settings: Settings,
    warm: bool,
    only_new: bool,
    until: pd.Timestamp | None,
    progress: Progress | None,
) -> dict[str, Any] | None:
    say = _of(site, progress) if progress else None
    if only_new:
        return retrain_if_new(site, settings, until=until, progress=say)
    return train(site, settings, until=until, warm=warm, progress=say)


def _of(site: Site, progress: Progress) -> Callable[[str], None]:
    return lambda line: progress(f"{site.name}: {line}")
