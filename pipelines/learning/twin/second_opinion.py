"""A second opinion on every new target: the site's fitted twin, settled at the present target and at the new one.

Both are runs of one plant, so that a constant error of the twin cancels in the difference.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax.typing import ArrayLike

import simulator
from models.cascade.cascade import NO_SAY_KW
from models.setpoints import groups_of, quantity_of
from models.twin import Twin
from models.twin.run import utilization_for_power
from pipelines.simulation.recorded_inputs import FIELDS
from pipelines.site.file import Site
from simulator.psychrometrics import pressure_at_altitude_pa

# Inputs besides setpoints, and their substitutes where unknown.
DRIVERS = {
    "load_kw": "load_kw", "outdoor_drybulb_c": "outdoor_wetbulb_c", "outdoor_wetbulb_c": "outdoor_wetbulb_c",
    "rack_inlet_c": "rack_inlet_c",
}  # fmt: skip
SLOW = ("load_kw", "rack_inlet_c")
AWAY = 0.5  # K, or of on and off: another state than the usual one
STATES, LEAST_STATES = 128, 40  # of either kind
SURE = 0.95
STEPS, DT_S = 36, 300.0  # three hours at held setpoints: longer than the loops' time constants


class TwinCheck:
    """Checks with the twin whether a move would do harm; compiled when it is made."""

    def __init__(self, site: Site, twin: Twin, names: tuple[str, ...], bound_kw: float) -> None:
        self.site, self.twin, self.bound_kw = site, twin, bound_kw
        self.columns = [k for k, name in enumerate(names) if quantity_of(name) in FIELDS]
        self.names = [names[k] for k in self.columns]
        # The twin has one setpoint of each quantity: it gets the mean of the site's.
        self.fields = {FIELDS[quantity]: list(at) for quantity, at in groups_of(self.names).items()}
        self.pressure_pa = float(pressure_at_altitude_pa(site.location.altitude_m))
        rest = {"load_kw": 1e-3, "outdoor_drybulb_c": 20.0, "outdoor_wetbulb_c": 15.0, "rack_inlet_c": 21.0}
        self._settled(np.zeros((2, len(self.names))), rest)

    def objection(self, kept: np.ndarray, wanted: np.ndarray, now: Mapping[str, float]) -> str:
        """Why the move from one target (k,) to another would do harm; "" where it would not, or inputs are unknown.

        now: present value of each of `DRIVERS`, NaN where it is not known.
        """
        states = self._states(kept, wanted, now)
        return "" if states is None else self._harm(*states)

    def expects(
        self, kept: np.ndarray, wanted: np.ndarray, now: Mapping[str, float]
    ) -> tuple[float, float] | None:
        """kW more at the second target than at the first, and its warmest rack inlet in °C; None as in `objection`."""
        states = self._states(kept, wanted, now)
        if states is None:
            return None
        power_kw, inlets_c = states
        return float(power_kw[1] - power_kw[0]), float(inlets_c[1])

    def _states(
        self, kept: np.ndarray, wanted: np.ndarray, now: Mapping[str, float]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Power and rack inlets (2,) at two targets; None where inputs are unknown."""
        now = {name: now[instead] if np.isnan(now[name]) else now[name] for name, instead in DRIVERS.items()}
        if not np.isfinite(list(now.values())).all():
            return None
        sensors = self._settled(np.stack([kept, wanted])[:, self.columns], now)
        return self._power_kw(sensors), np.asarray(sensors.rack_inlet_c)

    def _harm(self, power_kw: np.ndarray, inlets_c: np.ndarray) -> str:
        """What is wrong with the second of two states: power (2,) and rack inlets (2,)."""
        low, high = self.site.envelope.rack_inlet_min_c, self.site.envelope.rack_inlet_max_c
        was_c, would_c = inlets_c
        if self.twin.metered_it and (high < would_c > was_c or low > would_c < was_c):
            return f"the twin predicts a rack inlet of {would_c:.1f} °C, outside {low:g} to {high:g} °C"
        more_kw = float(power_kw[1] - power_kw[0])
        if more_kw > self.bound_kw:
            return (
                f"the twin expects {more_kw:.0f} kW more, more than its error bound of {self.bound_kw:.0f} kW"
            )
        return ""

    def bound_from(self, plant: pd.DataFrame, settled: np.ndarray) -> float:
        """Error in kW of the twin's difference in power between two states of a plant table, 95 % quantile.

        States away from the usual setpoints count for half, however rare they are. settled (n,): rows that count.
        """
        states = plant[settled].reindex(columns=[*self.names, *DRIVERS, "cooling_kw"])
        states = states.fillna({name: states[instead] for name, instead in DRIVERS.items()}).dropna()
        if len(states) < LEAST_STATES:
            return NO_SAY_KW
        away = (states[self.names] - states[self.names].median()).abs() > AWAY
        chosen = _spread(states[away.any(axis=1)]), _spread(states[~away.any(axis=1)])
        states = pd.concat(chosen)
        sensors = self._settled(states[self.names].to_numpy(), {n: states[n].to_numpy() for n in DRIVERS})
        off_kw = states["cooling_kw"].to_numpy() - np.asarray(sensors.cooling_w) / 1e3
        return float(np.quantile(np.abs(off_kw[:, None] - off_kw), SURE))

    def _power_kw(self, sensors: simulator.Sensors) -> np.ndarray:
        """Power that counts (n,)."""
        return np.asarray(sensors.facility_w if self.twin.metered_it else sensors.cooling_w) / 1e3

    def _settled(self, setpoints: np.ndarray, drivers: Mapping[str, ArrayLike]) -> simulator.Sensors:
        """Sensors, leaves (n,), at held setpoints (n, `names`) and drivers, each (n,) or one for all."""
        rows = len(setpoints)
        held = {name: jnp.broadcast_to(jnp.asarray(drivers[name], jnp.float32), rows) for name in DRIVERS}
        columns = {
            field: jnp.asarray(setpoints[:, at].mean(axis=1), jnp.float32)
            for field, at in self.fields.items()
        }
        return _compiled()(self.twin.controlled, columns, held, jnp.full(rows, self.pressure_pa, jnp.float32))


def _spread(states: pd.DataFrame) -> pd.DataFrame:
    """At most `STATES` of them, evenly over time."""
    return states.iloc[:: max(1, len(states) // STATES)][:STATES]


@cache
def _compiled() -> Callable:
    def one(controlled, chosen, held, pressure_pa):
        plant = controlled.plant
        share = plant.servers.rated_w / plant.servers.rated_w.sum()
        inlets_c = jnp.full_like(share, held["rack_inlet_c"])
        drivers = simulator.Drivers(
            outdoor_drybulb_c=held["outdoor_drybulb_c"],
            outdoor_wetbulb_c=held["outdoor_wetbulb_c"],
            pressure_pa=pressure_pa,
            it_utilization=utilization_for_power(plant, 1e3 * share * held["load_kw"], inlets_c),
        )
        series = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (STEPS, *leaf.shape)), drivers)
        asked = replace(controlled.setpoints, **chosen)
        _, sensors = simulator.rollout(plant, simulator.init(plant), asked, series, dt_s=DT_S)
        return jax.tree.map(lambda leaf: leaf[-1], sensors)

    return jax.jit(jax.vmap(one, in_axes=(None, 0, 0, 0)))
