"""The site's recorded weather and load, replayed on its twin."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import simulator
from models.twin.record import Inputs
from models.twin.run import utilization_for_power
from pipelines.config import Settings
from pipelines.errors import PlantError
from pipelines.learning.twin.bundle import find_twin
from pipelines.learning.twin.dataset import record_of
from pipelines.simulation.plant import SimulatedPlant, nameplate_plant
from pipelines.site.file import Site
from pipelines.telemetry.store import Store
from simulator.types import Setpoints

DT_S = 300.0
USUAL_INLET_C = 22.0  # at which utilisation is computed from IT power; server fans depend on it a little
LEAST_KNOWN = 0.9  # of the steps must have load and weather; the rest is interpolated


class Replay(NamedTuple):
    """A plant at the start of a part of the record, and notes for the report."""

    plant: SimulatedPlant
    notes: list[str]


def replayed(
    site: Site, settings: Settings, *, days: int, start: pd.Timestamp | None = None, seed: int = 0
) -> Replay:
    """The fitted twin (or, before one is fitted, the nameplate) under the record's weather and load.

    start: by default, so that the part ends with the record.

    Raises:
        PlantError: load or weather is missing for more than a tenth of the time.
        ModelError: load or weather is not recorded at all.
    """
    store = Store(settings.store, site)
    span = store.span()
    if span is None:
        raise PlantError(
            f'site "{site.name}" has no telemetry to replay; ingest it: coldaisle ingest --site {site.name}'
        )
    first = start or span[1] - pd.Timedelta(days=days)
    table = store.read(start=first, end=first + pd.Timedelta(days=days))
    inputs = record_of(site, table).inputs
    times = pd.date_range(first, periods=round(days * 86_400 / DT_S), freq=f"{DT_S:g}s", name="time")
    recorded = table.index[0] + site.interval * np.arange(len(inputs.it_w))
    plant, held, notes = _plant(site, settings)
    drivers, more = _drivers(plant, inputs, recorded, times)
    return Replay(
        SimulatedPlant(
            plant=plant,
            state=simulator.init(plant),
            drivers=drivers,
            meters=simulator.Meters.typical(),
            key=jax.random.key(seed),
            start=first,
            dt_s=DT_S,
            held=held,
        ),
        notes + more,
    )


def _plant(site: Site, settings: Settings) -> tuple[simulator.Plant, Setpoints | None, list[str]]:
    twin = find_twin(site, settings)
    if twin is not None:
        return twin.plant, twin.setpoints, [f"the plant is {twin.version}, fitted to telemetry"]
    note = f"no twin is fitted: the plant is the site file's nameplate; fit one: coldaisle twin --site {site.name}"
    return nameplate_plant(site), None, [note]


def _drivers(
    plant: simulator.Plant, inputs: Inputs, recorded: pd.DatetimeIndex, times: pd.DatetimeIndex
) -> tuple[simulator.Drivers, list[str]]:
    notes: list[str] = []

    def on_steps(values: np.ndarray, name: str) -> np.ndarray:
        is_known = np.isfinite(values)
        if is_known.mean() < LEAST_KNOWN:
            raise PlantError(
                f"{name} is known for {is_known.mean():.0%} of the time to replay, needs {LEAST_KNOWN:.0%}; "
                "choose another stretch with --from"
            )
        if not is_known.all():
            notes.append(f"{name}: {1.0 - is_known.mean():.1%} of the time is interpolated")
        return np.interp(times.asi8, pd.DatetimeIndex(recorded).asi8[is_known], np.asarray(values)[is_known])

    it_w = np.atleast_2d(np.asarray(inputs.it_w).T).sum(axis=0)
    it_w = on_steps(it_w, "load")
    halls = np.shape(simulator.init(plant).rack_inlet_c)
    each_w = jnp.broadcast_to(jnp.asarray(it_w / max(1, int(np.prod(halls))))[:, None], (len(it_w), *halls))
    inlet_c = jnp.full(halls, USUAL_INLET_C)
    utilization = jax.jit(jax.vmap(lambda w: utilization_for_power(plant, w, inlet_c)))(each_w)
    full = float((np.asarray(utilization) >= 1.0).mean())
    if full > 0.0:
        notes.append(f"{full:.1%} of the time the record's load exceeds what the plant's servers can draw")
    weather = {
        name: jnp.asarray(on_steps(np.asarray(getattr(inputs, name)), name), float)
        for name in ("outdoor_drybulb_c", "outdoor_wetbulb_c", "pressure_pa")
    }
    return simulator.Drivers(**weather, it_utilization=jnp.asarray(utilization, float)), notes
