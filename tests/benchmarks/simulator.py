"""Speed of the simulator: plant-steps a second for one plant, a small fleet and a large one."""

import resource
import time
from typing import Any

import jax
import jax.numpy as jnp

from simulator import Drivers, default_plant, default_setpoints, init, perturb_plant, rollout
from simulator.load import generated_utilization
from simulator.weather import generated_weather

DT_S = 300.0
CASES = ((1, 105_120), (64, 8_064), (4096, 288))  # plants, steps: a year, four weeks, a day at five minutes


def run() -> list[dict[str, Any]]:
    """One row per fleet size; the sensors each case keeps are the ones a study reduces, summed as it runs."""
    return [_row(plants, steps) for plants, steps in CASES]


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
