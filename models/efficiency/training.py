"""Training: many small networks at once, data moved to the devices once, one compiled scan over some steps.

What changes with the record (rows, steps of an epoch, learning rates) is data, not shape: records of like length share
a compiled program.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.sharding import Mesh

from models.buckets import bucket, padded
from models.efficiency.devices import BATCH, MEMBER, gathered, mesh_of, placed
from models.efficiency.networks import USUAL_HIDDEN, Params, apply, initial_params
from models.efficiency.slope_penalty import OF_MEMBER, OF_TARGET, Slopes, penalty
from models.errors import DivergedError

OnEpoch = Callable[[int, float, float], None]  # epoch, training loss, validation loss
Data = dict[str, Any]

FEWEST_EPOCHS = 20
# Networks that start where others ended need fewer epochs, and small steps, or their start is lost.
WARM_EPOCHS, WARM_RATE = 0.25, 0.3
AT_ONCE = 4  # steps in one compiled scan


@dataclass(frozen=True)
class FitConfig:
    """Settings of the training of networks.

    members: networks per target; each is validated on a block of time that it is not trained on. most_steps:
    gradient steps to aim at: a long record needs fewer epochs, though never fewer than 20. patience: epochs
    without a better validation loss in any network after which training stops.
    """

    hidden: tuple[int, ...] = USUAL_HIDDEN
    members: int = 4
    epochs: int = 60
    most_steps: int = 1_500
    batch: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1.0
    patience: int = 10


@dataclass
class Fitted:
    """Parameters with leading axes (targets, members), each network at its best epoch, and the curves.

    loss: (targets, members) validation loss of the kept epoch; curves: training and validation loss by epoch.
    """

    params: Params
    loss: np.ndarray
    curves: list[tuple[float, float]] = field(default_factory=list)


def fit_networks(
    z: np.ndarray,
    y: np.ndarray,
    mask: np.ndarray,
    blocks: np.ndarray,
    config: FitConfig,
    *,
    seed: int,
    start: Params | None = None,
    of_others: bool = False,
    slopes: Slopes | None = None,
    on_epoch: OnEpoch | None = None,
) -> Fitted:
    """Trains targets x members networks: AdamW, warm-up and cosine schedule, Huber loss, early stopping.

    z: (n, f) standardised features; y: (t, members, n) standardised targets; mask: (t, f), 1 where a target
    may see a feature; blocks: (n,) in 0..members-1: member m is validated on block m, trained on the others.
    start: parameters to begin with, which takes a quarter of the epochs unless they are `of_others`, plants that
    this one only resembles; else random ones. slopes: of the
    fits that the networks correct, where effects are declared: breaking them counts as loss. Same seed, data
    and machine: the same parameters, bit by bit.

    Raises:
        DivergedError: the loss is no longer a number; `last_good` holds the best epoch so far.
    """
    train_rows = [np.flatnonzero(blocks != member).astype(np.int32) for member in range(config.members)]
    steps = max(1, min(map(len, train_rows)) // config.batch)
    epochs = min(config.epochs, max(FEWEST_EPOCHS, config.most_steps // steps))
    if start is not None and not of_others:
        epochs = max(1, round(WARM_EPOCHS * epochs))
        config = replace(config, learning_rate=WARM_RATE * config.learning_rate)
    mesh, tx = mesh_of(config.members, config.batch), _optimiser(config.weight_decay)
    rates = _rates(config.learning_rate, epochs * steps).reshape(epochs, steps)
    random = np.random.default_rng(seed)
    drawn = initial_params(random, (len(y), config.members), z.shape[1], config.hidden)
    params = drawn if start is None else start
    params, data = placed(mesh, params, None, MEMBER), _on_devices(mesh, z, y, mask, blocks, config, slopes)
    opt_state = jax.vmap(jax.vmap(tx.init))(params)
    best = Fitted(params, np.full((len(y), config.members), np.inf))
    epochs_waited = 0
    try:
        for epoch in range(epochs):
            order, losses = _order(train_rows, steps, config.batch, random), []
            for begin in range(0, steps, AT_ONCE):
                some = placed(mesh, _full(order[begin : begin + AT_ONCE]), None, MEMBER, BATCH)
                rate = _full(rates[epoch, begin : begin + AT_ONCE], 0.0)
                params, opt_state, train_loss = _some_steps(tx, params, opt_state, data, some, rate)
                losses.append(train_loss)
            train_loss = float(np.concatenate(losses)[:steps].mean())
            loss = np.asarray(_validation_loss(params, data))
            improved = _keep_best(best, params, train_loss, loss)
            if on_epoch:
                on_epoch(epoch, *best.curves[-1])
            epochs_waited = 0 if improved else epochs_waited + 1
            if epochs_waited >= config.patience:
                break
    finally:
        best.params = gathered(mesh, best.params)
    return best


def _on_devices(
    mesh: Mesh | None,
    z: np.ndarray,
    y: np.ndarray,
    mask: np.ndarray,
    blocks: np.ndarray,
    config: FitConfig,
    slopes: Slopes | None,
) -> Data:
    validation = [np.flatnonzero(blocks == member).astype(np.int32) for member in range(config.members)]
    longest = bucket(max(map(len, validation)))
    return {
        "z": placed(mesh, padded(np.asarray(z, np.float32))),
        "y": placed(mesh, padded(np.asarray(y, np.float32), axis=2), None, MEMBER),
        "mask": placed(mesh, np.asarray(mask, np.float32)),
        "slopes": placed(mesh, slopes),
        "validation": placed(mesh, np.stack([np.resize(rows, longest) for rows in validation]), MEMBER),
    }


@cache  # one object per setting, or every fit would be compiled anew
def _optimiser(weight_decay: float) -> optax.GradientTransformation:
    """Of learning rate 1: the updates are multiplied by the rate of their step."""
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1.0, weight_decay=weight_decay))


def _rates(highest: float, steps: int) -> np.ndarray:
    """Learning rate of each step (steps,): warm-up, then half a cosine."""
    warm = steps // 20 + 1
    step = np.arange(steps)
    way = (step - warm) / max(steps + 2 - warm, 1)
    rate = np.where(step < warm, step / warm, 0.5 * (1.0 + np.cos(np.pi * way)))
    return (highest * rate).astype(np.float32)


def _full(values: np.ndarray, fill: float | None = None) -> np.ndarray:
    """AT_ONCE entries: the last one again, or `fill`, where there are fewer."""
    more = [(0, AT_ONCE - len(values))] + [(0, 0)] * (values.ndim - 1)
    return np.pad(values, more, mode="edge") if fill is None else np.pad(values, more, constant_values=fill)


def _order(rows: list[np.ndarray], steps: int, batch: int, random: np.random.Generator) -> np.ndarray:
    """Shuffled minibatches, each member's from its own rows: (steps, members, batch)."""
    needed = steps * batch
    drawn = [random.permutation(np.resize(mine, max(len(mine), needed)))[:needed] for mine in rows]
    return np.stack(drawn).reshape(len(rows), steps, batch).swapaxes(0, 1)


