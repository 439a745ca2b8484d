"""A second opinion on every new target: the site's fitted twin, settled at the present target and at the new one.

Both are runs of one plant, so that a lasting error of the twin falls out of their difference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax.typing import ArrayLike

import simulator
from models.cascade.cascade import NO_SAY_KW
from models.twin import Twin
from models.twin.run import utilization_for_power
from pipelines.control.recommendation import Estimate, SecondOpinion
from pipelines.learning.twin.dataset import CONTROLLED
from pipelines.simulation.plant import SETPOINT_FIELDS, asked_setpoints, nameplate_plant
from pipelines.site.file import Site
from simulator.psychrometrics import pressure_at_altitude_pa

SETTLE_STEPS, DT_S = 48, 300.0  # four hours at held setpoints: longer than any loop remembers
UTILIZATIONS = np.linspace(0.02, 1.0, 25)

FIELDS = SETPOINT_FIELDS | CONTROLLED  # of the simulator's setpoints, by quantity
# What drives it besides setpoints, and what stands for it where it is not known.
DRIVERS = {
    "load_kw": "load_kw", "outdoor_drybulb_c": "outdoor_wetbulb_c", "outdoor_wetbulb_c": "outdoor_wetbulb_c",
    "rack_inlet_c": "rack_inlet_c",
}  # fmt: skip
SLOW = ("load_kw", "rack_inlet_c")
AWAY = 0.5  # K, or of on and off: another state than the usual one
STATES, LEAST_STATES = 128, 40  # of either kind
SURE = 0.95
STEPS = 36  # three hours at held setpoints: longer than loops remember


class TwinCheck:
    """Asks a twin whether a move would harm; compiled when it is made."""

    def __init__(self, site: Site, twin: Twin, names: tuple[str, ...], bound_kw: float) -> None:
        self.site, self.twin, self.bound_kw = site, twin, bound_kw
        self.fields_of = [name for name in names if name in FIELDS]
        self.fields = {FIELDS[name]: k for k, name in enumerate(names) if name in FIELDS}
        self.pressure_pa = float(pressure_at_altitude_pa(site.location.altitude_m))
        rest = {"load_kw": 1e-3, "outdoor_drybulb_c": 20.0, "outdoor_wetbulb_c": 15.0, "rack_inlet_c": 21.0}
        self._settled(np.zeros((2, len(names))), rest)

    def objection(self, kept: np.ndarray, wanted: np.ndarray, now: Mapping[str, float]) -> str:
        """Why the move from one target (k,) to another would harm; "" where it would not, or nothing is known.

        now: present value of each of `DRIVERS`, NaN where it is not known.
        """
        now = {name: now[instead] if np.isnan(now[name]) else now[name] for name, instead in DRIVERS.items()}
        if not np.isfinite(list(now.values())).all():
            return ""
        sensors = self._settled(np.stack([kept, wanted]), now)
        return self._harm(self._power_kw(sensors), np.asarray(sensors.rack_inlet_c))

    def _harm(self, power_kw: np.ndarray, inlets_c: np.ndarray) -> str:
        """What is wrong with the second of two states: power (2,) and rack inlets (2,)."""
        low, high = self.site.envelope.rack_inlet_min_c, self.site.envelope.rack_inlet_max_c
        was_c, would_c = inlets_c
        if self.twin.metered_it and (high < would_c > was_c or low > would_c < was_c):
            return f"the twin sees a rack inlet of {would_c:.1f} °C, outside {low:g} to {high:g} °C"
        more_kw = float(power_kw[1] - power_kw[0])
        if more_kw > self.bound_kw:
            return f"the twin expects {more_kw:.0f} kW more, beyond the {self.bound_kw:.0f} kW that it may be off"
        return ""

    def bound_from(self, plant: pd.DataFrame, settled: np.ndarray) -> float:
        """kW within which the twin tells the difference in power between two states of a plant table, 19 of 20 times.

        States away from the usual setpoints count for half, however rare they are. settled (n,): rows that count.
        """
        states = plant[settled].reindex(columns=[*self.fields_of, *DRIVERS, "cooling_kw"])
        states = states.fillna({name: states[instead] for name, instead in DRIVERS.items()}).dropna()
        if len(states) < LEAST_STATES:
            return NO_SAY_KW
        away = (states[self.fields_of] - states[self.fields_of].median()).abs() > AWAY
        chosen = _spread(states[away.any(axis=1)]), _spread(states[~away.any(axis=1)])
        states = pd.concat(chosen)
        sensors = self._settled(states[self.fields_of].to_numpy(), {n: states[n].to_numpy() for n in DRIVERS})
        off_kw = states["cooling_kw"].to_numpy() - np.asarray(sensors.cooling_w) / 1e3
        return float(np.quantile(np.abs(off_kw[:, None] - off_kw), SURE))

    def _power_kw(self, sensors: simulator.Sensors) -> np.ndarray:
        """Power that counts (n,)."""
        return np.asarray(sensors.facility_w if self.twin.metered_it else sensors.cooling_w) / 1e3

    def _settled(self, setpoints: np.ndarray, drivers: Mapping[str, ArrayLike]) -> simulator.Sensors:
        """Sensors, leaves (n,), at held setpoints (n, k) and drivers, each (n,) or one for all."""
        rows = len(setpoints)
        held = {name: jnp.broadcast_to(jnp.asarray(drivers[name], jnp.float32), rows) for name in DRIVERS}
        columns = {field: jnp.asarray(setpoints[:, k], jnp.float32) for field, k in self.fields.items()}
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


@dataclass(frozen=True)
class _Model:
    """The plant to ask, the setpoints in force that the site does not record, and what drives it.

    metered_it: False where a thermal load stands for IT power.
    """

    plant: simulator.Plant
    setpoints: simulator.Setpoints
    metered_it: bool


@cache
def _settled():
    """Sensors of the settled plant, mapped over setpoints and drivers together."""

    def one(plant, setpoints, drivers):
        series = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (SETTLE_STEPS, *leaf.shape)), drivers)
        _, sensors = simulator.rollout(plant, simulator.init(plant), setpoints, series, dt_s=DT_S)
        return jax.tree.map(lambda leaf: leaf[-1], sensors)

    return jax.jit(jax.vmap(one, in_axes=(None, 0, 0)))


def second_opinion(
    site: Site,
    weather: pd.Series,
    load_kw: float,
    present: pd.Series,
    proposed: pd.Series,
    *,
    twin: Twin | None = None,
) -> SecondOpinion:
    """Compare present and proposed setpoints (by quantity) on the site's plant, settled.

    weather: outdoor_drybulb_c, outdoor_wetbulb_c, and outdoor_pressure_pa where it is measured.
    load_kw: IT power, or the thermal load where that stands for it.
    twin: the fitted plant; without it, the one that the site file's [twin] describes.
    Utilisation is the one at which the plant would draw `load_kw` under the present setpoints; it is held, so that
    IT power may answer. Of two predictions by one plant the difference is judged: a lasting error falls out.
    """
    model = _model(site, twin)
    standard_pa = float(pressure_at_altitude_pa(site.location.altitude_m))
    known = weather.dropna().to_dict()
    if (
        "outdoor_wetbulb_c" in known
    ):  # a site that records no drybulb: saturated air, which no part of power asks
        known = {"outdoor_drybulb_c": known["outdoor_wetbulb_c"]} | known
    weather = pd.Series({"outdoor_pressure_pa": standard_pa} | known)
    utilization = _utilization(model, weather, load_kw, present)
    sensors = _run(model, pd.DataFrame([present, proposed]), weather, np.full(2, utilization))
    before, after = (
        _estimate(model, jax.tree.map(lambda leaf, row=row: leaf[row], sensors)) for row in (0, 1)
    )
    return _verdict(site, before, after, *(float(inlet) for inlet in sensors.rack_inlet_c))


def _model(site: Site, twin: Twin | None) -> _Model:
    if twin is not None:
        return _Model(twin.plant, twin.setpoints, twin.metered_it)
    plant = nameplate_plant(site)
    return _Model(plant, simulator.init(plant).setpoints, bool(site.meters.it))


def _run(
    model: _Model, schedule: pd.DataFrame, weather: pd.Series, utilization: np.ndarray
) -> simulator.Sensors:
    setpoints = asked_setpoints(model.plant, schedule, model.setpoints)
    return _settled()(model.plant, setpoints, _drivers(weather, utilization))


def _utilization(model: _Model, weather: pd.Series, load_kw: float, present: pd.Series) -> float:
    repeated = pd.DataFrame([present] * len(UTILIZATIONS))
    sensors = _run(model, repeated, weather, UTILIZATIONS)
    return float(np.interp(load_kw, np.asarray(sensors.it_w) / 1e3, UTILIZATIONS))


def _drivers(weather: pd.Series, utilization: np.ndarray) -> simulator.Drivers:
    def repeated(name: str) -> jax.Array:
        return jnp.full(len(utilization), float(weather[name]))

    return simulator.Drivers(
        outdoor_drybulb_c=repeated("outdoor_drybulb_c"),
        outdoor_wetbulb_c=repeated("outdoor_wetbulb_c"),
        pressure_pa=repeated("outdoor_pressure_pa"),
        it_utilization=jnp.asarray(utilization, dtype=float),
    )


def _estimate(model: _Model, sensors: simulator.Sensors) -> Estimate:
    facility_kw, it_kw, cooling_kw = (
        float(value) / 1e3 for value in (sensors.facility_w, sensors.it_w, sensors.cooling_w)
    )
    if not model.metered_it:  # there is no hall: the plant's power is all that is known
        return Estimate(figure=cooling_kw / it_kw, cooling_kw=cooling_kw, facility_kw=cooling_kw)
    return Estimate(
        figure=facility_kw / it_kw,
        cooling_kw=cooling_kw,
        facility_kw=facility_kw,
        it_power_kw=it_kw,
        rack_inlet_c=float(sensors.rack_inlet_c),
    )


def _verdict(site: Site, before: Estimate, after: Estimate, was_c: float, inlet_c: float) -> SecondOpinion:
    saving_kw = before.facility_kw - after.facility_kw
    low, high = site.envelope.rack_inlet_min_c, site.envelope.rack_inlet_max_c
    # A plant that reads off by a constant: an inlet beyond a limit counts where the move worsens it.
    in_halls = after.rack_inlet_c is not None
    too_warm, too_cold = in_halls and high < inlet_c > was_c, in_halls and low > inlet_c < was_c
    if too_warm or too_cold:
        note = f"it sees the rack inlet at {inlet_c:.1f} °C, outside {low:g} to {high:g} °C"
    elif saving_kw <= 0:
        note = f"it expects {-saving_kw:.1f} kW more, not less"
    elif in_halls:
        note = f"it expects {saving_kw:.1f} kW less and the rack inlet at {inlet_c:.1f} °C"
    else:
        note = f"it expects {saving_kw:.1f} kW less"
    return SecondOpinion(
        agrees=saving_kw > 0 and not (too_warm or too_cold), present=before, proposed=after, note=note
    )
