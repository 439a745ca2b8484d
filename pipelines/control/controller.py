"""The controller: one historian row in, setpoints out; the same object serves, simulates and is judged."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from models.cascade.cascade import Cascade
from models.safety.backup import backup
from models.safety.layer import SEEN, final
from models.safety.transfer import most_move, towards
from models.safety.types import Situation
from models.setpoints import Array, Bounds
from models.twin import Twin
from pipelines.control.decision import Decision, Log, Source, told
from pipelines.control.optimizer.guarded import model_of
from pipelines.control.orders import Orders, bounds_of, by_quantity
from pipelines.control.sensing.history import WINDOW, Memory, inlet_course
from pipelines.control.sensing.sensing import Intake
from pipelines.control.setup import Switches, resets_of, safety_of
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable

log = logging.getLogger(__name__)

PATIENCE = timedelta(hours=1)  # with too little known: hold for this long, then go to the site's rule


class Controller:
    """Decides setpoints of a site with a learned cascade; `cascade` is None where nothing could be learned.

    Without a cascade, with doubts about it, or where load or weather stay unknown, it goes to the site's own rule (its
    default setpoints, where it declares none) at their slew rates and says why (`last`). Nothing that a historian
    shows, a model does or an operator orders makes `decide` raise. `orders` is asked at every decision.
    `without_model`: why the model may not decide now, "" where it may. twin: the site's fitted plant, where there is
    one, for a second opinion.
    """

    def __init__(
        self,
        site: Site,
        cascade: Cascade | None,
        *,
        twin: Twin | None = None,
        why_none: str = "",
        orders: Callable[[], Orders] = Orders,
    ) -> None:
        self.site, self.settable, self.orders = site, Settable.of(site), orders
        self.safety, self.resets = safety_of(site), resets_of(site)
        self.intake, self.switches = Intake(site, self.settable), Switches(self.safety.declared)
        self.model, self.why_none = model_of(site, cascade, self.settable, why_none, twin)
        self.commanded: Array | None = None
        self.informed_at: datetime | None = None
        self.last = Decision({}, "no decision yet")
        self.without_model = ""
        self._log = Log()

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Setpoint tags and the values to write, in the tags' own units.

        row: historian tags and values of the last interval, any of them missing. at: UTC time of the decision.
        """
        passed, notices = self.intake.tick(at)
        self.informed_at = min(at, self.informed_at) if self.informed_at else None
        orders = self._ordered(notices)
        bounds = bounds_of(self.site, self.settable, orders)
        reading = self._read(row, at, notices)
        present = self._present(reading)
        most = most_move(bounds, passed / timedelta(hours=1))
        wanted, reason, source = self._wanted(reading, bounds, present, most, at, passed, notices)
        goal = self._goal(wanted, source)
        if orders.accepted and source == "model":
            wanted, reason = self._accepted(orders, bounds, present, most), "an accepted recommendation"
        situation = self._situation(reading, present, most, at, orders)
        verdict = final(self.safety, bounds, wanted, situation)
        if self.model is not None:
            as_wanted = bool(np.abs(verdict.values - wanted).max(initial=0.0) <= SEEN)
            self.model.taken(by_model=source == "model", as_wanted=as_wanted, rescued=bool(verdict.alarms))
        reason, source = told(verdict, reason, source)
        self.commanded = verdict.values
        values = dict(zip(self.settable.names, verdict.values.tolist(), strict=True))
        self.last = Decision(values, reason, source, orders.mode, verdict.clips, tuple(notices), goal)
        self._log.say(self.last, at)
        return {
            tag.tag: tag.exported(value)
            for tag, value in zip(self.settable.tags, values.values(), strict=True)
        }

    def remember(self, row: Mapping[str, Any], at: datetime) -> None:
        """Take a row in without deciding: one that came late, or from before a restart."""
        self.intake.take(row, at)

    def stood_aside(self) -> None:
        """What was decided was not written: neither the plant's obedience nor its answer says anything about it."""
        self.commanded = None
        if self.model is not None:
            self.model.taken(by_model=False)

    def _goal(self, wanted: Array, source: Source) -> dict[str, float]:
        """Where the setpoints are meant to end up."""
        target = self.model.chooser.target if self.model is not None and source == "model" else None
        return dict(zip(self.settable.names, (wanted if target is None else target).tolist(), strict=True))

    def _accepted(self, orders: Orders, bounds: Bounds, present: Array, most: Array) -> Array:
        accepted = by_quantity(self.site, orders.accepted)
        goal = np.array(
            [accepted.get(name, now) for name, now in zip(bounds.names, present, strict=True)], float
        )
        return towards(bounds, present, goal, most)

    def _ordered(self, notices: list[str]) -> Orders:
        try:
            return self.orders()
        except Exception as error:  # whatever keeps the orders must not stop the plant's control
            notices.append(f"orders cannot be read ({error}): the site file's limits hold")
            log.exception("orders cannot be read")
            return Orders(mode=self.last.mode)

    def _read(self, row: Mapping[str, Any], at: datetime, notices: list[str]) -> dict[str, float]:
        reading, doubted = self.intake.take(row, at)
        expected = {} if self.model is None else self.model.expected_readings()
        notices += doubted
        notices += self.intake.watch(reading, at, commanded=self.commanded, expected=expected)
        return reading

    def _wanted(
        self,
        reading: dict[str, float],
        bounds: Bounds,
        present: Array,
        most: Array,
        at: datetime,
        passed: timedelta,
        notices: list[str],
    ) -> tuple[Array, str, Source]:
        """Setpoints (k,) that the model, or without it the site's rule, would have."""
        if self.model is None:
            return self._by_rule(reading, bounds, present, most, f"no control model{self.why_none}")
        if self.without_model or self.intake.blind(at):
            why = self.without_model or "no rack inlet or supply air was read for an hour"
            return self._by_rule(reading, bounds, present, most, why)
        self.model.keep_within(bounds)
        memory = Memory(list(self.intake.memory.readings))  # a late decision must not see it change
        chosen = self.model.choose(reading, memory, present, most, at, passed)
        if chosen.failed:
            notices.append(chosen.reason)
        if chosen.values is not None:
            self.informed_at = at
            return chosen.values, chosen.reason, "model"
        if not chosen.closed and self.informed_at is not None and at - self.informed_at <= PATIENCE:
            return present, f"{chosen.reason}: holding for at most an hour", "hold"
        return self._by_rule(reading, bounds, present, most, chosen.reason)

    def _by_rule(
        self, reading: dict[str, float], bounds: Bounds, present: Array, most: Array, why: str
    ) -> tuple[Array, str, Source]:
        goal = backup(bounds, self.resets, reading)
        rule = "rule" if self.resets else "default setpoints"
        return towards(bounds, present, goal, most), f"{why}: to the site's {rule}", "rule"

    def _present(self, reading: dict[str, float]) -> Array:
        known = self.commanded if self.commanded is not None else self.settable.default
        return np.array(
            [reading.get(name, fallback) for name, fallback in zip(self.settable.names, known, strict=True)],
            float,
        )

    def _situation(
        self, reading: dict[str, float], present: Array, most: Array, at: datetime, orders: Orders
    ) -> Situation:
        rise_k = None if self.model is None else float(self.model.chooser.cascade.inlet_rise_k)
        stands = {
            name: value
            for name, value, on_off in zip(
                self.settable.names, present.tolist(), self.settable.binary, strict=True
            )
            if on_off
        }
        self.switches.see(at, stands, reading)
        return Situation(
            present=present,
            most=most,
            known=reading,
            courses={
                "rack_inlet_c": inlet_course(self.intake.memory, at, rise_k),
                "rack_dew_point_c": tuple(self.intake.memory.recent("rack_dew_point_c", at, WINDOW)),
            },
            since_switch_h=np.array([self.switches.since_h(name, at) for name in self.settable.names]),
            since_running_h={
                each.after: self.switches.since_h(each.after, at) for each in self.safety.declared.dwells
            },
            overrides=by_quantity(self.site, orders.overrides),
        )
