"""A site's parameters of control, made once and frozen: setpoints, safety, rule, sensing and the model."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import jax
import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from models.safety.backup import Reset
from models.safety.confidence import Confidence
from models.safety.layer import Safety
from models.twin import Twin
from pipelines.control.declarations import declared_of, envelope_of
from pipelines.control.optimizer.deadline import Deadline
from pipelines.control.optimizer.guarded import GuardedOptimizer
from pipelines.control.optimizer.inputs import objective_of
from pipelines.control.optimizer.optimizer import Objection, SetpointOptimizer
from pipelines.control.orders import Orders, bounds_of
from pipelines.control.sensing.history import NEWEST, WINDOW, History
from pipelines.control.sensing.sensing import HALLS, Sensing
from pipelines.control.sensing.validation import Validation
from pipelines.learning.twin.second_opinion import DRIVERS, SLOW, TwinCheck
from pipelines.site.file import Site
from pipelines.site.rule import resets_of
from pipelines.site.setpoints import Settable, modelled_name
from pipelines.site.tags import setpoint_tags, tags_of
from pipelines.site.tariff import demand_hours, prices_per_kwh
from pipelines.telemetry.plant_table import row_quantities

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parameters:
    """What a controller is made of. model: None where the site has none that can be used; why_none: then, why."""

    site: Site
    setpoints: Settable
    safety: Safety
    resets: tuple[Reset, ...]
    sensing: Sensing
    interval: timedelta
    model: GuardedOptimizer | None = None
    why_none: str = ""


def parameters_of(
    site: Site, cascade: Cascade | None, *, twin: Twin | None = None, why_none: str = ""
) -> Parameters:
    """Parameters of a site's control. A model that cannot be used does not raise: `why_none` says why.

    cascade: None where nothing could be learned, for the reason `why_none`. twin: the site's fitted plant, which gives
    a second opinion on every new target; None where there is none.
    """
    setpoints = Settable.of(site)
    model, why = _model(site, setpoints, cascade, twin, why_none)
    return Parameters(
        site=site,
        setpoints=setpoints,
        safety=Safety(envelope=envelope_of(site), declared=declared_of(site)),
        resets=resets_of(site),
        sensing=sensing_of(site, setpoints),
        interval=site.interval.to_pytimedelta(),
        model=model,
        why_none=why,
    )


def sensing_of(site: Site, setpoints: Settable) -> Sensing:
    """How a site's readings are checked and combined."""
    validation = Validation(tags_of(site).values(), [tag.tag for _, tag in setpoint_tags(site)])
    return Sensing(
        validation=validation,
        setpoints=setpoints,
        quantities=partial(row_quantities, site),
        sees_halls=any(point.quantity in HALLS for point in site.points),
    )


def _model(
    site: Site, setpoints: Settable, cascade: Cascade | None, twin: Twin | None, why_none: str
) -> tuple[GuardedOptimizer | None, str]:
    """The model behind its guard, or None and why: without a usable model the site's rule decides."""
    if cascade is None:
        return None, why_none
    try:
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(cascade)):
            return None, "it holds values that are not finite"
        optimizer = optimizer_of(site, setpoints, cascade, twin)
        optimizer.warm_up(bounds_of(site, setpoints, Orders()))
        bound = Confidence(**site.safety.confidence.model_dump())
        return GuardedOptimizer(optimizer, bound, Deadline(site.safety.deadline_s)), ""
    except Exception as error:
        log.exception("the control model of %s cannot be used", site.name)
        return None, f"it cannot be used: {type(error).__name__}: {error}"


def optimizer_of(site: Site, setpoints: Settable, cascade: Cascade, twin: Twin | None) -> SetpointOptimizer:
    """The optimizer of a site's cascade, with its twin's second opinion where the site file allows one."""
    options, names = site.control, tuple(modelled_name(name) for name in setpoints.names)
    objective = objective_of(
        cascade,
        envelope_of(site),
        aim="facility" if options.objective == "cost" else options.objective,
        caution=options.caution,
        support=options.support,
        demand_hours=demand_hours(site.tariff) if options.objective == "cost" else 0.0,
    )
    asked = twin if options.twin_check else None
    check = TwinCheck(site, asked, names, float(cascade.twin_bound_kw)) if asked else None
    return SetpointOptimizer(
        cascade=cascade,
        names=names,
        measured=np.array([setpoint.measured for setpoint in site.setpoints], bool),
        objective=objective,
        rate_k_per_h=site.envelope.rate_k_per_h,
        support=options.support,
        weight_of=partial(_weight, site),
        exploration_share=options.exploration_share,
        objection=_objection(check) if check else None,
        twin_expects=partial(_expects, check) if check else None,
    )


def _objection(check: TwinCheck) -> Objection:
    def objection(kept: np.ndarray, wanted: np.ndarray, history: History, at: datetime) -> str:
        now = {name: history.mean(name, at, WINDOW if name in SLOW else NEWEST) for name in DRIVERS}
        return check.objection(kept, wanted, now)

    return objection


def _expects(
    check: TwinCheck, kept: np.ndarray, wanted: np.ndarray, conditions: Mapping[str, float]
) -> tuple[float, float] | None:
    """As `TwinCheck.expects`, under the conditions of a decision."""
    now = {name: conditions.get(name, math.nan) for name in DRIVERS}
    return check.expects(kept, wanted, now | {"rack_inlet_c": conditions.get("rack_inlet_now_c", math.nan)})


def _weight(site: Site, at: datetime) -> float:
    """Price of a kWh now over the week's mean; 1 where cost is not what is minimised."""
    if site.control.objective != "cost" or site.tariff is None:
        return 1.0
    week = prices_per_kwh(site.tariff, pd.date_range(at, periods=168, freq="1h"))
    return float(week[0] / max(week.mean(), 1e-9))
