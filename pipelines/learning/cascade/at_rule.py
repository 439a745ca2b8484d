"""How far a model errs at the site's own rule: what the guard compares operation under control with."""

import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from models.cascade.groups import with_shared
from models.graybox.counterfactual import CALLED, at_setpoints, power_at
from models.graybox.observed import known, observed
from models.graybox.rows import taken
from models.guard.reference import AtRule, references
from models.guard.regimes import regime_of
from pipelines.learning.cascade.dataset import settled, shared_columns_of
from pipelines.site.file import Site
from pipelines.site.rule import rule_of_record
from pipelines.site.setpoints import modelled_name


def errors_at_rule(site: Site, blind: Cascade, plant: pd.DataFrame, judged: np.ndarray) -> dict[str, AtRule]:
    """Errors by regime of weather on the settled rows judged (n,) of a plant table that were run at the rule.

    blind: learned without the rows judged. Empty where it has no gray-box plant.
    """
    physics = blind.physics
    if physics is None:
        return {}
    columns = shared_columns_of(site, plant)
    asked = {modelled_name(name): values for name, values in rule_of_record(site, columns).items()}
    asked = {name: values for name, values in with_shared(asked).items() if name in CALLED}
    rows = observed(columns, physics.metering, physics.meters)
    measured_kw = columns["cooling_kw"] + (columns["load_kw"] if physics.metering.has_it else 0.0)
    there = judged & settled(site, plant) & known(rows) & np.isfinite(measured_kw)
    there &= at_setpoints(rows, asked)
    if not there.any():
        return {}
    at = np.flatnonzero(there)
    rows = taken(rows, at)
    rule_kw = power_at(physics, rows, {name: values[at] for name, values in asked.items()})
    labels = [regime_of(float(wetbulb_c)) for wetbulb_c in np.asarray(rows.wetbulb_c)]
    hours = site.interval / pd.Timedelta(hours=1)
    found = references(labels, measured_kw[at], rule_kw, hours=hours)
    return {label: AtRule.of(regime) for label, regime in found.items()}
