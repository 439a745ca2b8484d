"""A second opinion on every new target: the site's fitted twin, settled at the present target and at the new one.

Both are runs of one plant, so that a lasting error of the twin falls out of their difference.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

import simulator
from models.twin import Twin
from models.twin.run import utilization_for_power
from pipelines.control.memory import NEWEST, Memory
from pipelines.simulation.plant import SETPOINT_FIELDS
from pipelines.site import Site
from simulator.psychrometrics import pressure_at_altitude_pa

STEPS, DT_S = 36, 300.0  # three hours at held setpoints: longer than loops remember


class TwinCheck:
    """Asks a twin whether a move would harm; compiled when it is made."""

    def __init__(self, site: Site, twin: Twin, names: tuple[str, ...]) -> None:
        self.site, self.twin = site, twin
        self.fields = {SETPOINT_FIELDS[name]: k for k, name in enumerate(names) if name in SETPOINT_FIELDS}
        self.pressure_pa = float(pressure_at_altitude_pa(site.location.altitude_m))
        bounds = twin.bounds.get("cooling_w")
        self.bound_kw = 0.5e-3 * (bounds.high - bounds.low) if bounds else 0.0
        rest = np.zeros((2, len(names)))
        self._settled(rest, load_kw=1e-3, drybulb_c=20.0, wetbulb_c=15.0, inlet_c=21.0)

    def objection(self, kept: np.ndarray, wanted: np.ndarray, memory: Memory, at: datetime) -> str:
        """Why the move from one target (k,) to another would harm; "" where it would not, or nothing is known."""
        load_kw = memory.mean("load_kw", at)
        drybulb_c, wetbulb_c = (
            memory.mean(name, at, NEWEST) for name in ("outdoor_drybulb_c", "outdoor_wetbulb_c")
        )
        drybulb_c = drybulb_c if np.isfinite(drybulb_c) else wetbulb_c
        if not np.isfinite(load_kw + wetbulb_c):
            return ""
        inlet_c = memory.mean("rack_inlet_c", at)
        inlet_c = inlet_c if np.isfinite(inlet_c) else 21.0
        both = np.stack([kept, wanted])
        power_kw, inlets_c = self._settled(
            both, load_kw=load_kw, drybulb_c=drybulb_c, wetbulb_c=wetbulb_c, inlet_c=inlet_c
        )
        return self._harm(power_kw, inlets_c)

    def _harm(self, power_kw: np.ndarray, inlets_c: np.ndarray) -> str:
        """What is wrong with the second of two states: power (2,) and rack inlets (2,)."""
        low, high = self.site.envelope.rack_inlet_min_c, self.site.envelope.rack_inlet_max_c
        was_c, would_c = inlets_c
        if self.twin.metered_it and (high < would_c > was_c or low > would_c < was_c):
            return f"the twin sees a rack inlet of {would_c:.1f} °C, outside {low:g} to {high:g} °C"
        more_kw = float(power_kw[1] - power_kw[0])
        if more_kw > self.bound_kw:
            return f"the twin expects {more_kw:.0f} kW more, beyond the {self.bound_kw:.1f} kW that it is usually off"
        return ""

    def _settled(
        self, setpoints: np.ndarray, *, load_kw: float, drybulb_c: float, wetbulb_c: float, inlet_c: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Power that counts (n,) kW and rack inlets (n,) °C at held setpoints (n, k)."""
        columns = {
            field: jnp.asarray(setpoints[:, column], jnp.float32) for field, column in self.fields.items()
        }
        weather = [jnp.float32(value) for value in (drybulb_c, wetbulb_c, self.pressure_pa)]
        facility_w, cooling_w, inlets_c = _compiled()(
            self.twin.controlled, columns, jnp.float32(1e3 * load_kw), jnp.float32(inlet_c), *weather
        )
        power_w = facility_w if self.twin.metered_it else cooling_w
        return np.asarray(power_w) / 1e3, np.asarray(inlets_c)


@cache
def _compiled() -> Callable:
    def settled(controlled, setpoints, load_w, inlet_c, drybulb_c, wetbulb_c, pressure_pa):
        plant = controlled.plant
        share = plant.servers.rated_w / plant.servers.rated_w.sum()
        utilization = utilization_for_power(plant, share * load_w, jnp.full_like(share, inlet_c))
        drivers = simulator.Drivers(drybulb_c, wetbulb_c, pressure_pa, utilization)
        series = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (STEPS, *leaf.shape)), drivers)

        def one(chosen):
            asked = controlled.setpoints.replace(**chosen)
            _, sensors = simulator.rollout(plant, simulator.init(plant), asked, series, dt_s=DT_S)
            last = jax.tree.map(lambda leaf: leaf[-1], sensors)
            return last.facility_w, last.cooling_w, last.rack_inlet_c

        return jax.vmap(one)(setpoints)

    return jax.jit(settled)
