"""Sites and runs that several simulator tests share, and double precision where a test asks for it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from simulator import (
    Drivers,
    Faults,
    Plant,
    Sensors,
    Setpoints,
    State,
    constant_drivers,
    default_plant,
    default_setpoints,
    init,
    rollout,
)

DT_S = 300.0
DAY = 288


@pytest.fixture
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def plant() -> Plant:
    return default_plant(it_kw=1200.0)


@pytest.fixture(scope="session")
def setpoints(plant: Plant) -> Setpoints:
    return default_setpoints(plant)


def changed(base: Any, **values: float) -> Any:
    return replace(base, **{name: jnp.asarray(value, float) for name, value in values.items()})


_compiled = partial(jax.jit, static_argnames="dt_s")(rollout)


def run(
    plant: Plant,
    setpoints: Setpoints,
    drivers: Drivers,
    faults: Faults | None = None,
    *,
    state: State | None = None,
    dt_s: float = DT_S,
) -> tuple[State, Sensors]:
    """A rollout in which every input is a series, so that all tests of one length share one compilation."""
    steps = drivers.outdoor_drybulb_c.shape[0]
    inputs = (setpoints, Faults.none() if faults is None else faults)
    setpoints, faults = jax.tree.map(lambda leaf: leaf if leaf.ndim else jnp.full((steps,), leaf), inputs)
    return _compiled(plant, init(plant) if state is None else state, setpoints, drivers, faults, dt_s=dt_s)


@pytest.fixture(scope="session")
def settled(plant: Plant) -> Callable[..., dict[str, float]]:
    """Readings after a day of constant weather, as plain numbers."""

    def readings(
        setpoints: Setpoints,
        *,
        wetbulb_c: float = 15.0,
        drybulb_c: float = 20.0,
        utilization: float = 0.5,
        faults: Faults | None = None,
    ) -> dict[str, float]:
        drivers = constant_drivers(
            outdoor_drybulb_c=drybulb_c,
            outdoor_wetbulb_c=wetbulb_c,
            it_utilization=utilization,
            steps=DAY,
        )
        _, sensors = run(plant, setpoints, drivers, faults)
        return {name: float(getattr(sensors, name)[-1]) for name in sensors.__dataclass_fields__}

    return readings
