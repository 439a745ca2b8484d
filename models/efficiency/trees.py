"""Gradient boosting as arrays: scikit-learn grows the trees, JAX evaluates them: no pickles are kept."""

from dataclasses import fields
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array
from sklearn.ensemble import HistGradientBoostingRegressor

from models.buckets import bucket

DEPTHS = 8  # depths are rounded up to a multiple of it
ROWS_AT_ONCE = 4_096  # larger blocks of rows fall out of the processor's cache


@struct.dataclass
class Trees:
    """Regression trees whose leaves are summed, one set per target, t of them.

    feature, left, right, value: (t, trees, nodes), limit too: a row goes left where its feature is at most that, and
    where it has no reading (NaN) as `absent` says. A leaf is its own child. start (t,): what the sum starts from.
    depth: steps from the deepest root to its leaves.
    """

    feature: Array
    limit: Array
    left: Array
    right: Array
    absent: Array
    value: Array
    start: Array
    depth: int = struct.field(pytree_node=False)

    def plain(self) -> dict[str, Any]:
        """Named arrays and numbers, as `restored` takes them."""
        return {part.name: np.asarray(getattr(self, part.name)) for part in fields(self)}


def as_arrays(boosted: list[HistGradientBoostingRegressor]) -> Trees:
    """The trees of one boosting per target as arrays, padded to the same size."""
    nodes = [[stage[0].nodes for stage in model._predictors] for model in boosted]
    trees = max(map(len, nodes))
    size = bucket(max((len(tree) for target in nodes for tree in target), default=1))
    arrays: dict[str, np.ndarray] = {
        name: np.zeros((len(boosted), trees, size), kind)
        for name, kind in (
            ("feature", np.int32),
            ("left", np.int32),
            ("right", np.int32),
            ("absent", np.int32),
        )
    } | {name: np.zeros((len(boosted), trees, size), np.float32) for name in ("limit", "value")}
    for target, model_nodes in enumerate(nodes):
        for number, tree in enumerate(model_nodes):
            _place(arrays, (target, number, slice(len(tree))), tree)
    start = np.array([float(np.ravel(model._baseline_prediction)[0]) for model in boosted], np.float32)
    # A leaf is its own child, so that a few steps more change nothing, and share a compiled program.
    depth = DEPTHS * -(
        -max((int(tree["depth"].max()) for target in nodes for tree in target), default=0) // DEPTHS
    )
    named = {name: jnp.asarray(values) for name, values in arrays.items()}
    return Trees(**named, start=jnp.asarray(start), depth=depth)


def _place(arrays: dict[str, np.ndarray], where: Any, tree: np.ndarray) -> None:
    leaf, self_number = tree["is_leaf"].astype(bool), np.arange(len(tree))
    arrays["feature"][where] = tree["feature_idx"]
    arrays["limit"][where] = np.where(leaf, 0.0, tree["num_threshold"]).astype(np.float32)
    arrays["left"][where] = np.where(leaf, self_number, tree["left"])
    arrays["right"][where] = np.where(leaf, self_number, tree["right"])
    arrays["absent"][where] = np.where(
        leaf, self_number, np.where(tree["missing_go_to_left"], tree["left"], tree["right"])
    )
    arrays["value"][where] = np.where(leaf, tree["value"], 0.0)


def restored(arrays: dict[str, Any]) -> Trees:
    """Trees from `Trees.plain`. Raises TypeError where a part is missing."""
    of_rows = {name: jnp.asarray(values) for name, values in arrays.items() if name != "depth"}
    return Trees(**of_rows, depth=int(arrays["depth"]))


@jax.jit
def evaluate(trees: Trees, x: Array) -> Array:
    """Sum of the leaves that each row of x (n, k) falls into: (n, t)."""
    rows = min(ROWS_AT_ONCE, x.shape[0])
    if x.shape[0] % rows:
        return _sums(trees, x)
    blocks = x.reshape(-1, rows, x.shape[1])
    return jax.lax.map(partial(_sums, trees), blocks).reshape(x.shape[0], -1)


def _sums(trees: Trees, x: Array) -> Array:
    # Targets and trees one after the other: only the rows of one tree at a time fit into the cache.
    def of_target(
        feature: Array, limit: Array, left: Array, right: Array, absent: Array, value: Array
    ) -> Array:
        def of_tree(total: Array, tree: tuple[Array, ...]) -> tuple[Array, None]:
            feature, limit, left, right, absent, value = tree

            def descend(_: int, node: Array) -> Array:
                reading = jnp.take_along_axis(x, feature[node][:, None], axis=1)[:, 0]
                there = jnp.where(reading <= limit[node], left[node], right[node])
                return jnp.where(jnp.isnan(reading), absent[node], there)

            node = jax.lax.fori_loop(0, trees.depth, descend, jnp.zeros(x.shape[0], jnp.int32))
            return total + value[node], None

        return jax.lax.scan(of_tree, jnp.zeros(x.shape[0]), (feature, limit, left, right, absent, value))[0]

    sums = jax.vmap(of_target)(trees.feature, trees.limit, trees.left, trees.right, trees.absent, trees.value)
    return (sums + trees.start[:, None]).T
