"""The fitted twin goes through setpoints that its site never tried, at the compute, weather and hours of the record."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

import simulator
from models.twin import Twin
from models.twin.record import Inputs
from models.twin.run import Controlled, utilization_for_power
from simulator.types import Drivers, Faults, Sensors, State


def rehearse(twin: Twin, recorded: Inputs, tried: dict[str, np.ndarray], *, window: int) -> Sensors:
    """What perfect meters would read under `tried` setpoints (by field of `simulator.Setpoints`, leaves (n,)).

    recorded: what drove the plant, leaves (n,) and (n, halls), no gaps. window: steps that run on from each other;
    each window starts from rest, so its first hours settle; rows after the last whole one are left out. Compute is
    what the recorded IT power and inlets imply, so that IT power answers to the inlets that the trial brings.
    """
    count = len(recorded.it_w) // window

    def cut(leaf):
        leaf = np.asarray(leaf, np.float32)
        return jnp.asarray(leaf[: count * window].reshape(count, window, *leaf.shape[1:]))

    both = jax.tree.map(cut, (recorded, {name: tried[name] for name in sorted(tried)}))
    sensors = _compiled()(twin.controlled, *both, dt_s=twin.dt_s)
    return jax.tree.map(lambda leaf: np.asarray(leaf).reshape(count * window, *leaf.shape[2:]), sensors)


@cache
def _compiled() -> Callable:
    def one_window(controlled: Controlled, recorded: Inputs, tried: dict, dt_s: float) -> Sensors:
        plant = controlled.plant

        def one(states: tuple[State, State], at: tuple[Inputs, dict]) -> tuple[tuple[State, State], Sensors]:
            (was, now), (inputs, asked) = states, at
            drivers = Drivers(
                outdoor_drybulb_c=inputs.outdoor_drybulb_c,
                outdoor_wetbulb_c=inputs.outdoor_wetbulb_c,
                pressure_pa=inputs.pressure_pa,
                it_utilization=utilization_for_power(plant, inputs.it_w, was.rack_inlet_c),
            )
            in_force, trial = (replace(controlled.setpoints, **each) for each in (inputs.setpoints, asked))
            was, _ = simulator.step(plant, was, in_force, drivers, Faults.none(), dt_s=dt_s)
            now, sensors = simulator.step(plant, now, trial, drivers, Faults.none(), dt_s=dt_s)
            return (was, now), sensors

        start = simulator.init(plant)
        return jax.lax.scan(one, (start, start), (recorded, tried))[1]

    def windows(controlled: Controlled, recorded: Inputs, tried: dict, *, dt_s: float) -> Sensors:
        return jax.vmap(partial(one_window, dt_s=dt_s), in_axes=(None, 0, 0))(controlled, recorded, tried)

    return jax.jit(windows, static_argnames="dt_s")
