"""A learned plant: power and temperatures from inputs, with intervals, ensemble spread and support."""

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization, struct
from jax import Array

from models.buckets import in_pads
from models.efficiency.features import with_derived
from models.efficiency.intervals import Intervals, half_widths, residual_size
from models.efficiency.networks import Params, apply, with_number_keys, with_text_keys
from models.efficiency.scaling import Scaler
from models.efficiency.stacking import PARTS
from models.efficiency.support import Support, coverage, distance, in_support
from models.ridge import response_lines, terms


@struct.dataclass
class Heads:
    """One head per target, t of them: fits of the target and the networks that correct one of them.

    level, step (t,): the target's mean and standard deviation; the fits' weights are in those units. lines,
    quadratic (t, members, terms): response lines and all products of two; each member's was fitted without
    the block that it is validated on. The networks correct the quadratic, or the lines where there is none
    (no terms). correction (t,): standard deviation of that fit's residuals. params: leading axes (t,
    members). shares (t, 3): of
    models.efficiency.stacking.PARTS. mask (t, f): 1 for the features that a target may see, 0 for those that
    contain it.
    """

    level: Array
    step: Array
    lines: Array
    quadratic: Array
    correction: Array
    params: Params
    shares: Array
    mask: Array


@dataclass(frozen=True)
class Answer:
    """A model's predictions for n rows, by target where it is one: (n,) each.

    mean: the prediction. spread: standard deviation between the networks: uncertainty of the model, not
    noise. lower, upper: 90 % interval. in_support: whether the record covers the row; distance: from the
    record, above 1 where it does not.
    """

    mean: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    lower: dict[str, np.ndarray]
    upper: dict[str, np.ndarray]
    in_support: np.ndarray
    distance: np.ndarray


