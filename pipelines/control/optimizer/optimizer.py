"""What the cascade would choose: the target, and the step towards it that slew rates and the record allow."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from models.cascade.cascade import FULL, MODES, Cascade, Outcome
from models.cascade.feedback import Expected, Feedback
from models.cascade.objective import priced
from models.cascade.search import best
from models.cascade.step import boldest_allowed, reachable_steps
from models.twin import Twin
from pipelines.control.optimizer.corrections import BACK, COSTLY, AgainstDefault, Nudge
from pipelines.control.optimizer.inputs import (
    ENTER_K,
    PRESENT,
    choice_of,
    drivers_of,
    needed,
    objective_of,
    weight_of,
)
from pipelines.control.sensing.history import WINDOW, Memory
from pipelines.learning.twin.second_opinion import TwinCheck
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable

FULL_MODE = MODES.index(FULL)

# Of usual, or of present cooling power, the smaller: what a target must be better by before it moves.
HYSTERESIS_USUAL, HYSTERESIS_SHARE = 0.045, 0.06
SWITCH_USUAL = 0.03  # more where an on/off setpoint would switch
REST, REST_K = timedelta(hours=4), 2.0  # after a start, K more in hand before a stop, less and less
RATE_SHARE = 0.8  # of the envelope's rate of change that a step may use


class Chooser:
    """Chooses setpoints of a site with a learned cascade; remembers its target and what it expected of the last.

    twin: the site's fitted plant, asked for a second opinion on every new target; None where there is none.
    """

    def __init__(self, site: Site, cascade: Cascade, settable: Settable, twin: Twin | None = None) -> None:
        self.site, self.cascade = site, cascade
        self.names, self.binary, self.default = settable.names, settable.binary, settable.default
        self.feedback = Feedback()
        self.target: np.ndarray | None = None
        self.expected: Expected | None = None
        self._standing = False
        self._started_at: datetime | None = None
        self.usual_kw = float(cascade.usual_kw)
        self._choice, self._objective = choice_of(cascade, settable), objective_of(cascade, site)
        self._against_default = AgainstDefault(self.usual_kw)
        self._nudge = Nudge(settable.names, settable.low, settable.high)
        asked = twin if site.control.twin_check else None
        self._twin = TwinCheck(site, asked, settable.names, float(cascade.twin_bound_kw)) if asked else None
        self._warm_up()

    def choose(
        self,
        reading: dict[str, float],
        memory: Memory,
        present: np.ndarray,
        most: np.ndarray,
        at: datetime,
    ) -> tuple[np.ndarray, str] | None:
        """Setpoints (k,) within `most` (k,) of the present ones, and why; None where load or weather is not known."""
        drivers = drivers_of(self.cascade, self.names, memory, at)
        if drivers is None:
            self.target = self.expected = None
            return None
        self._learn_from(reading, drivers)
        drivers |= {} if self._stands(drivers, at) else {"cover_in_hand_k": self._to_stop_k(at)}
        for name in ("reach_bias_k", "inlet_bias_k"):
            drivers[name] = jnp.float32(getattr(self.feedback, name))
        self._objective = replace(self._objective, weight=jnp.float32(weight_of(self.site, at)))
        if self._worse_than_default(reading, drivers, at):
            self.target, reason = self.default, BACK
        else:
            self.target, reason = self._aim(drivers, memory, present, at)
        inlet_then_c = _an_hour_ago_c(memory, at)
        return self._step(drivers, present, most, inlet_then_c), reason

    def forget_target(self) -> None:
        """The setpoints were taken elsewhere: choose anew from where they stand."""
        self.target = None

    def _step(
        self, drivers: dict[str, Any], present: np.ndarray, most: np.ndarray, inlet_then_c: float
    ) -> np.ndarray:
        """The boldest step towards the target that leads no further beyond what is known and allowed."""
        assert self.target is not None
        steps = reachable_steps(present, self.target, most, self.binary)
        _, found = self._priced(drivers, np.vstack([steps, self.target]))
        keeps_standing = float(drivers["chillers_stopped"]) > 0.5 and found.mode[-1] == FULL_MODE
        spare_k = found.spare_k[:-1] if keeps_standing else np.zeros(len(steps))
        leaving_k = self._leaving_k(found, np.vstack([steps, self.target]), present, drivers)
        beyond = np.vstack([self._beyond(found, inlet_then_c), leaving_k])
        chosen = boldest_allowed(beyond[:, :-1], spare_k)
        self.expected = Expected(
            cw_supply_c=float(found.cw_supply_c[chosen]),
            short_k=float(found.short_k[chosen]),
            rack_inlet_c=float(found.rack_inlet_c[chosen]),
            cooling_kw=float(found.cooling_kw[chosen]),
            mode=int(found.mode[chosen]),
        )
        return steps[chosen]

    def _aim(
        self, drivers: dict[str, Any], memory: Memory, present: np.ndarray, at: datetime
    ) -> tuple[np.ndarray, str]:
        """Move the target where that is clearly worth it: to one with all margins, from one that has lost them."""
        careful = drivers | {"cover_in_hand_k": self._to_stop_k(at)}
        values, prices = (
            np.asarray(part, float) for part in best(self.cascade, self._choice, self._objective, careful)
        )
        kept = present if self.target is None else self.target
        kept_price, found = self._priced(drivers, kept[None])
        cooling_kw = float(found.cooling_kw[0])
        gain = float(kept_price[0]) - prices
        switches = (np.round(values[:, self.binary]) != np.round(kept[self.binary])).any(axis=1)
        needed_kw = min(HYSTERESIS_USUAL * self.usual_kw, HYSTERESIS_SHARE * cooling_kw)
        worth = np.where(gain > needed_kw + SWITCH_USUAL * self.usual_kw * switches, gain, -np.inf)
        if np.isfinite(worth).any():
            return self._agreed(kept, values[int(np.argmax(worth))], float(worth.max()), memory, at)
        if self.feedback.stuck(cooling_kw, self.usual_kw):
            away = self._nudge.away(
                kept, present, lambda tried: self._priced(drivers, tried), self.usual_kw, at
            )
            if away is not None:
                return away, COSTLY
        return kept, "nothing is clearly better"

    def _agreed(
        self, kept: np.ndarray, wanted: np.ndarray, gain_kw: float, memory: Memory, at: datetime
    ) -> tuple[np.ndarray, str]:
        """The better target, unless the twin sees harm in it: then the present one."""
        why_not = self._twin.objection(kept, wanted, memory, at) if self._twin else ""
        if why_not:
            return kept, f"{_told(self.names, wanted)} is not tried: {why_not}"
        told = _told(self.names, kept)
        if gain_kw > self.usual_kw:  # penalties, not power
            return wanted, f"{told} has left what is known, in reach or allowed"
        return wanted, f"expected to need {gain_kw:.0f} kW less than {told}"

    def _beyond(self, found: Outcome, inlet_then_c: float) -> np.ndarray:
        """How far outcomes (n,) lie beyond record, reach of the towers, envelope and its rate of change: (5, n)."""
        inlet_c, aim = found.rack_inlet_c, self._objective
        excess_k = np.maximum(inlet_c - float(aim.inlet_high_c), float(aim.inlet_low_c) - inlet_c).clip(0.0)
        dew_k = (found.dew_point_c - float(aim.dew_point_high_c)).clip(0.0)
        rate_k = (np.abs(inlet_c - inlet_then_c) - RATE_SHARE * self.site.envelope.rate_k_per_h).clip(0.0)
        rate_k = np.nan_to_num(rate_k)
        outside = found.outside if self.site.control.support else found.outside * 0.0
        return np.stack([outside, found.unreachable_k, excess_k, dew_k, rate_k])

    def _worse_than_default(self, reading: dict[str, float], drivers: dict[str, Any], at: datetime) -> bool:
        _, found = self._priced(drivers, self.default[None])
        return self._against_default.worse(
            reading.get("cooling_kw", math.nan), float(found.cooling_kw[0]), at
        )

    def _stands(self, drivers: dict[str, Any], at: datetime) -> bool:
        """Whether chillers stand; notes when they start again."""
        standing = float(drivers["chillers_stopped"]) > 0.5
        if self._standing and not standing:
            self._started_at = at
        self._standing = standing
        return standing

    def _to_stop_k(self, at: datetime) -> jax.Array:
        """K in hand before chillers are relied on to stop: more for a while after a start, which wears them."""
        since = REST if self._started_at is None else max(at - self._started_at, timedelta(0))
        return jnp.float32(ENTER_K + REST_K * max(0.0, 1.0 - since / REST))

    def _leaving_k(
        self, found: Outcome, values: np.ndarray, present: np.ndarray, drivers: dict[str, Any]
    ) -> np.ndarray:
        """K (n,) by which inlets leave the envelope until chillers run, where a step switches the economizer off."""
        eco = self.cascade.economizer
        if eco is None or "economizer_enable" not in self.names:
            return np.zeros(len(values))
        column = self.names.index("economizer_enable")
        leaves = (present[column] > 0.5) & (values[:, column] < 0.5)
        rise_k = float(eco.leaves_k) * float(drivers["chillers_missing"])
        excess_k = found.rack_inlet_c + rise_k - float(self._objective.inlet_high_c)
        return np.where(leaves, np.maximum(excess_k, 0.0), 0.0)

    def _learn_from(self, reading: dict[str, float], drivers: dict[str, Any]) -> None:
        if self.expected is None:
            return
        as_expected = self.expected.mode == FULL_MODE and float(drivers["chillers_stopped"]) > 0.5
        self.feedback = self.feedback.after(
            self.expected,
            cw_supply_c=reading.get("cw_supply_c", math.nan),
            rack_inlet_c=reading.get("rack_inlet_c", math.nan),
            cooling_kw=reading.get("cooling_kw", math.nan),
            mode_as_expected=as_expected,
        )

    def _priced(self, drivers: dict[str, Any], values: np.ndarray) -> tuple[np.ndarray, Any]:
        """Price and outcome of setpoints (n, k), padded so that one shape is compiled."""
        rows = max(2 ** len(self.names) + 1, 4)
        padded = np.concatenate([values, np.repeat(values[-1:], rows - len(values), axis=0)])
        cost, found = priced(
            self.cascade, self.names, self._objective, drivers, jnp.asarray(padded, jnp.float32)
        )
        cut = jax.tree.map(lambda part: np.asarray(part)[..., : len(values)], found)
        return np.asarray(cost)[: len(values)], cut

    def _warm_up(self) -> None:
        """Compile before the first decision has to be quick."""
        names = needed(self.cascade) - set(self.names)
        drivers = {name: jnp.float32(1.0) for name in (*names, *PRESENT)}
        jax.block_until_ready(best(self.cascade, self._choice, self._objective, drivers))
        self._priced(drivers, self.default[None])


def _an_hour_ago_c(memory: Memory, at: datetime) -> float:
    """The oldest rack inlet read within the hour, NaN where none was."""
    course = memory.recent("rack_inlet_c", at, WINDOW + timedelta(seconds=1))
    return course[0][1] if course else math.nan


def _told(names: tuple[str, ...], values: np.ndarray) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(names, values, strict=True))
