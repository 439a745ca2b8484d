"""What the cascade would choose: the target, and the step towards it that slew rates and the record allow."""

import math
from datetime import datetime, timedelta
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from models.control.cascade import FULL, MODES, Cascade, Outcome
from models.control.feedback import Expected, Feedback
from models.control.search import Choice, Objective, best, priced
from models.control.step import boldest_allowed, reachable_steps
from models.control.surface import Surface
from pipelines.control.memory import NEWEST, Memory
from pipelines.control.settable import Settable
from pipelines.site import Site

FULL_MODE = MODES.index(FULL)

HYSTERESIS_KW, HYSTERESIS_SHARE = 12.0, 0.06  # the smaller of these, of cooling power, before a target moves
SWITCH_KW = 8.0  # more where an on/off setpoint would switch
INLET_MARGIN_K = 0.5  # and twice the scatter of what is predicted
ENTER_K, STAY_K = 0.7, 0.2  # in hand before chillers are relied on to stop, and while they stand
REACH_K = 0.6  # in hand over the coldest water that towers reach
NUDGE_K, NUDGE_EVERY, NUDGE_KW = 0.8, timedelta(hours=2), 10.0
PRESENT = (
    "rack_inlet_now_c", "chillers_stopped", "wetbulb_rise_k", "reach_bias_k", "inlet_bias_k",
    "cover_in_hand_k", "reach_in_hand_k", "chillers_missing",
)  # fmt: skip
STILL_K = 0.3  # from the target: no longer on the way
COSTLY = "the plant needs clearly more than expected here: a small move to leave that state"


