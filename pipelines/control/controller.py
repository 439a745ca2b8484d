"""The controller: what one interval brought in, setpoints out. The only place where setpoints are chosen."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from models.safety.backup import backup
from models.safety.layer import SEEN, final
from models.safety.transfer import most_move, towards
from models.safety.types import Situation, Verdict
from models.setpoints import Array, Bounds
from pipelines.control.decision import Decision, DecisionLog, Expectation, Source, reason_of
from pipelines.control.memory import Memory
from pipelines.control.optimizer.moment import Moment
from pipelines.control.orders import Orders, bounds_of, by_name, ignored_orders
from pipelines.control.sensing.clock import tick, utc
from pipelines.control.sensing.history import WINDOW, inlet_course
from pipelines.control.sensing.sensing import Sensed
from pipelines.control.setup import Parameters
from pipelines.site.tags import FLOAT_NOISE
from pipelines.telemetry.readings import Readings

log = logging.getLogger(__name__)

PATIENCE = timedelta(hours=1)  # with load or weather unknown: hold for this long, then go to the site's rule
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # used where the first decision has no usable time


@dataclass(frozen=True)
class Wanted:
    """Setpoints (k,) before the safety layer, their goal (k,), and why."""

    values: Array
    goal: Array
    reason: str
    source: Source
    expected: Expectation | None = None


@dataclass(frozen=True)
class Situated:
    """What one decision starts from. present (k,): present setpoints, clipped into the bounds in force."""

    at: datetime
    passed: timedelta
    orders: Orders
    bounds: Bounds
    sensed: Sensed
    present: Array
    most: Array


def decide(
    params: Parameters,
    memory: Memory,
    readings: Readings | None,
    at: Any,
    orders: Orders | None = None,
    *,
    without_model: str = "",
) -> tuple[Memory, Decision]:
    """The memory after this decision, and the decision.

    readings: those of the last interval; None where there are none. at: time of the decision, UTC. orders: those in
    force. without_model: why the model may not decide now, "" where it may.

    Without a model, with doubts about it, or where load or weather stay unknown, setpoints go to the site's own rule
    (its default setpoints where it declares none) at their slew rates. Never raises, whatever readings, time, orders or
    model contain. Every value lies inside the limits in force and within its slew rate of the present setpoint, or of
    the nearest limit where the setpoint is read outside.
    """
    orders = orders or Orders()
    moment, why = utc(at, (memory.at or EPOCH) + params.interval)
    notices = [why] if why else []
    try:
        return _decided(params, memory, readings, moment, orders, notices, without_model)
    except Exception as error:  # last resort: hold, inside the limits
        log.exception("the decision at %s failed", moment)
        notices.append(f"the decision failed: {type(error).__name__}: {error}")
        return _held(params, memory, moment, orders, notices)


def remember(params: Parameters, memory: Memory, readings: Readings) -> Memory:
    """The memory after a row on which nothing is decided: one that came late, or from before a restart."""
    try:
        sensing, _ = params.sensing.take(memory.sensing, readings)
    except Exception:
        log.exception("the row of %s cannot be taken in", readings.at)
        return memory
    return replace(memory, sensing=sensing)


class Controller:
    """A site's controller in operation: parameters, the present memory, and what was decided last.

    orders: called at every decision; where it fails, the site file's limits apply.
    """

    def __init__(
        self, params: Parameters, *, memory: Memory | None = None, orders: Callable[[], Orders] = Orders
    ) -> None:
        self.params, self.memory, self.orders = params, memory or Memory(), orders
        self.last, self.in_force = Decision({}, "no decision yet"), Orders()
        self.without_model = ""
        self._log = DecisionLog()

    def decide(self, readings: Readings | None, at: Any) -> Decision:
        """Decide (see `decide`), and keep the memory."""
        orders, why = self._ordered()
        self.in_force = orders
        self.memory, decision = decide(
            self.params, self.memory, readings, at, orders, without_model=self.without_model
        )
        self.last = replace(decision, notices=(*why, *decision.notices))
        self._log.add(self.last, self.memory.at or EPOCH)
        return self.last

    def remember(self, readings: Readings) -> None:
        """Remember a row without deciding."""
        self.memory = remember(self.params, self.memory, readings)

    def not_written(self) -> None:
        """What was decided last was not written."""
        self.memory = self.memory.not_written()

    def _ordered(self) -> tuple[Orders, tuple[str, ...]]:
        try:
            return self.orders(), ()
        except Exception as error:  # an error in the ledger must not stop control
            log.debug("orders cannot be read", exc_info=True)
            why = f"orders cannot be read ({error}): the site file's limits apply"
            return Orders(mode=self.last.mode), (why,)


def _decided(
    params: Parameters,
    memory: Memory,
    readings: Readings | None,
    at: datetime,
    orders: Orders,
    notices: list[str],
    without_model: str,
) -> tuple[Memory, Decision]:
    passed, why = tick(memory.at, at, params.interval)
    if passed < timedelta(0):
        memory, passed = memory.set_back_to(at), timedelta(0)
    memory, sensed = _sensed(params, memory, readings, at)
    memory, watched = _watched(params, memory, sensed, at)
    bounds = bounds_of(params.site, params.setpoints, orders)
    present, outside = _present(params, memory, sensed, bounds)
    notices = [
        *notices,
        *([why] if why else []),
        *ignored_orders(params.site, orders),
        *sensed.notices,
        *watched,
    ]
    notices += outside
    most = most_move(bounds, passed / timedelta(hours=1))
    now = Situated(at, passed, orders, bounds, sensed, present, most)
    memory, wanted, troubles = _wanted(params, memory, now, without_model)
    wanted = _accepted(params, wanted, now)
    memory, verdict = _checked(params, memory, wanted, now)
    reason, source = reason_of(verdict, wanted.reason, wanted.source)
    names = params.setpoints.names
    decision = Decision(
        values=_named(names, verdict.values),
        reason=reason,
        source=source,
        mode=orders.mode,
        clips=verdict.clips,
        notices=(*notices, *troubles),
        goal=_named(names, wanted.goal),
        present=_named(names, present),
        expected=wanted.expected,
    )
    return replace(memory, at=at, written=tuple(verdict.values.tolist())), decision


def _sensed(
    params: Parameters, memory: Memory, readings: Readings | None, at: datetime
) -> tuple[Memory, Sensed]:
    if readings is None:
        return memory, Sensed({}, {}, ())
    when, why = utc(readings.at, at)
    if not why and when > at:
        why = f"a row from {when:%Y-%m-%d %H:%M} UTC is later than the clock: treated as of now"
        when = at
    sensing, sensed = params.sensing.take(memory.sensing, Readings(when, readings.values))
    notices = (why, *sensed.notices) if why else sensed.notices
    return replace(memory, sensing=sensing), replace(sensed, notices=notices)


def _watched(params: Parameters, memory: Memory, sensed: Sensed, at: datetime) -> tuple[Memory, list[str]]:
    expected = params.model.expected_readings(memory.model) if params.model else {}
    written = None if memory.written is None else np.array(memory.written, float)
    sensing, notices = params.sensing.watch(memory.sensing, sensed, at, written=written, expected=expected)
    return replace(memory, sensing=sensing), notices


def _present(params: Parameters, memory: Memory, sensed: Sensed, bounds: Bounds) -> tuple[Array, list[str]]:
    """Present setpoints (k,): as read back, else as last written, else the defaults; clipped into the bounds.

    A device holds the multiple of its resolution near what was decided: within that the decided value stands, or steps
    smaller than the resolution would lead nowhere.

    Only the setpoint's own reading is used: the temperature that follows it may be far from it.
    """
    setpoints = params.setpoints
    fallback = bounds.default if memory.written is None else np.array(memory.written, float)
    pairs = zip(setpoints.names, fallback.tolist(), strict=True)
    read = np.array([sensed.setpoints.get(name, value) for name, value in pairs], float)
    steps = np.array([tag.step for tag in setpoints.tags])
    rounded = (memory.written is not None) & (np.abs(read - fallback) <= steps * (1.0 + FLOAT_NOISE))
    present = np.clip(np.where(rounded, fallback, read), bounds.low, bounds.high)
    present = np.where(bounds.binary, np.round(present), present)
    beyond = [
        f"{tag.tag} reads {tag.exported(value):.4g}, outside its limits {tag.exported(low):g} to {tag.exported(high):g}"
        for tag, value, low, high in zip(setpoints.tags, read, setpoints.low, setpoints.high, strict=True)
        if not low - SEEN <= value <= high + SEEN
    ]
    return present, beyond


def _wanted(
    params: Parameters, memory: Memory, now: Situated, without_model: str
) -> tuple[Memory, Wanted, list[str]]:
    """What the model, or without it the site's rule, chooses; and what is wrong with the model."""
    if params.model is None:
        why = f"no control model ({params.why_none})" if params.why_none else "no control model"
        return memory, _by_rule(params, now, why), []
    if not without_model and params.sensing.blind(memory.sensing, now.at):
        without_model = "no rack inlet or supply air was read for an hour"
    if without_model:
        return memory, _by_rule(params, now, without_model), []
    history = memory.sensing.history
    explores = now.orders.mode == "auto" and not now.orders.accepted
    rule = backup(now.bounds, params.resets, now.sensed.quantities)
    advises = now.orders.mode == "advise"
    moment = Moment(
        now.at, now.sensed.quantities, history, now.present, now.most, now.bounds, rule, explores, advises
    )
    model, answer = params.model.choose(memory.model, moment, now.passed)
    memory = replace(memory, model=model)
    troubles = [answer.reason] if answer.failed else []
    if answer.chosen is not None:
        chosen = answer.chosen
        wanted = Wanted(chosen.values, chosen.goal, chosen.reason, "model", chosen.expectation)
        return replace(memory, informed_at=now.at), wanted, [*troubles, *chosen.notices]
    informed = memory.informed_at
    if not answer.closed and informed is not None and now.at - informed <= PATIENCE:
        reason = f"{answer.reason}: holding for at most an hour"
        return memory, Wanted(now.present, now.present, reason, "hold"), troubles
    return memory, _by_rule(params, now, answer.reason), troubles


