"""The controller: one historian row in, setpoints out; the same object serves, simulates and is judged."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import jax
import numpy as np

from models.control.cascade import Cascade
from models.safety.backup import backup
from models.safety.layer import final
from models.safety.transfer import most_move, towards
from models.safety.types import Array, Bounds, Situation, Verdict
from pipelines.control.chooser import Chooser
from pipelines.control.clock import Clock
from pipelines.control.decision import Decision, Source
from pipelines.control.guard import Guard
from pipelines.control.inlet import inlet_course
from pipelines.control.memory import WINDOW, Memory
from pipelines.control.model_choice import ModelChoice
from pipelines.control.orders import Orders, bounds_of, by_quantity
from pipelines.control.reading import Reader
from pipelines.control.safeguards import Switches, resets_of, safety_of
from pipelines.control.settable import Settable
from pipelines.control.training import aliased
from pipelines.control.watch import Obedience, Residuals
from pipelines.site import Site

log = logging.getLogger(__name__)

HALLS = ("rack_inlet_c", "supply_air_c")  # what tells how warm they are
PATIENCE = timedelta(hours=1)  # with too little known: hold for this long, then go to the site's rule


class Controller:
    """Decides setpoints of a site with a learned cascade; `cascade` is None where nothing could be learned.

    Without a cascade, with doubts about it, or where load or weather stay unknown, it goes to the site's own rule (its
    default setpoints, where it declares none) at their slew rates and says why (`last`). Nothing that a historian
    shows, a model does or an operator orders makes `decide` raise. `orders` is asked at every decision.
    `without_model`: why the model may not decide now, "" where it may.
    """

    def __init__(
        self,
        site: Site,
        cascade: Cascade | None,
        *,
        why_none: str = "",
        orders: Callable[[], Orders] = Orders,
    ) -> None:
        self.site, self.settable, self.orders = site, Settable.of(site), orders
        self.safety, self.resets = safety_of(site), resets_of(site)
        self.reader, self.memory, self.clock = Reader(site), Memory(), Clock(site.interval.to_pytimedelta())
        self.guard, self.obedience, self.residuals = Guard(site), Obedience(self.settable), Residuals()
        self.switches = Switches(self.safety.declared)
        self.chooser, self.why_none = _chooser(site, cascade, self.settable, why_none)
        self.model = None if self.chooser is None else ModelChoice(site, self.chooser)
        self.commanded: Array | None = None
        self.informed_at: datetime | None = None
        self.halls_seen_at: datetime | None = None
        self.last = Decision({}, "no decision yet")
        self.without_model = ""
        self._said: frozenset[str] = frozenset()

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Setpoint tags and the values to write, in the tags' own units.

        row: historian tags and values of the last interval, any of them missing. at: UTC time of the decision.
        """
        passed, notices = self._tick(at)
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
            by_model = source == "model" and not verdict.alarms
            self.model.taken(wanted, verdict.values, by_model)
        reason, source = _told(verdict, reason, source)
        self.commanded = verdict.values
        values = dict(zip(self.settable.names, verdict.values.tolist(), strict=True))
        self.last = Decision(values, reason, source, orders.mode, verdict.clips, tuple(notices), goal)
        self._log(at)
        return {
            tag.tag: tag.exported(value)
            for tag, value in zip(self.settable.tags, values.values(), strict=True)
        }

    def remember(self, row: Mapping[str, Any], at: datetime) -> None:
        """Take a row in without deciding: one that came late, or from before a restart."""
        believed, _ = self.guard.believed(row, at)
        self._taken_in(believed, at)

    def stood_aside(self) -> None:
        """What was decided was not written: neither the plant's obedience nor its answer says anything about it."""
        self.commanded = None
        if self.model is not None:
            self.model.taken(self.settable.default, self.settable.default, by_model=False)

    def _goal(self, wanted: Array, source: Source) -> dict[str, float]:
        """Where the setpoints are meant to end up."""
        target = self.chooser.target if self.chooser is not None and source == "model" else None
        return dict(zip(self.settable.names, (wanted if target is None else target).tolist(), strict=True))

    def _accepted(self, orders: Orders, bounds: Bounds, present: Array, most: Array) -> Array:
        accepted = by_quantity(self.site, orders.accepted)
        goal = np.array(
            [accepted.get(name, now) for name, now in zip(bounds.names, present, strict=True)], float
        )
        return towards(bounds, present, goal, most)

    def _tick(self, at: datetime) -> tuple[timedelta, list[str]]:
        """Time since the last decision, and what is wrong with the clock."""
        passed, back, why = self.clock.tick(at)
        if back:
            self.memory.readings = [one for one in self.memory.readings if one[0] < at]
            self.guard.forget_after(at)
            self.residuals.forget_after(at)
            self.informed_at = min(at, self.informed_at) if self.informed_at else None
            self.halls_seen_at = min(at, self.halls_seen_at) if self.halls_seen_at else None
        return passed, [why] if why else []

    def _ordered(self, notices: list[str]) -> Orders:
        try:
            return self.orders()
        except Exception as error:  # whatever keeps the orders must not stop the plant's control
            notices.append(f"orders cannot be read ({error}): the site file's limits hold")
            log.exception("orders cannot be read")
            return Orders(mode=self.last.mode)

    def _read(self, row: Mapping[str, Any], at: datetime, notices: list[str]) -> dict[str, float]:
        believed, doubted = self.guard.believed(row, at)
        reading = self._taken_in(believed, at)
        expected = {} if self.model is None else self.model.expected_readings()
        notices += doubted + self.obedience.notices(at, self.commanded, reading)
        notices += self.residuals.notices(at, reading, expected)
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
        if self.without_model or self._blind(at):
            why = self.without_model or "no rack inlet or supply air was read for an hour"
            return self._by_rule(reading, bounds, present, most, why)
        self.model.keep_within(bounds)
        memory = Memory(list(self.memory.readings))  # a late decision must not see it change
        chosen = self.model.choose(reading, memory, present, most, at, passed)
        if chosen.failed:
            notices.append(chosen.reason)
        if chosen.values is not None:
            self.informed_at = at
            return chosen.values, chosen.reason, "model"
        if not chosen.closed and self.informed_at is not None and at - self.informed_at <= PATIENCE:
            return present, f"{chosen.reason}: holding for at most an hour", "hold"
        return self._by_rule(reading, bounds, present, most, chosen.reason)

    def _blind(self, at: datetime) -> bool:
        """Whether nothing tells how warm the halls are, though the site has points that would."""
        measured = any(point.quantity in HALLS for point in self.site.points)
        return measured and (self.halls_seen_at is None or at - self.halls_seen_at > PATIENCE)

    def _taken_in(self, believed: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Readings of a row that is believed, remembered."""
        read = self.reader.read(believed, at)
        if any(name in read for name in HALLS):
            self.halls_seen_at = at
        reading = aliased(read)
        self.memory.add(at, reading)
        return reading

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
        rise_k = None if self.chooser is None else float(self.chooser.cascade.inlet_rise_k)
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
                "rack_inlet_c": inlet_course(self.memory, at, rise_k),
                "rack_dew_point_c": tuple(self.memory.recent("rack_dew_point_c", at, WINDOW)),
            },
            since_switch_h=np.array([self.switches.since_h(name, at) for name in self.settable.names]),
            since_running_h={
                each.after: self.switches.since_h(each.after, at) for each in self.safety.declared.dwells
            },
            overrides=by_quantity(self.site, orders.overrides),
        )

    def _log(self, at: datetime) -> None:
        """Every decision at DEBUG; what is new among the notices, and what is over, once."""
        log.debug("%s %s %s: %s", at, self.last.source, self.last.values, self.last.reason)
        # The figures in a notice move on: what it is about is its first words.
        now = {" ".join(notice.split()[:2]): notice for notice in self.last.notices}
        for about, notice in now.items():
            if about not in self._said:
                log.warning("%s %s", at, notice)
        for about in sorted(self._said - now.keys()):
            log.info("%s over: %s", at, about)
        self._said = frozenset(now)


def _chooser(
    site: Site, cascade: Cascade | None, settable: Settable, why_none: str
) -> tuple[Chooser | None, str]:
    """The chooser, or None and why: a model that cannot be used must not keep the plant without control."""
    if cascade is None:
        return None, f" ({why_none})" if why_none else ""
    try:
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(cascade)):
            return None, " (it holds values that are not finite)"
        return Chooser(site, cascade, settable), ""
    except Exception as error:
        log.exception("the control model of %s cannot be used", site.name)
        return None, f" (it cannot be used: {type(error).__name__}: {error})"


def _told(verdict: Verdict, reason: str, source: Source) -> tuple[str, Source]:
    """The reason that counts: a person's override, then the monitor's, then the choice's."""
    rules = {clip.rule for clip in verdict.clips}
    if "override" in rules:
        named = ", ".join(clip.setpoint for clip in verdict.clips if clip.rule == "override")
        return f"a person has taken over {named}; {reason}", "override"
    if verdict.alarms:
        return verdict.alarms[-1], "monitor"
    return reason, source
