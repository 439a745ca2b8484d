"""A learned plant: power and temperatures from inputs, with the ensemble's spread and what is covered."""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization, struct
from jax import Array

from models.features import with_derived
from models.networks import Params, apply
from models.quadratic import terms
from models.scaling import Scaler
from models.support import Support, distance, in_support

SMALLEST_BATCH = 64  # rows are padded to this or the next power of two, so that few shapes are compiled


@struct.dataclass
class Heads:
    """One head per target, t of them: a quadratic fit of the target and the networks that correct it.

    level, step (t,): the target's mean and standard deviation. weights (t, members, terms), in those units.
    correction (t,): standard deviation of what the quadratic leaves. params: leading axes (t, members).
    mask (t, f): 1 for the features that a target may see, 0 for those that would give it away.
    """

    level: Array
    step: Array
    weights: Array
    correction: Array
    params: Params
    mask: Array


@struct.dataclass
class PlantModel:
    """Predicts `targets` from `inputs` (both in the plant table's names and units).

    same_as: targets that are another one by definition. version: what the registry calls it.
    """

    inputs: tuple[str, ...] = struct.field(pytree_node=False)
    targets: tuple[str, ...] = struct.field(pytree_node=False)
    same_as: tuple[tuple[str, str], ...] = struct.field(pytree_node=False)
    version: str = struct.field(pytree_node=False)
    load_scale_kw: Array
    scaler: Scaler
    heads: Heads
    support: Support

    def predict(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Mean of the ensemble for inputs x (n, inputs): target -> (n,), NaN where an input is missing."""
        return self._named(self._members(x).mean(axis=1))

    def spread(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Standard deviation between the networks: target -> (n,). Doubt about the plant, not noise."""
        return self._named(self._members(x).std(axis=1, ddof=1))

    def in_support(self, x: np.ndarray) -> np.ndarray:
        """Whether the record covers each row of x (n, inputs); bool (n,)."""
        return _in_pads(partial(in_support, self.support), self._checked(x))

    def distance(self, x: np.ndarray) -> np.ndarray:
        """Distance (n,) of each row from the record; above 1 it is not covered."""
        return _in_pads(partial(distance, self.support), self._checked(x)) / float(self.support.limit)

    def _members(self, x: np.ndarray) -> np.ndarray:
        return np.moveaxis(_in_pads(partial(members, self), self._checked(x)), 0, -1)

    def _checked(self, x: np.ndarray) -> np.ndarray:
        if x.ndim != 2 or x.shape[1] != len(self.inputs):
            raise ValueError(
                f"x has shape {x.shape}; give (rows, {len(self.inputs)}): {', '.join(self.inputs)}"
            )
        return x

    def _named(self, values: np.ndarray) -> dict[str, np.ndarray]:
        named = dict(zip(self.targets, values, strict=True))
        return named | {name: named[other] for name, other in self.same_as}


@jax.jit
def members(model: PlantModel, x: Array) -> Array:
    """Every network's prediction for inputs x (n, inputs): (n, targets, members); differentiable."""
    features = with_derived(model.inputs, x, model.load_scale_kw)
    linear, bounded = model.scaler.standardised(features), model.scaler.bounded(features)

    def head(heads: Heads) -> Array:
        quadratic = heads.weights @ terms(linear * heads.mask, bounded * heads.mask).T  # (members, n)
        residual = jax.vmap(apply, in_axes=(0, None))(heads.params, bounded * heads.mask)  # (members, n)
        return heads.level + heads.step * (quadratic + heads.correction * residual)

    return jnp.moveaxis(jax.vmap(head)(model.heads), -1, 0)


def _in_pads(function: Any, x: np.ndarray) -> np.ndarray:
    """`function` of x (n, k), called with a padded number of rows and cut back."""
    rows = max(SMALLEST_BATCH, 1 << max(len(x) - 1, 0).bit_length())
    padded = np.zeros((rows, x.shape[1]), np.float32)
    padded[: len(x)] = x
    return np.asarray(function(jnp.asarray(padded)))[: len(x)]


def to_bytes(model: PlantModel) -> bytes:
    """The arrays of a model as msgpack; `to_metadata` holds the rest."""
    return serialization.to_bytes(jax.device_get(_with_text_keys(model)))


def to_metadata(model: PlantModel) -> dict[str, Any]:
    """What `from_bytes` needs beside the arrays, as plain JSON values."""
    return {
        "inputs": list(model.inputs),
        "targets": list(model.targets),
        "same_as": [list(pair) for pair in model.same_as],
    }


def from_bytes(arrays: bytes, metadata: dict[str, Any], *, version: str) -> PlantModel:
    """A model from `to_bytes` and `to_metadata`. Raises KeyError or ValueError where they do not fit."""
    tree = serialization.msgpack_restore(arrays)
    tree = jax.tree.map(jnp.asarray, tree)
    heads = tree["heads"]
    heads["params"]["hidden"] = {int(number): layer for number, layer in heads["params"]["hidden"].items()}
    return PlantModel(
        inputs=tuple(metadata["inputs"]),
        targets=tuple(metadata["targets"]),
        same_as=tuple((name, other) for name, other in metadata["same_as"]),
        version=version,
        load_scale_kw=tree["load_scale_kw"],
        scaler=Scaler(**tree["scaler"]),
        heads=Heads(**heads),
        support=Support(**tree["support"]),
    )


def _with_text_keys(model: PlantModel) -> PlantModel:
    params = dict(model.heads.params)
    params["hidden"] = {str(number): layer for number, layer in params["hidden"].items()}
    return dataclasses.replace(model, heads=dataclasses.replace(model.heads, params=params))
