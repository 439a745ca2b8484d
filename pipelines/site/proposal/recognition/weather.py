"""What the readings of outdoor air say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.proposal.recognition.relations import AGREES, CONTRADICTS, FEWEST, chosen, mean_of
from pipelines.site.quantities import QUANTITIES

WEATHER = frozenset(name for name in QUANTITIES if name.startswith(("outdoor_", "wind_")))


def weigh_weather(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Wetbulb and dew point lie below drybulb; humidity falls while it warms; drybulb follows the sun."""
    drybulb = chosen(subjects, "outdoor_drybulb_c")
    for subject, candidate in drybulb:
        if subject.seen.daily_swing > 0.2:
            candidate.add(0.08, "follows the sun")
    for candidate in _among_weather(subjects):
        candidate.add(0.2, "stands among readings of the weather")
    drybulb = chosen(subjects, "outdoor_drybulb_c")
    air = mean_of(drybulb, aligned)
    if air is None:
        return
    for quantity in ("outdoor_wetbulb_c", "outdoor_dew_point_c"):
        for subject, candidate in chosen(subjects, quantity):
            gap = (air - aligned.series(subject, candidate)).dropna()
            if len(gap) >= FEWEST:
                below = (gap > -0.6).mean() > 0.95
                candidate.add(AGREES if below else CONTRADICTS, f"{'below' if below else 'above'} drybulb")
    for subject, candidate in chosen(subjects, "outdoor_rh_frac"):
        if _within_days(aligned.series(subject, candidate), air) < -0.3:
            candidate.add(0.2, "falls while the air outside warms")
            for _, each in drybulb:
                each.add(0.15, "humidity falls while it warms")


def _among_weather(subjects: Sequence[Subject]) -> Iterator[Candidate]:
    """Weak candidates of the weather in an export that holds little else."""
    for source in {subject.column.source for subject in subjects}:
        here = [s for s in subjects if s.column.source == source]
        weather = [best for s in here if (best := s.best) is not None and best.quantity in WEATHER]
        if len(weather) >= 2 and len(weather) > 0.6 * len(here):
            yield from (best for best in weather if best.match.pattern.less >= 0.5)


def _within_days(one: pd.Series, other: pd.Series) -> float:
    both = pd.concat([one, other], axis=1).dropna()
    if len(both) < 48 or not isinstance(both.index, pd.DatetimeIndex):
        return 0.0
    days = both.index.normalize()
    anomaly = both - both.groupby(days).transform("mean")
    return float(anomaly.iloc[:, 0].corr(anomaly.iloc[:, 1])) if (anomaly.std() > 0).all() else 0.0
