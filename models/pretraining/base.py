"""One set of networks for the changes of all simulated sites."""

from dataclasses import replace

import jax
import numpy as np

from models.changes.base_network import HIDDEN, MEMBERS
from models.efficiency.networks import Params
from models.efficiency.training import FitConfig, OnEpoch, fit_networks

# More sites than a network can remember: little decay, a batch of many sites.
CONFIG = FitConfig(
    hidden=HIDDEN, members=MEMBERS, epochs=20, most_steps=10**9, batch=1_024, weight_decay=0.1, patience=4
)


def trained(
    z: np.ndarray,
    change: np.ndarray,
    site: np.ndarray,
    *,
    config: FitConfig = CONFIG,
    seed: int = 0,
    on_epoch: OnEpoch | None = None,
) -> tuple[Params, float]:
    """Parameters, leading axis (members,), and their mean loss on sites that they were not trained on.

    z (n, columns), change (n,), site (n,): as `rows_of` gives them.
    """  # fmt: skip
    y = np.broadcast_to(change, (1, config.members, len(change)))
    blocks, mask = site % config.members, np.ones((1, z.shape[1]), np.float32)
    config = replace(config, batch=min(config.batch, max(1, len(z) // 8)))
    fitted = fit_networks(z, y, mask, blocks, config, seed=seed, on_epoch=on_epoch)
    return jax.tree.map(lambda leaf: leaf[0], fitted.params), float(fitted.loss.mean())
