"""The fitted parameters of a plant: standard normal before telemetry, bounded, mapped onto the plant."""

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from models.twin.priors import NO_HALL, UNSCALED, Prior, curve_directions, prior_of
from models.twin.record import Record
from models.twin.run import Controlled

WIDEST = 4.0  # prior standard deviations that no parameter exceeds


@dataclass(frozen=True)
class Parameter:
    """One fitted number. name: dotted path, then an element's number or a curve's bend.

    leaf: which leaf of the plant; element: which entry of it, None for all together. direction: change of a
    curve's coefficients for one prior standard deviation; None for a plain number.
    """

    name: str
    leaf: int
    prior: Prior
    element: int | None = None
    direction: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Space:
    """A nameplate plant and the parameters in which the fitted plant may depart from it."""

    nameplate: Controlled
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of z."""
        return tuple(parameter.name for parameter in self.parameters)

    def at(self, z: Array) -> Controlled:
        """The plant at `z` (p,), in prior standard deviations from the nameplate; works in `jit`, `vmap`."""
        leaves, structure = jax.tree.flatten(self.nameplate)
        z = WIDEST * jnp.tanh(z / WIDEST)
        for i, parameter in enumerate(self.parameters):
            leaves[parameter.leaf] = _moved(parameter, leaves[parameter.leaf], z[i])
        return jax.tree.unflatten(structure, leaves)

    def value(self, parameter: Parameter, controlled: Controlled) -> float:
        """A parameter's value: the leaf's (mean) value in its unit; NaN for a curve's bend."""
        if parameter.direction is not None:
            return float("nan")
        leaf = np.asarray(jax.tree.leaves(controlled)[parameter.leaf])
        return float(leaf.mean() if parameter.element is None else leaf[parameter.element])


def space(nameplate: Controlled, record: Record, given: Collection[str] = ()) -> Space:
    """All parameters that this record can inform: not its setpoints, nor the figures `given`.

    given: dotted names below the plant. A leaf with one value per hall moves as one: halls of a site are
    built alike.
    """
    unfitted = [f"setpoints.{name}" for name in record.inputs.setpoints]
    unfitted += [f"plant.{name}" for name in given]
    unfitted += UNSCALED if "it_utilization" not in record.measured else ()
    unfitted += () if record.metered_it else NO_HALL
    fitted: list[Parameter] = []
    for number, (path, leaf) in enumerate(jax.tree.leaves_with_path(nameplate)):
        name, values = dotted(path), np.asarray(leaf)
        if not any(fnmatchcase(name, pattern) for pattern in unfitted):
            fitted += _of_leaf(name, number, values)
    return Space(nameplate, tuple(fitted))


def _of_leaf(name: str, number: int, values: np.ndarray) -> list[Parameter]:
    prior = prior_of(name, values)
    if prior is None:
        return []
    short = name.removeprefix("plant.")
    if "curve" in name and values.ndim == 1:
        bends = curve_directions(name, len(values))
        return [
            Parameter(f"{short} {bend}", number, prior, direction=tuple(change))
            for bend, change in bends.items()
        ]
    if name.endswith("_loss") and values.ndim == 1:
        return [
            Parameter(f"{short}[{i}]", number, prior, element=i) for i, value in enumerate(values) if value
        ]
    return [Parameter(short, number, prior)]


def _moved(parameter: Parameter, leaf: Array, z: Array) -> Array:
    step = parameter.prior.spread * z
    if parameter.direction is not None:
        return leaf + z * jnp.asarray(parameter.direction, dtype=leaf.dtype)
    match parameter.prior.kind:
        case "factor":
            moved = leaf * jnp.exp(step)
        case "excess":
            moved = 1 + (leaf - 1) * jnp.exp(step)
        case "share":
            moved = jax.nn.sigmoid(jax.scipy.special.logit(leaf) + step)
        case "shift":
            moved = leaf + step
    return moved if parameter.element is None else leaf.at[parameter.element].set(moved[parameter.element])


def dotted(path: tuple) -> str:
    """A leaf's name, e.g. `plant.chillers.rated_cop`."""
    return jax.tree_util.keystr(path).lstrip(".")
