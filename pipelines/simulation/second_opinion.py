"""What the simulator expects of the same move: the site's fitted twin, or, before one is fitted, its nameplate."""

from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import simulator
from models.twin import Twin
from pipelines.recommendation import Estimate, TwinCheck
from pipelines.simulation.plant import asked_setpoints, nameplate_plant
from pipelines.site import Site
from simulator.psychrometrics import pressure_at_altitude_pa

SETTLE_STEPS, DT_S = 48, 300.0  # four hours at held setpoints: longer than any loop remembers
UTILIZATIONS = np.linspace(0.02, 1.0, 25)


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
) -> TwinCheck:
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


def _verdict(site: Site, before: Estimate, after: Estimate, was_c: float, inlet_c: float) -> TwinCheck:
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
    return TwinCheck(
        agrees=saving_kw > 0 and not (too_warm or too_cold), present=before, proposed=after, note=note
    )
