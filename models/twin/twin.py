"""A fitted twin: the plant, how sure of it telemetry made us, how wrong it was on data it had not seen."""

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
    """What cannot be chosen, (steps,): weather, Pa, and `it_w` (steps, halls), or the thermal load in its place."""

    outdoor_drybulb_c: Array
    outdoor_wetbulb_c: Array
    pressure_pa: Array
    it_w: Array


@dataclass(frozen=True)
class Bounds:
    """Measured less predicted on blocks of time left out of the fit, hourly means, in the channel's unit.

    low, high: their 5 % and 95 % quantiles, so that nine of ten fall between; rmse, bias: root mean square, mean.
    """

    low: float
    high: float
    rmse: float
    bias: float
    mean_measured: float


@dataclass(frozen=True)
class Twin:
    """A site's plant as its telemetry shows it.

    controlled: the plant, and the setpoints in force that the site does not record.
    nameplate: what gives the plant its structure (`models.twin.nameplate`).
    bounds: by channel of `models.twin.run.CHANNELS`.
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
        return self.controlled.plant

    @property
    def setpoints(self) -> Setpoints:
        return self.controlled.setpoints

    @property
    def not_pinned(self) -> tuple[str, ...]:
        """Parameters that telemetry left to the textbook."""
        return tuple(estimate.name for estimate in self.estimates if not estimate.pinned)

    def utilization(self, it_w: Array, inlet_c: Array) -> Array:
        """Utilisation, (halls,), at which the servers draw `it_w` (halls,) with air of `inlet_c`.

        Hold it to compare setpoints at equal compute: IT power then answers to the rack inlet.
        """
        return utilization_for_power(self.plant, it_w, inlet_c)


def predict(twin: Twin, setpoints: dict[str, Array], conditions: Conditions) -> Sensors:
    """What perfect meters would read, leaves (steps,), under setpoints (by field of `simulator.Setpoints`).

    One step is `twin.dt_s`; the plant starts from rest, so its first hours settle. Setpoints not named stay as
    they were fitted. Raises ValueError for a setpoint that does not exist.
    """
    unknown = sorted(set(setpoints) - set(Setpoints.__dataclass_fields__))
    if unknown:
        raise ValueError(
            f"no setpoint {', '.join(unknown)}; choose of {', '.join(Setpoints.__dataclass_fields__)}"
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

    Raises ValueError, KeyError or TypeError where it is damaged, or was fitted with another simulator.
    """
    plant = nameplate_plant(document["nameplate"])
    like = Controlled(plant, simulator.default_setpoints(plant))
    paths, structure = jax.tree.flatten_with_path(like)
    names = [dotted(path) for path, _ in paths]
    if set(names) != set(document["leaves"]):
        differing = ", ".join(sorted(set(names) ^ set(document["leaves"]))[:3])
        raise ValueError(f"its plant has other parts than this simulator's: {differing}")
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
