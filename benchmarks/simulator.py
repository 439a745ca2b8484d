"""Speed of the simulator: plant-steps a second for one plant, a small fleet and a large one; EnergyPlus."""

import resource
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from simulator import Drivers, default_plant, default_setpoints, init, perturb_plant, rollout
from simulator.energyplus import run_energyplus
from simulator.load import generated_utilization
from simulator.weather import generated_weather
from tests.energyplus.make_goldens import WATER_INPUTS, WATER_VARIABLES, config, held_draws
from tests.energyplus.water_plant import water_plant

DT_S = 300.0
CASES = ((1, 105_120), (64, 8_064), (4096, 288))  # plants, steps: a year, four weeks, a day at five minutes


def run() -> list[dict[str, Any]]:
    """One row per fleet size; the sensors each case keeps are the ones a study reduces, summed as it runs."""
    return [*(_row(plants, steps) for plants, steps in CASES), _energyplus()]


def _energyplus() -> dict[str, Any]:
    """A year of one chiller, exchanger and tower at 15 minutes through the adapter, setpoints changing."""
    case = "EnergyPlus through its adapter"
    if find_spec("pyenergyplus") is None:
        return {"case": f"{case}: not installed, make test-energyplus installs it"}
    with tempfile.TemporaryDirectory() as folder:
        model = config(water_plant("reformulated", "merkel"), Path(folder), WATER_VARIABLES, WATER_INPUTS)
        started = time.perf_counter()
        steps = len(run_energyplus(model, held_draws(WATER_INPUTS), check=False).hours)
        run_s = time.perf_counter() - started
    return {
        "case": case,
        "plants": 1,
        "steps": steps,
        "steps_per_s": round(steps / run_s),
        "run_s": round(run_s, 3),
    }


def _row(plants: int, steps: int) -> dict[str, Any]:
    keys = jax.random.split(jax.random.key(0), plants)
    fleet = jax.vmap(lambda key: perturb_plant(key, default_plant()))(keys)
    drivers = _drivers(steps)

    @jax.jit
    def simulate(plant: Any, drivers: Drivers) -> Any:
        def one(p: Any) -> Any:
            _, sensors = rollout(p, init(p), default_setpoints(p), drivers, dt_s=DT_S)
            return sensors.facility_w, sensors.it_w, sensors.rack_inlet_c

        return jax.vmap(one)(plant)

    started = time.perf_counter()
    compiled = simulate.lower(fleet, drivers).compile()
    compile_s = time.perf_counter() - started
    started = time.perf_counter()
    facility_w, it_w, _ = jax.block_until_ready(compiled(fleet, drivers))
    run_s = time.perf_counter() - started
    return {
        "case": f"{plants} plants, {steps} steps of {DT_S:.0f} s",
        "plants": plants,
        "steps": steps,
        "steps_per_s": round(plants * steps / run_s),
        "run_s": round(run_s, 3),
        "compile_s": round(compile_s, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "mean_pue": round(float((facility_w.sum(1) / it_w.sum(1)).mean()), 3),
        "device": jax.devices()[0].platform,
    }


def _drivers(steps: int) -> Drivers:
    weather = generated_weather(jax.random.key(1), steps=steps, dt_s=DT_S)
    load = generated_utilization(jax.random.key(2), steps=steps, dt_s=DT_S)
    return Drivers(
        outdoor_drybulb_c=weather.outdoor_drybulb_c,
        outdoor_wetbulb_c=weather.outdoor_wetbulb_c,
        pressure_pa=weather.pressure_pa,
        it_utilization=jnp.asarray(load),
    )
