"""Whether a model answers in the right direction, in the plant's own recent states: physics that no record may refute.

A model can predict well and be wrong in what matters to control, since setpoints hardly move in most records.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade, outcome
from models.cascade.outcomes import Outcome
from pipelines.learning.cascade.dataset import inputs_of
from pipelines.learning.cascade.scores import NOTHING_IN_HAND
from pipelines.site.file import Site

ROWS = 256  # recent states that are asked about
SLACK = 0.002  # of the usual cooling power, and K: what rounding and smoothing may bend
MOST_BROKEN = 0.05  # share of the states


class Sign(NamedTuple):
    """A rule, and the share of recent states at which a model breaks it."""

    rule: str
    broken: float

    @property
    def holds(self) -> bool:
        """Whether it is broken nowhere but at the edges."""
        return self.broken <= MOST_BROKEN


# Input, factor, difference, what must not fall, in words. Energy balance: more load or warmer air never needs less
# cooling power at the same setpoints; mixing: warmer supply air never makes a rack inlet colder.
_RULES: tuple[tuple[str, float, float, Callable[[Outcome], np.ndarray], str], ...] = (
    ("load_kw", 1.05, 0.0, lambda o: np.asarray(o.cooling_kw), "cooling power rises with load"),
    (
        "outdoor_wetbulb_c",
        1.0,
        1.0,
        lambda o: np.asarray(o.cooling_kw),
        "cooling power does not fall with wetbulb",
    ),
    ("supply_air_sp_c", 1.0, 1.0, lambda o: np.asarray(o.rack_inlet_c), "rack inlets rise with supply air"),
)


def signs(site: Site, cascade: Cascade, plant: pd.DataFrame, since: pd.Timestamp) -> list[Sign]:
    """The rules that apply at a site. Raises KeyError where the cascade asks for what is not recorded."""
    inputs = inputs_of(site, plant)
    rows = np.flatnonzero(inputs.settled & np.asarray(plant.index >= since))
    if not len(rows):
        return []
    rows = rows[np.linspace(0, len(rows) - 1, ROWS).round().astype(int)]
    columns = {name: values[rows] for name, values in inputs.by_name.items()}
    columns |= {"rack_inlet_now_c": inputs.rack_inlet_c[rows]} | dict.fromkeys(
        NOTHING_IN_HAND, np.zeros(ROWS)
    )
    present, found = outcome(cascade, columns), []
    slack_kw = SLACK * float(np.asarray(cascade.usual_kw))
    for name, factor, difference, of, rule in _RULES:
        if name not in columns:
            continue
        moved = outcome(cascade, columns | {name: columns[name] * factor + difference})
        slack = slack_kw if of(present) is not None and "power" in rule else SLACK
        found.append(Sign(rule, float((of(moved) - of(present) < -slack).mean())))
    return found