def _by_rule(params: Parameters, now: Situated, why: str) -> Wanted:
    goal = backup(now.bounds, params.resets, now.sensed.quantities)
    rule = "rule" if params.resets else "default setpoints"
    step = towards(now.bounds, now.present, goal, now.most)
    return Wanted(step, goal, f"{why}: to the site's {rule}", "rule")


def _accepted(params: Parameters, wanted: Wanted, now: Situated) -> Wanted:
    """An accepted recommendation replaces every other choice; setpoints that it does not name are held."""
    if not now.orders.accepted:
        return wanted
    accepted = by_name(params.site, now.orders.accepted)
    pairs = zip(now.bounds.names, now.present.tolist(), strict=True)
    goal = np.clip([accepted.get(name, value) for name, value in pairs], now.bounds.low, now.bounds.high)
    step = towards(now.bounds, now.present, goal, now.most)
    return Wanted(step, goal, "an accepted recommendation", "accepted")


def _checked(params: Parameters, memory: Memory, wanted: Wanted, now: Situated) -> tuple[Memory, Verdict]:
    """What the safety layer allows, and the memory after it."""
    binary = {
        name: value
        for name, value, on_off in zip(now.bounds.names, now.present.tolist(), now.bounds.binary, strict=True)
        if on_off
    }
    declared = params.safety.declared
    switches = memory.switches.after(now.at, binary, declared.dwells, now.sensed.quantities)
    memory = replace(memory, switches=switches)
    verdict = final(params.safety, now.bounds, wanted.values, _situation(params, memory, now))
    as_wanted = bool(np.abs(verdict.values - wanted.values).max(initial=0.0) <= SEEN)
    model = memory.model.after(
        by_model=wanted.source == "model", as_wanted=as_wanted, rescued=bool(verdict.alarms)
    )
    return replace(memory, model=model), verdict


