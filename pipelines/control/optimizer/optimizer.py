"""Choice of setpoints with the cascade: the target, and the step towards it that slew rates and the record allow."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from models.cascade.cascade import FULL, MODES, Cascade, Outcome
from models.cascade.feedback import Expected
from models.cascade.objective import Objective, priced
from models.cascade.search import best
from models.cascade.step import boldest_allowed, reachable_steps
from models.graybox.learn import CHILLERS_RUN, Graybox, weather_of
from models.graybox.observed import wetbulb_line_c
from models.setpoints import Array, Bounds, groups_of, quantity_of
from pipelines.control.decision import Expectation, Settled
from pipelines.control.optimizer.adaptation import warm_up
from pipelines.control.optimizer.attainable import unavailable
from pipelines.control.optimizer.corrections import BACK
from pipelines.control.optimizer.hour import hour_at_rest, is_over
from pipelines.control.optimizer.inputs import an_hour_ago_c, drivers_of, needed, rest
from pipelines.control.optimizer.moment import Chosen, Moment, OptimizerMemory
from pipelines.control.optimizer.peak import unhurried
from pipelines.control.optimizer.physical_target import ADVISED, CAREFUL, aimed, is_due, unseen, wear_share
from pipelines.control.optimizer.surface_target import better, noted_start, to_stop_k
from pipelines.control.sensing.history import History

FULL_MODE = MODES.index(FULL)
RATE_SHARE = 0.8  # of the envelope's rate of change that a step may use
STILL = "nothing is clearly better"

Objection = Callable[[Array, Array, History, datetime], str]
TwinExpects = Callable[[Array, Array, Mapping[str, float]], tuple[float, float] | None]


@dataclass(frozen=True)
class SetpointOptimizer:
    """Chooses setpoints of a site with a learned cascade. Immutable: its memory is an argument.

    names (k,): of the setpoints as the cascade knows them; measured (k,): whether the setpoint is the controlled
    temperature itself. rate_k_per_h: of the envelope. support: whether setpoints must stay in the record's
    support. weight_of: price of a kWh at a time over its mean. objection: why the site's twin objects to going from one
    target to another, "" where it does not; None without a twin. exploration_share: of the usual cooling energy, that
    choices which teach may cost.
    """

    cascade: Cascade
    names: tuple[str, ...]
    measured: Array
    objective: Objective
    rate_k_per_h: float
    support: bool
    weight_of: Callable[[datetime], float]
    objection: Objection | None = None
    twin_expects: TwinExpects | None = None
    exploration_share: float = 0.0

    @property
    def usual_kw(self) -> float:
        """Cooling power that the plant usually needs."""
        return float(self.cascade.usual_kw)

    def choose(self, memory: OptimizerMemory, now: Moment) -> tuple[OptimizerMemory, Chosen | None]:
        """Memory after this decision, and the choice; None where load or weather is not known."""
        physics = self.cascade.physics
        if physics is None:
            return self._choose(memory, now)
        if is_over(memory.adaptation.at, now.at) and (hour := hour_at_rest(physics, now.history, now.at)):
            memory = replace(
                memory,
                adaptation=memory.adaptation.after(physics, hour),
                never_worse=memory.never_worse.after(self.cascade, self.names, hour, now.rule),
            )
        cascade = replace(self.cascade, physics=memory.adaptation.adapted(physics))
        return replace(self, cascade=cascade)._choose(memory, now)

    def _choose(self, memory: OptimizerMemory, now: Moment) -> tuple[OptimizerMemory, Chosen | None]:
        drivers = drivers_of(self.cascade, self.names, now.history, now.at)
        if drivers is None:
            return memory.forgetting_choice(), None
        memory = replace(self._learned(memory, now, drivers), peak=memory.peak.after(now.history, now.at))
        memory = noted_start(memory, drivers, now.at)
        if not memory.chillers_stand:
            drivers |= {"cover_in_hand_k": to_stop_k(memory, now.at)}
        for name in ("reach_bias_k", "inlet_bias_k"):
            drivers[name] = jnp.float32(getattr(memory.feedback, name))
        aim = replace(self._aim(now, drivers), peak_kw=jnp.float32(memory.peak.kw))
        if self.measured.any():
            drivers["reach_bias_k"] -= self._within_reach_k(now, drivers, aim)
        notices: tuple[str, ...] = ()
        if self.cascade.physics is not None:
            beyond = unseen(self.cascade.physics, drivers)
            notices = tuple(
                f"the record never had a {each}: decided by physics, with caution" for each in beyond
            )
        inlet_high_c = float(aim.inlet_high_c)
        limits = unavailable(self.cascade, self.names, self.measured, now, inlet_high_c=inlet_high_c)
        memory, now = memory.without(limits, now.bounds.names), now.without(limits)
        memory, target, reason = self._target(memory, now, drivers, aim, known=not notices)
        chosen, expected = self._step(now, drivers, aim, target, reason)
        memory = replace(memory, target=tuple(target.tolist()), expected=expected)
        to_rule = bool(np.array_equal(target, now.rule))
        expectation = replace(chosen.expectation, unavailable=limits, to_rule=to_rule)
        return memory, replace(chosen, expectation=expectation, notices=notices)

    def _aim(self, now: Moment, drivers: dict[str, Any]) -> Objective:
        """The objective now. Setpoints are not chosen to dry the air: what dew point the site's rule leaves is allowed.

        Beyond the limit outdoor air decides; a slope of a few hundredths of a kelvin would else outweigh any saving.
        """
        aim = replace(self.objective, weight=jnp.float32(self.weight_of(now.at)))
        if self.cascade.dew_point is None:
            return aim
        _, at_rule = self._priced(drivers, aim, now.rule[None])
        return replace(aim, dew_point_high_c=jnp.maximum(aim.dew_point_high_c, at_rule.dew_point_c[0]))

    def outcomes(self, values: Array, conditions: Mapping[str, float]) -> Outcome:
        """Outcome of setpoints (n, k) under the conditions of a decision (`Expectation.conditions`)."""
        drivers = rest(self.cascade, self.names) | {
            name: jnp.float32(value) for name, value in conditions.items()
        }
        return self._priced(drivers, self.objective, values)[1]

    def warm_up(self, bounds: Bounds) -> None:
        """Compile before the first decision has to be quick."""
        if self.cascade.physics is not None:
            warm_up(self.cascade.physics)
        drivers = rest(self.cascade, self.names)
        jax.block_until_ready(best(self.cascade, self._choice(bounds), self.objective, drivers))
        self._priced(drivers, self.objective, bounds.default[None])

    def _choice(self, bounds: Bounds) -> Bounds:
        """Bounds of the search: setpoints of which the record has no trials stay at their defaults."""
        names = needed(self.cascade)
        learned = np.array([quantity_of(name) in names for name in self.names], bool)
        low = np.where(learned, bounds.low, bounds.default)
        high = np.where(learned, bounds.high, bounds.default)
        return replace(bounds, names=self.names, low=low, high=high)

    def _within_reach_k(self, now: Moment, drivers: dict[str, Any], aim: Objective) -> jax.Array:
        """K by which a measured condenser-water temperature is colder than the model says towers can make it."""
        _, outcome = self._priced(drivers, aim, now.present[None])
        return jnp.float32(outcome.unreachable_k[0])

    def _target(
        self, memory: OptimizerMemory, now: Moment, drivers: dict[str, Any], aim: Objective, *, known: bool
    ) -> tuple[OptimizerMemory, Array, str]:
        """The target (k,) and why. The site's rule where the plant is shown to need more power than it would at it.

        known: whether the record has had such load and weather.
        """
        if self.cascade.physics is not None:
            return self._target_by_physics(memory, now, drivers, aim, self.cascade.physics, known=known)
        _, at_rule = self._priced(drivers, aim, now.rule[None])
        cooling_kw, rule_kw = now.quantities.get("cooling_kw", math.nan), float(at_rule.cooling_kw[0])
        comparison = memory.comparison.after(cooling_kw, rule_kw, self.usual_kw, now.at)
        memory = replace(memory, comparison=comparison)
        if comparison.goes_back(now.at):
            return memory, now.rule, BACK
        memory, wanted, gain_kw, why = better(
            _Prices(self, self._choice(now.bounds)),
            memory,
            now,
            drivers,
            aim,
            names=self.names,
            usual_kw=self.usual_kw,
        )
        return memory, *self._agreed(memory.kept(now), wanted, gain_kw, now, why)

    def _target_by_physics(
        self,
        memory: OptimizerMemory,
        now: Moment,
        drivers: dict[str, Any],
        aim: Objective,
        physics: Graybox,
        *,
        known: bool,
    ) -> tuple[OptimizerMemory, Array, str]:
        """Once an hour, the better target where the gain is clear."""
        if back := memory.never_worse.back(_wetbulb_c(physics, drivers), now.at):
            return memory, now.rule, back
        kept = memory.kept(now)
        _, outcome = self._priced(drivers, aim, kept[None])
        memory = replace(memory, wear=memory.wear.after(_chillers_run(physics, now, outcome), now.at))
        if memory.target is not None and not is_due(memory.aimed_at, now.at, advises=now.advises):
            return memory, kept, STILL
        reference_kw = float(physics.reference_kw)
        factor = memory.wear.factor(now.at, float(physics.starts_per_day))
        drivers = drivers | {
            "chillers_run": jnp.float32(outcome.chillers_run[0]),
            "kept_kw": jnp.asarray(outcome.facility_kw[:, 0], jnp.float32),
            "wear_share": wear_share(factor, reference_kw, self.usual_kw),
        }
        explores = now.explores and known
        found = aimed(
            _Prices(self, self._choice(now.bounds)),
            kept=kept,
            bounds=now.bounds,
            drivers=drivers,
            aim=aim if known else replace(aim, caution=jnp.maximum(aim.caution, CAREFUL)),
            reference_kw=reference_kw * (ADVISED if now.advises else 1.0),
            exploration=memory.exploration.of_day(now.at),
            budget_kwh=self.exploration_share * self.usual_kw * 24.0 if explores else 0.0,
        )
        memory = replace(memory, aimed_at=now.at, exploration=found.exploration)
        return memory, *self._agreed(kept, found.target, found.gain_kw, now)

    def _agreed(
        self, kept: Array, wanted: Array | None, gain_kw: float, now: Moment, why: str = ""
    ) -> tuple[Array, str]:
        """The better target and why, unless there is none or the twin objects to it: then the present one."""
        if wanted is None:
            return kept, STILL
        if why:
            return wanted, why
        why_not = self.objection(kept, wanted, now.history, now.at) if self.objection else ""
        if why_not:
            return kept, f"{_listed(self.names, wanted)} is not tried: {why_not}"
        if gain_kw > self.usual_kw:  # penalties, not power
            return wanted, f"{_listed(self.names, kept)} is outside the record, out of reach or not allowed"
        return wanted, f"expected to need {gain_kw:.0f} kW less than {_listed(self.names, kept)}"

    def _step(
        self, now: Moment, drivers: dict[str, Any], aim: Objective, target: Array, reason: str
    ) -> tuple[Chosen, Expected]:
        """The largest step towards the target that goes no further beyond the record and the limits."""
        goal = target
        if now.quantities.get("rack_inlet_c", math.inf) <= float(aim.inlet_high_c):
            goal = unhurried(self.names, now.present, target, now.most)
        steps = reachable_steps(now.present, goal, now.most, now.bounds)
        tried = np.vstack([steps, target])
        _, outcome = self._priced(drivers, aim, tried)
        keeps_standing = float(drivers["chillers_stopped"]) > 0.5 and outcome.mode[-1] == FULL_MODE
        spare_k = outcome.spare_k[:-1] if keeps_standing else np.zeros(len(steps))
        leaving_k = self._leaving_k(outcome, tried, now.present, drivers)
        beyond = np.vstack([self._beyond(outcome, aim, an_hour_ago_c(now.history, now.at)), leaving_k])
        row = boldest_allowed(beyond[:, :-1], spare_k)
        expected = Expected(
            cw_supply_c=float(outcome.cw_supply_c[row]),
            short_k=float(outcome.short_k[row]),
            rack_inlet_c=float(outcome.rack_inlet_c[row]),
            cooling_kw=float(outcome.cooling_kw[row]),
            mode=int(outcome.mode[row]),
            # Plants that the record leaves possible may differ: that is priced when a target is chosen.
            spread_kw=float(np.std(outcome.facility_kw[:, row])) if self.cascade.physics is None else 0.0,
            outside=float(outcome.outside[row]),
        )
        conditions = {name: float(value) for name, value in drivers.items() if np.ndim(value) == 0}
        # The last step holds every setpoint.
        expectation = Expectation(
            _settled(outcome, len(steps) - 1), _settled(outcome, len(steps)), conditions
        )
        return Chosen(steps[row], target, reason, expectation), expected

    def _beyond(self, outcome: Outcome, aim: Objective, inlet_then_c: float) -> Array:
        """How far outcomes (n,) lie beyond record, reach of the towers, envelope and its rate of change: (5, n)."""
        inlet_c = outcome.rack_inlet_c
        excess_k = np.maximum(
            inlet_c - float(aim.inlet_high_c), float(aim.inlet_low_c) - outcome.coldest_inlet_c
        ).clip(0.0)
        dew_k = (outcome.dew_point_c - float(aim.dew_point_high_c)).clip(0.0)
        rate_k = (np.abs(inlet_c - inlet_then_c) - RATE_SHARE * self.rate_k_per_h).clip(0.0)
        outside = outcome.outside if self.support else outcome.outside * 0.0
        return np.stack([outside, outcome.unreachable_k, excess_k, dew_k, np.nan_to_num(rate_k)])

    def _leaving_k(self, outcome: Outcome, values: Array, present: Array, drivers: dict[str, Any]) -> Array:
        """K (n,) by which inlets leave the envelope until chillers run, where a step switches the economizer off."""
        eco = self.cascade.economizer
        columns = [k for k, name in enumerate(self.names) if quantity_of(name) == "economizer_enable"]
        if eco is None or not columns:
            return np.zeros(len(values))
        leaves = ((present[columns] > 0.5) & (values[:, columns] < 0.5)).any(axis=1)
        rise_k = float(eco.leaves_k) * float(drivers["chillers_missing"])
        excess_k = outcome.rack_inlet_c + rise_k - float(self.objective.inlet_high_c)
        return np.where(leaves, np.maximum(excess_k, 0.0), 0.0)

    def _learned(self, memory: OptimizerMemory, now: Moment, drivers: dict[str, Any]) -> OptimizerMemory:
        if memory.expected is None:
            return memory
        as_expected = memory.expected.mode == FULL_MODE and float(drivers["chillers_stopped"]) > 0.5
        feedback = memory.feedback.after(
            memory.expected,
            cw_supply_c=now.quantities.get("cw_supply_c", math.nan),
            rack_inlet_c=now.quantities.get("rack_inlet_c", math.nan),
            cooling_kw=now.quantities.get("cooling_kw", math.nan),
            mode_as_expected=as_expected,
        )
        return replace(memory, feedback=feedback)

    def _priced(self, drivers: dict[str, Any], aim: Objective, values: Array) -> tuple[Array, Any]:
        """Price and outcome of setpoints (n, k), padded so that one shape is compiled."""
        rows = max(2 ** len(groups_of(self.names)) + 1, 4, len(values))
        padded = np.concatenate([values, np.repeat(values[-1:], rows - len(values), axis=0)])
        cost, outcome = priced(self.cascade, self.names, aim, drivers, jnp.asarray(padded, jnp.float32))
        cut = jax.tree.map(lambda part: np.asarray(part)[..., : len(values)], outcome)
        return np.asarray(cost)[: len(values)], cut


def _wetbulb_c(physics: Graybox, drivers: Mapping[str, Any]) -> float:
    """Outdoor wetbulb, or what a line makes of the drybulb, as the record's rows have it."""
    weather_c = float(drivers[weather_of(physics.metering.humid)])
    return weather_c if physics.metering.humid else float(wetbulb_line_c(weather_c))


