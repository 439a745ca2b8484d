"""Never worse: hour by hour, the measured plant against what the fitted one would draw at the site's own rule.

The counterfactual is the plant as fitted to the record, never as adapted under control, and its error is that of the
same plant fitted without the weeks it is judged by (`Cascade.at_rule`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from models.cascade.cascade import Cascade
from models.cascade.groups import with_shared
from models.graybox.counterfactual import CALLED, at_setpoints, power_at
from models.guard.guard import goes_back, judged
from models.guard.reference import learned
from models.guard.regimes import regime_of
from models.guard.state import GuardState, Interval, Options
from models.setpoints import Array
from pipelines.control.optimizer.hour import Hour

OPTIONS = Options()


@dataclass(frozen=True)
class NeverWorse:
    """Evidence by regime of weather. of: the fit that it was gathered with. told: what was last given back, and why."""

    state: GuardState = field(default_factory=GuardState)
    of: str = ""
    told: Mapping[str, str] = field(default_factory=dict)

    def after(self, cascade: Cascade, names: tuple[str, ...], hour: Hour, rule: Array) -> "NeverWorse":
        """The same after one more hour at rest. rule (k,): what the site's own rule would set then."""
        physics = cascade.physics
        if physics is None:
            return self
        before = self._of_fit(cascade, physics.name)
        shared = with_shared({name: np.array([value]) for name, value in zip(names, rule, strict=True)})
        asked = {name: values for name, values in shared.items() if name in CALLED}
        rule_kw = float(power_at(physics, hour.row, asked)[0])
        interval = Interval(
            at=hour.at,
            hours=1.0,
            regime=regime_of(float(hour.row.wetbulb_c[0])),
            measured_kw=hour.cooling_kw + (hour.load_kw if physics.metering.has_it else 0.0),
            rule_kw=rule_kw,
            at_rule=bool(at_setpoints(hour.row, asked)[0]),
        )
        state, notices = judged(OPTIONS, before.state, interval)
        told = dict(before.told) | ({interval.regime: notices[-1]} if notices else {})
        return NeverWorse(state, physics.name, told)

    def back(self, wetbulb_c: float, at: datetime) -> str:
        """Why the plant is run at the site's rule in this weather now; empty where it is not."""
        regime = regime_of(wetbulb_c)
        return self.told.get(regime, regime) if goes_back(self.state, regime, at) else ""

    def _of_fit(self, cascade: Cascade, name: str) -> "NeverWorse":
        """The same; after new learning with its errors at the rule in place of the old ones'."""
        if self.of == name:
            return self
        at_rule = {regime: each.regime for regime, each in cascade.at_rule.items()}
        return NeverWorse(learned(self.state, at_rule), name)
