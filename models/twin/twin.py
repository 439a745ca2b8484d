"""A fitted twin: the plant, the uncertainty of its parameters, and its error on data it was not fitted to."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import simulator
from models.twin.nameplate import nameplate_plant
from models.twin.parameters import dotted
from models.twin.posterior import Estimate
from models.twin.record import Inputs
from models.twin.run import Controlled, run, utilization_for_power
from simulator.types import Sensors, Setpoints

__all__ = ["Bounds", "Conditions", "Twin", "from_document", "predict", "to_document"]


class Conditions(NamedTuple):
    """Weather (°C, Pa), (steps,), and `it_w` (steps, halls): IT power, or the thermal load in its place."""

    outdoor_drybulb_c: Array
    outdoor_wetbulb_c: Array
    pressure_pa: Array
    it_w: Array


@dataclass(frozen=True)
class Bounds:
    """Measured less predicted on blocks of time left out of the fit, hourly means, in the channel's unit.

    low, high: 5 % and 95 % quantiles, a 90 % interval; rmse, bias: root mean square and mean.
    """

    low: float
    high: float
    rmse: float
    bias: float
    mean_measured: float


@dataclass(frozen=True)
class Twin:
    """A site's plant fitted to its telemetry.

    controlled: the plant, and the setpoints in force that the site does not record. nameplate: what gives the
    plant its structure (`models.twin.nameplate`). bounds: by channel of `models.twin.run.CHANNELS`.
    metered_it: False where a thermal load stands for IT power.
    """

    controlled: Controlled
    nameplate: dict[str, Any]
    estimates: tuple[Estimate, ...]
    bounds: dict[str, Bounds]
    dt_s: float
    metered_it: bool
    version: str = ""

    @property
    def plant(self) -> simulator.Plant:
        """The fitted plant."""
        return self.controlled.plant

    @property
    def setpoints(self) -> Setpoints:
        """Setpoints in force that the site does not record, as fitted; scalars."""
        return self.controlled.setpoints

    @property
    def not_pinned(self) -> tuple[str, ...]:
        """Names of the parameters that telemetry does not determine: the prior does."""
        return tuple(estimate.name for estimate in self.estimates if not estimate.pinned)

    def utilization(self, it_w: Array, inlet_c: Array) -> Array:
        """Utilisation, (halls,), at which the servers draw `it_w` (halls,) with air of `inlet_c`.

        Keep it constant to compare setpoints at equal computing work: IT power then responds to the rack
        inlet.
        """
        return utilization_for_power(self.plant, it_w, inlet_c)


def predict(twin: Twin, setpoints: dict[str, Array], conditions: Conditions) -> Sensors:
    """Readings of perfect meters, leaves (steps,), under setpoints (by field of `simulator.Setpoints`).

    One step is `twin.dt_s`; the plant starts from rest, so its first hours settle. Setpoints not named stay
    as they were fitted.

    Raises:
        ValueError: a setpoint does not exist.
    """
    unknown = sorted(set(setpoints) - set(Setpoints.__dataclass_fields__))
    if unknown:
        raise ValueError(
            f"no setpoint {', '.join(unknown)}; choose from {', '.join(Setpoints.__dataclass_fields__)}"
        )
    steps = jnp.shape(conditions.outdoor_wetbulb_c)
    series = {name: jnp.broadcast_to(jnp.asarray(value, float), steps) for name, value in setpoints.items()}
    inputs = Inputs(series, *(jnp.asarray(leaf, dtype=float) for leaf in conditions))
    return _compiled()(twin.controlled, inputs, dt_s=twin.dt_s)[1]


@cache
def _compiled() -> Callable:
    return jax.jit(run, static_argnames="dt_s")


def to_document(twin: Twin) -> dict[str, Any]:
    """A twin as plain JSON values; every leaf of the plant under its dotted name."""
    leaves = jax.tree.leaves_with_path(twin.controlled)
    return {
        "nameplate": twin.nameplate,
        "leaves": {dotted(path): np.asarray(leaf).tolist() for path, leaf in leaves},
        "estimates": [_without_nan(asdict(estimate)) for estimate in twin.estimates],
        "bounds": {name: asdict(bounds) for name, bounds in twin.bounds.items()},
        "dt_s": twin.dt_s,
        "metered_it": twin.metered_it,
    }


def from_document(document: dict[str, Any], *, version: str = "") -> Twin:
    """The twin of a document.

    Raises:
        ValueError, KeyError, TypeError: it is damaged, or was fitted with another simulator.
    """
    plant = nameplate_plant(document["nameplate"])
    like = Controlled(plant, simulator.default_setpoints(plant))
    paths, structure = jax.tree.flatten_with_path(like)
    names = [dotted(path) for path, _ in paths]
    if set(names) != set(document["leaves"]):
        differing = ", ".join(sorted(set(names) ^ set(document["leaves"]))[:3])
        raise ValueError(f"its plant has other parameters than this simulator's: {differing}")
    leaves = [
        jnp.asarray(document["leaves"][name], leaf.dtype).reshape(leaf.shape)
        for name, (_, leaf) in zip(names, paths, strict=True)
    ]
    estimates = (
        {"value": np.nan, "nameplate": np.nan, "low": np.nan, "high": np.nan} | e
        for e in document["estimates"]
    )
    return Twin(
        controlled=jax.tree.unflatten(structure, leaves),
        nameplate=document["nameplate"],
        estimates=tuple(Estimate(**estimate) for estimate in estimates),
        bounds={name: Bounds(**bounds) for name, bounds in document["bounds"].items()},
        dt_s=document["dt_s"],
        metered_it=document["metered_it"],
        version=version,
    )


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value == value}
