"""A learned plant: power and temperatures from inputs, with intervals, ensemble spread and support."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization, struct
from jax import Array

from models.efficiency.features import with_derived
from models.efficiency.intervals import Intervals, half_widths, residual_size
from models.efficiency.networks import Params, in_buckets, in_trace, with_number_keys, with_text_keys
from models.efficiency.scaling import Scaler
from models.efficiency.stacking import PARTS
from models.efficiency.support import Support, coverage
from models.ridge import response_lines, terms

A = TypeVar("A", np.ndarray, Array)
Leaf = Any  # of a pytree: an array of NumPy or of JAX
Networks = Callable[
    [Params, Any], Any
]  # parameters, leading axis (members,), at features (n, f): (members, n)


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

    level: Leaf
    step: Leaf
    lines: Leaf
    quadratic: Leaf
    correction: Leaf
    params: Params
    shares: Leaf
    mask: Leaf


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
    load_scale_kw: Leaf
    scaler: Scaler
    pairs: Leaf
    heads: Heads
    support: Support
    intervals: Intervals

    def ask(self, x: np.ndarray) -> Answer:
        """Predictions for inputs x (n, inputs); NaN where an input is missing."""
        mean, spread, half, covered, away = _answer(self, self._checked(x))
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
        predictions = np.moveaxis(_mixed(_plain(self), self._checked(x), in_buckets)[0], 1, 0)
        named = dict(zip(self.targets, predictions, strict=True))
        return named | {name: named[other] for name, other in self.same_as}

    def spread(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Standard deviation between the networks: target -> (n,); uncertainty of the model, not noise."""
        return self.ask(x).spread

    def in_support(self, x: np.ndarray) -> np.ndarray:
        """Whether the record covers each row of x (n, inputs); bool (n,)."""
        return coverage(self.support, self._checked(x))[0]

    def distance(self, x: np.ndarray) -> np.ndarray:
        """Distance (n,) of each row from the record; above 1 it is not covered."""
        return coverage(self.support, self._checked(x))[1] / np.float32(self.support.limit)

    def part(self, name: str) -> "PlantModel":
        """The same model with one of models.efficiency.stacking.PARTS alone, whatever its share."""
        only = np.array([part == name for part in PARTS], np.float32)
        shares = jnp.broadcast_to(jnp.asarray(only), self.heads.shares.shape)
        return dataclasses.replace(self, heads=dataclasses.replace(self.heads, shares=shares))

    def residual_size(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Usual size of residuals at x (n, inputs): target -> (n,)."""
        model = _plain(self)
        bounded = model.scaler.bounded(_features(model, self._checked(x)))
        return self._named(residual_size(model.intervals, bounded).T)

    def _checked(self, x: np.ndarray) -> np.ndarray:
        if x.ndim != 2 or x.shape[1] != len(self.inputs):
            raise ValueError(
                f"x has shape {x.shape}; give (rows, {len(self.inputs)}): {', '.join(self.inputs)}"
            )
        return np.asarray(x, np.float32)

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


def _mixed(model: PlantModel, x: A, networks: Networks = in_trace, *, own_fits: bool = False) -> tuple[A, A]:
    """The prediction with every network in turn, and the networks alone: (n, targets, members) each.

    own_fits: with each network the fits that left out the same block, else the mean of all fits.
    """
    features = _features(model, x)
    linear, bounded = model.scaler.standardised(features), model.scaler.bounded(features)
    mixed, alone = [], []
    for heads in each_head(model.heads):
        fits, network = member_parts(heads, linear, bounded, model.pairs, networks)
        shown = fits if own_fits else fits.mean(axis=1)[:, None]
        simple = heads.shares[0] * shown[0] + heads.shares[1] * shown[1]
        mixed.append(heads.level + heads.step * (simple + heads.shares[2] * network))
        alone.append(heads.level + heads.step * network)
    xp = x.__array_namespace__()
    return xp.stack(mixed).transpose(2, 0, 1), xp.stack(alone).transpose(2, 0, 1)


def each_head(heads: Heads) -> list[Heads]:
    """The heads of the targets in turn, without the axis of targets."""

    def of(target: int) -> Heads:
        return jax.tree.map(lambda leaf: leaf[target], heads)

    return [of(target) for target in range(len(heads.level))]


def member_parts(heads: Heads, linear: A, bounded: A, pairs: A, networks: Networks = in_trace) -> tuple[A, A]:
    """One target's fits (2, members, n), lines first, and its networks (members, n), all standardised."""
    xp = linear.__array_namespace__()
    linear, bounded = linear * heads.mask, bounded * heads.mask
    lines = heads.lines @ response_lines(linear, bounded, pairs).T
    # Without a quadratic the networks correct the lines: its weights are then an empty axis.
    quadratic = heads.quadratic @ terms(linear, bounded).T if heads.quadratic.shape[-1] else lines
    residual = networks(heads.params, bounded)
    return xp.stack([lines, quadratic]), quadratic + heads.correction * residual


def _plain(model: PlantModel) -> PlantModel:
    """The same of NumPy arrays: nothing is compiled for the shape of one site, but for its networks' bucket."""
    return jax.tree.map(np.asarray, model)


def _features(model: PlantModel, x: A) -> A:
    return with_derived(model.inputs, x, model.load_scale_kw)


def _answer(model: PlantModel, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean, spread, half width (n, targets), whether a row is covered and how far it is from the record (n,)."""
    model = _plain(model)
    mixed, networks = _mixed(model, x, in_buckets)
    column = model.inputs.index("load_kw") if "load_kw" in model.inputs else None
    load_kw = np.broadcast_to(model.intervals.edges[0], x.shape[:1]) if column is None else x[:, column]
    half = half_widths(model.intervals, model.scaler.bounded(_features(model, x)), load_kw)
    covered, away = coverage(model.support, x)
    return mixed.mean(axis=2), networks.std(axis=2, ddof=1), half, covered, away / model.support.limit


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
