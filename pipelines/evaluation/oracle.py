"""The oracle: an optimiser that knows the simulated plant, its state, and the weather and load to come.

No real control can know these; its saving is the yardstick for controls that see only sensors.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import qmc

import simulator
from pipelines.evaluation.plants import Simulated
from pipelines.simulation.plant import SETPOINT_FIELDS, STANDS_FOR
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable

HORIZON_HOURS = 4.0  # longer than any loop's time constant
SETTLED_FROM = 0.5  # of the horizon: only the settled part is priced, not the transient
SWEEP, FINER, ROUNDS, WIDTH = 128, 64, 3, 0.25
INLET_W_PER_K = 1e6  # beyond the envelope: more than any saving
MARGIN_K = 0.2
KEEP_SHARE = 0.003  # of facility power that a new target must save
DECIDES_EVERY = 4  # decisions of a quarter of an hour


class Oracle:
    """Receding horizon on the plant itself: a Sobol sweep over setpoints, then finer ones around the best."""

    def __init__(self, site: Site, driven: Simulated) -> None:
        self.settable, self.driven = Settable.of(site), driven
        envelope = site.envelope
        self.inlet_c = jnp.array([envelope.rack_inlet_min_c + MARGIN_K, envelope.rack_inlet_max_c - MARGIN_K])
        self.target, self.present, self.asked = self.settable.default, self.settable.default, 0
        self.slew_k = self.settable.slew_per_hour * max(site.interval_minutes, 15) / 60.0
        dimensions = len(self.settable.names)
        self._sobol = qmc.Sobol(dimensions, scramble=False).random(SWEEP)

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Setpoints by tag, in the tags' units; the row is not used."""
        if self.asked % DECIDES_EVERY == 0:
            self._aim()
        self.asked += 1
        settable = self.settable
        step = self.present + np.clip(self.target - self.present, -self.slew_k, self.slew_k)
        self.present = np.where(settable.binary, np.round(self.target), step)
        return {
            tag.tag: tag.exported(value)
            for tag, value in zip(settable.tags, self.present.tolist(), strict=True)
        }

    def _aim(self) -> None:
        low, high = self.settable.low, self.settable.high
        fresh = low + self._sobol * (high - low)
        cost = self._cost(np.vstack([fresh, np.repeat(self.target[None], FINER, axis=0)]))
        kept = cost[-1]
        best, at = cost.min(), np.vstack([fresh, self.target])[int(np.argmin(cost[: SWEEP + 1]))]
        for number in range(ROUNDS):
            around = at + WIDTH * 0.45**number * (self._sobol - 0.5) * (high - low)
            around = np.clip(np.vstack([around, np.repeat(at[None], FINER, axis=0)]), low, high)
            cost = self._cost(around)
            best, at = cost.min(), around[int(np.argmin(cost))]
        if best < (1.0 - KEEP_SHARE) * kept:
            self.target = np.where(self.settable.binary, np.round(at), at)

    def _cost(self, goals: np.ndarray) -> np.ndarray:
        """Settled facility power plus a penalty for leaving the envelope, W (n,), for goals (n, k)."""
        plant, settable = self.driven.plant, self.settable
        goals = np.where(settable.binary, np.round(goals), goals)
        steps = round(HORIZON_HOURS * 3600.0 / plant.dt_s)
        first = min(plant.steps_done, len(plant.drivers.outdoor_drybulb_c) - steps)
        fields = tuple(SETPOINT_FIELDS[STANDS_FOR.get(name, name)] for name in settable.names)
        held = simulator.init(plant.plant).setpoints if plant.held is None else plant.held
        slew = np.where(settable.binary, np.inf, settable.slew_per_hour * plant.dt_s / 3600.0)
        cost = _compiled()(
            plant.plant, plant.state, plant.drivers, first, held, jnp.asarray(goals, float),
            jnp.asarray(self.present, float), jnp.asarray(slew, float), self.inlet_c,
            fields=fields, steps=steps, dt_s=plant.dt_s,
        )  # fmt: skip
        return np.asarray(cost)


@cache
def _compiled():
    def cost(
        plant, state, drivers, first, held, goals, present, slew, inlet_c, *, fields, steps: int, dt_s: float
    ):
        def cut(leaf):
            return leaf if leaf.ndim == 0 else jax.lax.dynamic_slice_in_dim(leaf, first, steps)

        ahead = jax.tree.map(cut, drivers)
        number = jnp.arange(1, steps + 1)[:, None]

        def one(goal):
            reached = jnp.where(jnp.isinf(slew), jnp.inf, slew * number)
            path = present + jnp.clip(goal - present, -reached, reached)
            setpoints = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (steps,)), held)
            setpoints = replace(setpoints, **{name: path[:, at] for at, name in enumerate(fields)})
            _, sensors = simulator.rollout(plant, state, setpoints, ahead, dt_s=dt_s)
            settled = sensors.facility_w[round(SETTLED_FROM * steps) :].mean()
            beyond = jnp.maximum(sensors.rack_inlet_c - inlet_c[1], inlet_c[0] - sensors.rack_inlet_c)
            return settled + INLET_W_PER_K * jnp.maximum(beyond, 0.0).max()

        return jax.vmap(one)(goals)

    return jax.jit(cost, static_argnames=("fields", "steps", "dt_s"))
