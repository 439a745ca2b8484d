"""What the simulator expects of the same move, from nameplate figures alone."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import simulator
from pipelines.recommendation import Estimate, TwinCheck
from pipelines.simulation.plant import asked_setpoints, nameplate_plant
from pipelines.site import Site
from simulator.psychrometrics import pressure_at_altitude_pa

SETTLE_STEPS, DT_S = 48, 300.0  # four hours at held setpoints: longer than any loop remembers
UTILIZATIONS = np.linspace(0.05, 1.0, 20)


@cache
def _settled():
    """Sensors of the settled plant, mapped over setpoints and drivers together."""

    def one(plant, setpoints, drivers):
        series = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (SETTLE_STEPS, *leaf.shape)), drivers)
        _, sensors = simulator.rollout(plant, simulator.init(plant), setpoints, series, dt_s=DT_S)
        return jax.tree.map(lambda leaf: leaf[-1], sensors)

    return jax.jit(jax.vmap(one, in_axes=(None, 0, 0)))


def second_opinion(
    site: Site, weather: pd.Series, it_kw: float, present: pd.Series, proposed: pd.Series
) -> TwinCheck:
    """Compare present and proposed setpoints (by quantity) on the site's nameplate plant, settled.

    weather: outdoor_drybulb_c, outdoor_wetbulb_c, and outdoor_pressure_pa where it is measured.
    Utilisation is the one at which the nameplate plant would draw `it_kw` under the present setpoints; it is
    held, so that IT power may answer.
    """
    plant = nameplate_plant(site)
    standard_pa = float(pressure_at_altitude_pa(site.location.altitude_m))
    weather = pd.Series({"outdoor_pressure_pa": standard_pa} | weather.dropna().to_dict())
    utilization = _utilization(plant, weather, it_kw, present)
    both = pd.DataFrame([present, proposed])
    sensors = _settled()(plant, asked_setpoints(plant, both), _drivers(weather, np.full(2, utilization)))
    before, after = (
        _estimate(site, jax.tree.map(lambda leaf, row=row: leaf[row], sensors)) for row in (0, 1)
    )
    return _verdict(site, before, after, *(float(inlet) for inlet in sensors.rack_inlet_c))


def _utilization(plant: simulator.Plant, weather: pd.Series, it_kw: float, present: pd.Series) -> float:
    repeated = pd.DataFrame([present] * len(UTILIZATIONS))
    sensors = _settled()(plant, asked_setpoints(plant, repeated), _drivers(weather, UTILIZATIONS))
    return float(np.interp(it_kw, np.asarray(sensors.it_w) / 1e3, UTILIZATIONS))


def _drivers(weather: pd.Series, utilization: np.ndarray) -> simulator.Drivers:
    def repeated(name: str) -> jax.Array:
        return jnp.full(len(utilization), float(weather[name]))

    return simulator.Drivers(
        outdoor_drybulb_c=repeated("outdoor_drybulb_c"),
        outdoor_wetbulb_c=repeated("outdoor_wetbulb_c"),
        pressure_pa=repeated("outdoor_pressure_pa"),
        it_utilization=jnp.asarray(utilization, dtype=float),
    )


def _estimate(site: Site, sensors: simulator.Sensors) -> Estimate:
    facility_kw, it_kw, cooling_kw = (
        float(value) / 1e3 for value in (sensors.facility_w, sensors.it_w, sensors.cooling_w)
    )
    load_kw = float(sensors.coil_heat_w) / 1e3
    return Estimate(
        figure=facility_kw / it_kw if site.meters.it else cooling_kw / load_kw,
        cooling_kw=cooling_kw,
        facility_kw=facility_kw,
        it_power_kw=it_kw,
        rack_inlet_c=float(sensors.rack_inlet_c),
    )


def _verdict(site: Site, before: Estimate, after: Estimate, was_c: float, inlet_c: float) -> TwinCheck:
    saving_kw = before.facility_kw - after.facility_kw
    low, high = site.envelope.rack_inlet_min_c, site.envelope.rack_inlet_max_c
    # A nameplate plant reads off by a constant: an inlet beyond a limit counts where the move worsens it.
    too_warm, too_cold = high < inlet_c > was_c, low > inlet_c < was_c
    if too_warm or too_cold:
        note = f"it sees the rack inlet at {inlet_c:.1f} °C, outside {low:g} to {high:g} °C"
    elif saving_kw <= 0:
        note = f"it expects {-saving_kw:.1f} kW more, not less"
    else:
        note = f"it expects {saving_kw:.1f} kW less and the rack inlet at {inlet_c:.1f} °C"
    return TwinCheck(
        agrees=saving_kw > 0 and not (too_warm or too_cold), present=before, proposed=after, note=note
    )