def _keep_best(best: Fitted, params: Params, train_loss: float, loss: np.ndarray) -> bool:
    """Note the epoch and keep every network that has become better; whether one has."""
    if not (np.isfinite(train_loss) and np.isfinite(loss).all()):
        raise DivergedError(f"the loss is no longer a number in epoch {len(best.curves) + 1}", best)
    better = loss < best.loss

    def chosen(new: Array, old: Array) -> Array:
        return jnp.where(better.reshape(better.shape + (1,) * (new.ndim - better.ndim)), new, old)

    best.params = jax.tree.map(chosen, params, best.params)
    best.loss = np.where(better, loss, best.loss)
    best.curves.append((train_loss, float(loss.mean())))
    return bool(better.any())


def _loss(params: Params, z: Array, y: Array, slopes: Slopes | None) -> Array:
    # Huber: beyond one standard deviation errors count linearly, so that glitches do not steer the fit.
    error = optax.huber_loss(apply(params, z), y).mean()
    return error if slopes is None else error + penalty(params, z, slopes)


def _of_every_network(function: Callable[..., Any], params: Params, data: Data, rows: Array) -> Any:
    """`function` of every network on its member's rows: params (t, m, ...), rows (m, b) -> (t, m, ...)."""
    z = data["z"][rows]  # (m, b, f)
    y = jax.vmap(lambda y, rows: y[:, rows], in_axes=(1, 0), out_axes=1)(data["y"], rows)  # (t, m, b)
    seen, slopes = z[None] * data["mask"][:, None, None, :], data["slopes"]
    if slopes is None:
        return jax.vmap(jax.vmap(partial(function, slopes=None)))(params, seen, y)
    of_members = jax.vmap(function, in_axes=(0, 0, 0, OF_MEMBER))
    of_targets = jax.vmap(of_members, in_axes=(0, 0, 0, OF_TARGET))
    return of_targets(params, seen, y, slopes.at(rows, data["mask"]))


@partial(jax.jit, static_argnums=0, donate_argnums=2)
def _some_steps(
    tx: optax.GradientTransformation, params: Params, opt_state: optax.OptState, data: Data, order: Array,
    rates: Array,
) -> tuple[Params, optax.OptState, Array]:  # fmt: skip
    """Steps on minibatches, order (steps, m, b), at rates (steps,); one of rate 0 changes nothing. Loss (steps,)."""

    def step(carry: tuple, at: tuple[Array, Array]) -> tuple[tuple, Array]:
        params, before = carry
        rows, rate = at
        loss, grads = _of_every_network(jax.value_and_grad(_loss), params, data, rows)
        updates, opt_state = jax.vmap(jax.vmap(tx.update))(grads, before, params)
        params = optax.apply_updates(params, jax.tree.map(lambda update: rate * update, updates))
        kept = jax.tree.map(lambda new, old: jnp.where(rate > 0.0, new, old), opt_state, before)
        return (params, kept), loss.mean()

    (params, opt_state), losses = jax.lax.scan(step, (params, opt_state), (order, rates))
    return params, opt_state, losses


@jax.jit
def _validation_loss(params: Params, data: Data) -> Array:
    """Loss of every network on its member's validation rows: (t, m)."""
    return _of_every_network(_loss, params, data, data["validation"])