def _situation(params: Parameters, memory: Memory, now: Situated) -> Situation:
    history, switches = memory.sensing.history, memory.switches
    rise_k = params.model.inlet_rise_k() if params.model else None
    return Situation(
        present=now.present,
        most=now.most,
        known=now.sensed.quantities,
        courses={
            "rack_inlet_c": inlet_course(history, now.at, rise_k),
            "rack_dew_point_c": tuple(history.recent("rack_dew_point_c", now.at, WINDOW)),
        },
        since_switch_h=np.array([switches.since_h(name, now.at) for name in now.bounds.names]),
        since_running_h={
            each.after: switches.since_h(each.after, now.at) for each in params.safety.declared.dwells
        },
        overrides=by_name(params.site, now.orders.overrides),
    )


def _held(
    params: Parameters, memory: Memory, at: datetime, orders: Orders, notices: list[str]
) -> tuple[Memory, Decision]:
    """Setpoints as written last, or the defaults, inside the site file's limits."""
    setpoints = params.setpoints
    values = np.array(setpoints.default if memory.written is None else memory.written, float)
    values = np.clip(np.where(np.isfinite(values), values, setpoints.default), setpoints.low, setpoints.high)
    named = _named(setpoints.names, values)
    decision = Decision(
        named, notices[-1], "hold", orders.mode, notices=tuple(notices), goal=named, present=named
    )
    return replace(memory, at=at), decision


def _named(names: tuple[str, ...], values: Array) -> dict[str, float]:
    return dict(zip(names, np.asarray(values, float).tolist(), strict=True))