class Chooser:
    """Chooses setpoints of a site with a learned cascade; remembers its target and what it expected of the last."""

    def __init__(self, site: Site, cascade: Cascade, settable: Settable) -> None:
        self.site, self.cascade = site, cascade
        self.names, self.binary = settable.names, settable.binary
        self.low, self.high, self.default = settable.low, settable.high, settable.default
        self.feedback = Feedback()
        self.target: np.ndarray | None = None
        self.expected: Expected | None = None
        self.nudged_at: datetime | None = None
        self._choice, self._objective = self._chooses(cascade), self._aims(cascade)
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
        drivers = self._drivers(memory, at)
        if drivers is None:
            self.target = self.expected = None
            return None
        return self._informed(reading, drivers, present, most, at)

    def forget_target(self) -> None:
        """The setpoints were taken elsewhere: choose anew from where they stand."""
        self.target = None

    def _informed(
        self, reading: dict[str, float], drivers: dict, present: np.ndarray, most: np.ndarray, at: datetime
    ) -> tuple[np.ndarray, str]:
        self._learn_from(reading, drivers, at)
        for name in ("reach_bias_k", "inlet_bias_k"):
            drivers[name] = jnp.float32(getattr(self.feedback, name))
        target, reason = self._aim(drivers, present, at)
        self.target = target
        steps = reachable_steps(present, target, most, self.binary)
        _, found = self._priced(drivers, np.vstack([steps, target]))
        keeps_standing = float(drivers["chillers_stopped"]) > 0.5 and found.mode[-1] == FULL_MODE
        spare_k = found.spare_k[:-1] if keeps_standing else np.zeros(len(steps))
        beyond = np.vstack(
            [self._beyond(found), self._leaving_k(found, np.vstack([steps, target]), present, drivers)]
        )
        chosen = boldest_allowed(beyond[:, :-1], spare_k)
        self.expected = Expected(
            cw_supply_c=float(found.cw_supply_c[chosen]),
            short_k=float(found.short_k[chosen]),
            rack_inlet_c=float(found.rack_inlet_c[chosen]),
            cooling_kw=float(found.cooling_kw[chosen]),
            mode=int(found.mode[chosen]),
        )
        return steps[chosen], reason

    def _aim(self, drivers: dict, present: np.ndarray, at: datetime) -> tuple[np.ndarray, str]:
        """Move the target where that is clearly worth it: to one with all margins, from one that has lost them."""
        careful = drivers | {"cover_in_hand_k": jnp.float32(ENTER_K)}
        values, prices = (
            np.asarray(part, float) for part in best(self.cascade, self._choice, self._objective, careful)
        )
        kept = present if self.target is None else self.target
        kept_price, found = self._priced(drivers, kept[None])
        cooling_kw = float(found.cooling_kw[0])
        gain = float(kept_price[0]) - prices
        switches = (np.round(values[:, self.binary]) != np.round(kept[self.binary])).any(axis=1)
        needed = min(HYSTERESIS_KW, HYSTERESIS_SHARE * cooling_kw) + SWITCH_KW * switches
        worth = np.where(gain > needed, gain, -np.inf)
        if np.isfinite(worth).any():
            return values[
                int(np.argmax(worth))
            ], f"expected to need {worth.max():.0f} kW less than {_told(self.names, kept)}"
        nudged = self._leave_costly_branch(drivers, kept, present, cooling_kw, at)
        return (kept, "nothing is clearly better") if nudged is None else (nudged, COSTLY)

    def _leave_costly_branch(
        self, drivers: dict, kept: np.ndarray, present: np.ndarray, cooling_kw: float, at: datetime
    ) -> np.ndarray | None:
        """A target a small move away, where a plant has settled in a state that needs more than it should."""
        recent = self.nudged_at is not None and at - self.nudged_at < NUDGE_EVERY
        moving = np.abs(kept - present).max() > STILL_K
        moves = [
            move for name in ("cw_supply_sp_c", "chw_supply_sp_c") if (move := self._warmer(name)) is not None
        ]
        if recent or moving or not moves or not self.feedback.stuck(cooling_kw):
            return None
        tried = np.array([*(np.clip(kept + move, self.low, self.high) for move in moves), kept])
        prices, found = self._priced(drivers, tried)
        same = (np.asarray(found.mode) == int(found.mode[-1])) & (prices < prices[-1] + NUDGE_KW)
        allowed = np.flatnonzero(same[:-1])
        if len(allowed) == 0:
            return None
        number = 0 if self.nudged_at is None else int(self.nudged_at.timestamp() // 3600)
        self.nudged_at = at
        return tried[allowed[number % len(allowed)]]

    def _beyond(self, found: Outcome) -> np.ndarray:
        """How far outcomes (n,) lie beyond record, reach of the towers and envelope: (3, n)."""
        inlet_c, aim = found.rack_inlet_c, self._objective
        excess_k = np.maximum(inlet_c - float(aim.inlet_high_c), float(aim.inlet_low_c) - inlet_c).clip(0.0)
        return np.stack([found.outside, found.unreachable_k, excess_k])

    def _leaving_k(
        self, found: Outcome, values: np.ndarray, present: np.ndarray, drivers: dict
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

    def _warmer(self, name: str) -> np.ndarray | None:
        if name not in self.names:
            return None
        move = np.zeros(len(self.names))
        together = ("chw_supply_sp_c", "supply_air_sp_c") if name == "chw_supply_sp_c" else (name,)
        for each in together:
            if each in self.names:
                move[self.names.index(each)] = NUDGE_K
        return move

    def _learn_from(self, reading: dict[str, float], drivers: dict, at: datetime) -> None:
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

    def _priced(self, drivers: dict, values: np.ndarray) -> tuple[np.ndarray, Any]:
        """Price and outcome of setpoints (n, k), padded so that one shape is compiled."""
        rows = max(2 ** len(self.names) + 1, 4)
        padded = np.concatenate([values, np.repeat(values[-1:], rows - len(values), axis=0)])
        cost, found = priced(
            self.cascade, self._choice, self._objective, drivers, jnp.asarray(padded, jnp.float32)
        )
        cut = jax.tree.map(lambda part: np.asarray(part)[..., : len(values)], found)
        return np.asarray(cost)[: len(values)], cut

    def _drivers(self, memory: Memory, at: datetime) -> dict[str, Any] | None:
        """The present as the cascade needs it; None where something it needs is not known."""
        chosen = set(self.names)
        needs = {name for name in self._needs if name not in chosen}
        known = {
            name: memory.mean(name, at, NEWEST if name.startswith("outdoor") else timedelta(hours=1))
            for name in needs
        }
        if not all(math.isfinite(value) for value in known.values()):
            return None
        rise_k = float(self.cascade.inlet_rise_k)
        inlet = memory.mean("supply_air_c", at) + rise_k
        if not math.isfinite(inlet):
            inlet = memory.mean("rack_inlet_c", at)
        eco = self.cascade.economizer
        stopped = eco is not None and memory.below("chiller_kw", float(eco.stopped_kw), at)
        present = {
            "rack_inlet_now_c": inlet if math.isfinite(inlet) else float(self._objective.inlet_low_c),
            "chillers_stopped": float(stopped),
            "cover_in_hand_k": STAY_K if stopped else ENTER_K,
            "wetbulb_rise_k": memory.rise_per_hour("outdoor_wetbulb_c", at),
            "reach_in_hand_k": REACH_K,
            "reach_bias_k": 0.0,
            "inlet_bias_k": 0.0,
            "chillers_missing": self._chillers_missing(memory, at),
        }
        return {name: jnp.float32(value) for name, value in (known | present).items()}

    def _chillers_missing(self, memory: Memory, at: datetime) -> float:
        """Share of the chillers' usual power that they do not draw now; all of it where no meter tells."""
        if self.cascade.economizer is None:
            return 0.0
        share = memory.mean("chiller_kw", at, NEWEST) / float(self.cascade.economizer.usual_kw)
        return float(np.clip(1.0 - share, 0.0, 1.0)) if math.isfinite(share) else 1.0

    def _chooses(self, cascade: Cascade) -> Choice:
        """What the search may choose: setpoints that the record says nothing of stay at their defaults."""
        needs = _inputs(cascade)
        if "gap_k" in needs:
            needs |= {"supply_air_sp_c", "chw_supply_sp_c"}
        if "cw_supply_c" in needs or "cw_approach_k" in needs:
            needs |= {"cw_supply_sp_c"}
        if "chw_supply_c" in needs:
            needs |= {"chw_supply_sp_c"}
        if "rack_inlet_c" in needs or "supply_air_c" in needs:
            needs |= {"supply_air_sp_c"}
        if {"cw_approach_k", "outdoor_wetbulb_c"} & needs or cascade.reach:
            needs |= {"outdoor_wetbulb_c"}
        settable = {"supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable"}
        self._needs = (
            {"load_kw"}
            | {n for n in needs if n.startswith("outdoor") or n.endswith("_sp")}
            | (needs & settable)
        )
        if cascade.economizer is not None:
            self._needs |= {"economizer_enable"}
        known = np.array([name in self._needs for name in self.names])
        low, high = np.where(known, self.low, self.default), np.where(known, self.high, self.default)
        return Choice(
            self.names,
            tuple(self.binary.tolist()),
            jnp.asarray(low, jnp.float32),
            jnp.asarray(high, jnp.float32),
        )

    def _aims(self, cascade: Cascade) -> Objective:
        noise_k = float(cascade.worst_inlet.noise) if cascade.worst_inlet else 0.0
        margin_k = INLET_MARGIN_K + 2.0 * noise_k
        envelope = self.site.envelope
        low, high = envelope.rack_inlet_min_c + margin_k, envelope.rack_inlet_max_c - margin_k
        objective = Objective(jnp.float32(low), jnp.float32(high))
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), objective)

    def _warm_up(self) -> None:
        """Compile before the first decision has to be quick."""
        names = {name for name in self._needs if name not in self.names}
        drivers = {name: jnp.float32(1.0) for name in (*names, *PRESENT)}
        jax.block_until_ready(best(self.cascade, self._choice, self._objective, drivers))
        self._priced(drivers, self.default[None])


def _inputs(cascade: Cascade) -> set[str]:
    """Names of everything that some surface of the cascade needs."""
    leaves = jax.tree.leaves(cascade, is_leaf=lambda node: isinstance(node, Surface))
    return {name for leaf in leaves if isinstance(leaf, Surface) for name in leaf.inputs}


def _told(names: tuple[str, ...], values: np.ndarray) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(names, values, strict=True))
