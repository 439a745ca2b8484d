"""`coldaisle recommend`: the controller of `coldaisle serve` decides once, and the decision is explained."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import pandas as pd

from pipelines.config import Settings
from pipelines.control.controller import Controller
from pipelines.control.decision import Decision
from pipelines.control.evidence import with_evidence, withheld
from pipelines.control.explanation import recommendation_of
from pipelines.control.memory import Memory
from pipelines.control.orders import Orders, bounds_of
from pipelines.control.precedent import ALIKE
from pipelines.control.recommendation import Recommendation
from pipelines.errors import ColdaisleError
from pipelines.operations.acceptance import accepted_goal
from pipelines.operations.decision_body import add_decision
from pipelines.operations.ledger import Operations, Order
from pipelines.operations.open_controller import NO_SETPOINTS, open_controller, saved_memory, take_in
from pipelines.operations.shadow import Shadow
from pipelines.operations.standing_orders import standing
from pipelines.site.file import Site
from pipelines.site.tariff import prices_per_kwh
from pipelines.telemetry.latest import StoreRows, allowed_age
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.readings import Readings
from pipelines.telemetry.store import Store

RECORD = timedelta(days=366)  # in which precedents are looked for


class Recommended(NamedTuple):
    """A recommendation with its number among the decisions of the ledger."""

    number: int
    recommendation: Recommendation


def recommend(
    site: Site,
    settings: Settings,
    *,
    at: datetime | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Recommended:
    """Decide once at `at`, explain and record; nothing is written.

    at: UTC; by default now, or the end of the telemetry where that is old. Orders in force at that time apply. The
    memory that the serving loop saved before `at` is used; without one the last day of telemetry is read. Where no
    choice is possible the recommendation is a hold with its reason. A challenger decides, too, in shadow. progress:
    called with lines for a person. Raises LedgerError where the ledger does not answer.
    """
    moment = _moment(site, settings, at)
    operations = Operations.of(settings, site.name)
    orders_now = standing(operations.orders(), moment)
    if not site.setpoints:
        decision = Decision({}, NO_SETPOINTS, mode=orders_now.mode)
        return _recorded(operations, site, decision, moment, "", recommendation_of(site, decision, moment))
    orders = orders_now.orders(accepted_goal(operations, orders_now))
    controller, version = open_controller(site, settings, lambda: orders, memory=_memory(operations, moment))
    progress(f"reading telemetry up to {moment:%Y-%m-%d %H:%M} UTC")
    readings, trouble = _read(site, settings, controller, moment)
    before = controller.memory
    decision = controller.decide(readings, moment)
    progress("explaining")
    recommendation = explained(
        site, settings, controller, decision, moment, version, orders, rejected=orders_now.rejected
    )
    notices = [*trouble, *recommendation.notices]
    recommendation = recommendation.model_copy(update={"notices": notices})
    recorded = _recorded(operations, site, decision, moment, version, recommendation)
    Shadow(site, settings).follow(operations, recorded.number, before, readings, moment, orders)
    return recorded


def explained(
    site: Site,
    settings: Settings,
    controller: Controller,
    decision: Decision,
    at: datetime,
    version: str,
    orders: Orders,
    *,
    rejected: tuple[Order, ...] = (),
) -> Recommendation:
    """A decision as a recommendation, with evidence from the model and the record.

    rejected: rejections of the last hours; a goal that was rejected is withheld.
    """
    params = controller.params
    recommendation = recommendation_of(
        site, decision, at, model_version=version if params.model is not None else None
    ).model_copy(update=_price(site, at))
    if recommendation.action == "hold" or decision.expected is None:
        return recommendation
    store, end = Store(settings.store, site), pd.Timestamp(at)
    record = plant_table(site, store.read(start=end - RECORD, end=end))
    bounds = bounds_of(site, params.setpoints, orders)
    recommendation = with_evidence(recommendation, params, decision, bounds, record)
    refused = next((one for one in rejected if _same_goal(site, recommendation, one)), None)
    if refused is None:
        return recommendation
    return withheld(
        recommendation, [f"{refused.by} rejected this goal at {refused.at:%Y-%m-%d %H:%M} UTC: {refused.why}"]
    )


def _same_goal(site: Site, recommendation: Recommendation, rejected: Order) -> bool:
    """Whether a recommendation moves to much the goal that was rejected: as alike as hours of a precedent."""
    goal = rejected.body.get("goal")
    if recommendation.action == "hold" or not isinstance(goal, dict):
        return False
    by_tag = {setpoint.tag: setpoint for setpoint in site.setpoints}
    return all(
        isinstance(value := goal.get(move.tag), int | float)
        and abs(value - move.goal) <= ALIKE * (by_tag[move.tag].max - by_tag[move.tag].min)
        for move in recommendation.moves
    )


def _price(site: Site, at: datetime) -> dict[str, float | str | None]:
    """Price of a kWh at a time and its currency, as fields of a recommendation; None without a tariff or rate then."""
    price = float(prices_per_kwh(site.tariff, pd.DatetimeIndex([at]))[0])
    if site.tariff is None or not math.isfinite(price):
        return {"price_per_kwh": None, "currency": None}
    return {"price_per_kwh": price, "currency": site.tariff.currency}


def _moment(site: Site, settings: Settings, at: datetime | None) -> datetime:
    """The time to decide at: now where telemetry is fresh, else where it ends."""
    now = pd.Timestamp.now(tz="UTC")
    if at is None:
        span = Store(settings.store, site).span()
        ended = span is not None and now - span[1] > allowed_age(site)
        at = span[1] if span is not None and ended else now
    return pd.Timestamp(at).to_pydatetime()


def _memory(operations: Operations, at: datetime) -> Memory | None:
    """The memory that was saved before `at`; one saved at that very time belongs to a decision already made."""
    memory = saved_memory(operations, at)
    return None if memory is None or memory.at == at else memory


def _read(
    site: Site, settings: Settings, controller: Controller, at: datetime
) -> tuple[Readings | None, list[str]]:
    """The row to decide on, and what is wrong with the telemetry."""
    try:
        arrived = StoreRows(site, Store(settings.store, site)).arrived(at)
    except (ColdaisleError, OSError) as error:
        return None, [f"no telemetry can be read: {error}"]
    stale = [] if arrived.stale_for is None else [f"the newest telemetry is {arrived.stale_for} old"]
    return take_in(controller, arrived), stale


def _recorded(
    operations: Operations,
    site: Site,
    decision: Decision,
    at: datetime,
    version: str,
    recommendation: Recommendation,
) -> Recommended:
    number = add_decision(
        operations, site, decision, at, model=version, recommendation=recommendation, once=True
    )
    return Recommended(number, recommendation)