def _chillers_run(physics: Graybox, now: Moment, outcome: Outcome) -> float:
    """1 where chillers run, 0 where they stand: by their meter, else as expected."""
    chiller_kw = now.quantities.get("chiller_kw", math.nan)
    if "chiller_kw" in physics.meters and math.isfinite(chiller_kw):
        return float(chiller_kw > CHILLERS_RUN * float(physics.reference_kw))
    return float(outcome.chillers_run[0])


def _settled(outcome: Outcome, row: int) -> Settled:
    return Settled(
        facility_kw=tuple(np.asarray(outcome.facility_kw)[:, row].astype(float).tolist()),
        cooling_kw=float(outcome.cooling_kw[row]),
        it_kw=float(outcome.it_kw[row]),
        rack_inlet_c=float(outcome.rack_inlet_c[row]),
        outside=float(outcome.outside[row]),
    )


def _listed(names: tuple[str, ...], values: Array) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(names, values, strict=True))


@dataclass(frozen=True)
class _Prices:
    """An optimizer's prices within the bounds of the search."""

    optimizer: SetpointOptimizer
    choice: Bounds

    def best(self, aim: Objective, drivers: Mapping[str, Any]) -> tuple[Array, Array]:
        """Setpoints (c, k) and prices (c,) in kW."""
        values, prices = best(self.optimizer.cascade, self.choice, aim, drivers)
        return np.asarray(values, float), np.asarray(prices, float)

    def priced(self, aim: Objective, drivers: Mapping[str, Any], values: Array) -> tuple[Array, Outcome]:
        """Prices (n,) in kW and outcomes of setpoints (n, k)."""
        return self.optimizer._priced(dict(drivers), aim, values)
