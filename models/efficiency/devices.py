"""Networks and minibatches over the devices JAX has: split by members first, which are independent."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

MEMBER, BATCH = "member", "batch"


def mesh_of(members: int, batch: int) -> Mesh | None:
    """The largest grid of devices that divides both members and batch, members foremost; None on one device."""
    devices = jax.local_devices()
    grids = [
        (by_member, by_batch)
        for by_member in _divisors(members, len(devices))
        for by_batch in _divisors(batch, len(devices) // by_member)
    ]
    by_member, by_batch = max(grids, key=lambda grid: (grid[0] * grid[1], grid[0]))
    if by_member * by_batch == 1:
        return None
    used = np.array(devices[: by_member * by_batch])
    return Mesh(used.reshape(by_member, by_batch), (MEMBER, BATCH))


def placed(mesh: Mesh | None, tree: Any, *axes: str | None) -> Any:
    """A tree of arrays on the devices, split along `axes` (a name or None per axis), else on every device."""
    if mesh is None:
        return jax.tree.map(jnp.asarray, tree)
    return jax.device_put(tree, NamedSharding(mesh, PartitionSpec(*axes)))


def gathered(mesh: Mesh | None, tree: Any) -> Any:
    """The tree on the default device again."""
    return tree if mesh is None else jax.tree.map(jnp.asarray, jax.device_get(tree))


def _divisors(number: int, most: int) -> list[int]:
    return [size for size in range(1, most + 1) if number % size == 0]