@struct.dataclass
class PlantModel:
    """Predicts `targets` from `inputs` (both in the plant table's names and units).

    same_as: targets that equal another one by definition. version: the registry's name for it. pairs (p, 2):
    the products of features in the response lines.
    """

    inputs: tuple[str, ...] = struct.field(pytree_node=False)
    targets: tuple[str, ...] = struct.field(pytree_node=False)
    same_as: tuple[tuple[str, str], ...] = struct.field(pytree_node=False)
    version: str = struct.field(pytree_node=False)
    load_scale_kw: Array
    scaler: Scaler
    pairs: Array
    heads: Heads
    support: Support
    intervals: Intervals

    def ask(self, x: np.ndarray) -> Answer:
        """Predictions for inputs x (n, inputs), in one compiled call; NaN where an input is missing."""
        mean, spread, half, covered, away = in_pads(partial(_answer, self), self._checked(x))
        return Answer(
            mean=self._named(mean.T),
            spread=self._named(spread.T),
            lower=self._named((mean - half).T),
            upper=self._named((mean + half).T),
            in_support=covered,
            distance=away,
        )

    def predict(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Mean prediction for inputs x (n, inputs): target -> (n,), NaN where an input is missing."""
        return self.ask(x).mean

    def each(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Prediction with every network in turn: target -> (n, members); their spread is that of a change."""
        predictions = np.moveaxis(in_pads(partial(members, self), self._checked(x)), 1, 0)
        named = dict(zip(self.targets, predictions, strict=True))
        return named | {name: named[other] for name, other in self.same_as}

    def spread(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Standard deviation between the networks: target -> (n,); uncertainty of the model, not noise."""
        return self.ask(x).spread

    def in_support(self, x: np.ndarray) -> np.ndarray:
        """Whether the record covers each row of x (n, inputs); bool (n,)."""
        return in_pads(partial(in_support, self.support), self._checked(x))

    def distance(self, x: np.ndarray) -> np.ndarray:
        """Distance (n,) of each row from the record; above 1 it is not covered."""
        return in_pads(partial(distance, self.support), self._checked(x)) / float(self.support.limit)

    def part(self, name: str) -> "PlantModel":
        """The same model with one of models.efficiency.stacking.PARTS alone, whatever its share."""
        only = np.array([part == name for part in PARTS], np.float32)
        shares = jnp.broadcast_to(jnp.asarray(only), self.heads.shares.shape)
        return dataclasses.replace(self, heads=dataclasses.replace(self.heads, shares=shares))

    def residual_size(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Usual size of residuals at x (n, inputs): target -> (n,)."""
        return self._named(in_pads(partial(_residual_size, self), self._checked(x)).T)

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
    """Prediction with every network in turn, for x (n, inputs): (n, targets, members); differentiable."""
    return _mixed(model, x)[0]


@jax.jit
def without_each_block(model: PlantModel, x: Array) -> Array:
    """Prediction of the parts fitted without each block in turn, for x (n, inputs): (n, targets, members)."""
    return _mixed(model, x, own_fits=True)[0]


def _mixed(model: PlantModel, x: Array, *, own_fits: bool = False) -> tuple[Array, Array]:
    """The prediction with every network in turn, and the networks alone: (n, targets, members) each.

    own_fits: with each network the fits that left out the same block, else the mean of all fits.
    """
    features = _features(model, x)
    linear, bounded = model.scaler.standardised(features), model.scaler.bounded(features)

    def head(heads: Heads) -> tuple[Array, Array]:
        fits, network = member_parts(heads, linear, bounded, model.pairs)
        simple = jnp.tensordot(heads.shares[:2], fits if own_fits else fits.mean(axis=1), axes=1)
        return heads.level + heads.step * (
            simple + heads.shares[2] * network
        ), heads.level + heads.step * network

    mixed, networks = jax.vmap(head)(model.heads)
    return jnp.moveaxis(mixed, -1, 0), jnp.moveaxis(networks, -1, 0)


def member_parts(heads: Heads, linear: Array, bounded: Array, pairs: Array) -> tuple[Array, Array]:
    """One target's fits (2, members, n), lines first, and its networks (members, n), all standardised."""
    linear, bounded = linear * heads.mask, bounded * heads.mask
    lines = heads.lines @ response_lines(linear, bounded, pairs).T
    # Without a quadratic the networks correct the lines: its weights are then an empty axis.
    quadratic = heads.quadratic @ terms(linear, bounded).T if heads.quadratic.shape[-1] else lines
    residual = jax.vmap(apply, in_axes=(0, None))(heads.params, bounded)
    return jnp.stack([lines, quadratic]), quadratic + heads.correction * residual


def _features(model: PlantModel, x: Array) -> Array:
    return with_derived(model.inputs, x, model.load_scale_kw)


@jax.jit
def _residual_size(model: PlantModel, x: Array) -> Array:
    return residual_size(model.intervals, model.scaler.bounded(_features(model, x)))


@jax.jit
def _answer(model: PlantModel, x: Array) -> tuple[Array, ...]:
    mixed, networks = _mixed(model, x)
    column = model.inputs.index("load_kw") if "load_kw" in model.inputs else None
    load_kw = jnp.broadcast_to(model.intervals.edges[0], x.shape[:1]) if column is None else x[:, column]
    half = half_widths(model.intervals, model.scaler.bounded(_features(model, x)), load_kw)
    covered, away = coverage(model.support, x)
    away = away / model.support.limit
    return mixed.mean(axis=2), networks.std(axis=2, ddof=1), half, covered, away


def to_bytes(model: PlantModel) -> bytes:
    """The arrays of a model as msgpack; `to_metadata` holds the rest."""
    return serialization.to_bytes(jax.device_get(_with_text_keys(model)))


def to_metadata(model: PlantModel) -> dict[str, Any]:
    """What `from_bytes` needs besides the arrays, as plain JSON values."""
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
    heads["params"] = with_number_keys(heads["params"])
    return PlantModel(
        inputs=tuple(metadata["inputs"]),
        targets=tuple(metadata["targets"]),
        same_as=tuple((name, other) for name, other in metadata["same_as"]),
        version=version,
        load_scale_kw=tree["load_scale_kw"],
        scaler=Scaler(**tree["scaler"]),
        pairs=tree["pairs"],
        heads=Heads(**heads),
        support=Support(**tree["support"]),
        intervals=Intervals(**tree["intervals"]),
    )


def _with_text_keys(model: PlantModel) -> PlantModel:
    params = with_text_keys(model.heads.params)
    return dataclasses.replace(model, heads=dataclasses.replace(model.heads, params=params))
