"""Training: many small networks at once, of one site or of several of one shape, an epoch in one compiled call.

What changes with the record (rows, steps of an epoch, learning rates, inputs) is data, not shape: sites of like size
share a compiled program, and those of one shape are trained side by side in one call (`fit_many`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from models.buckets import in_powers_of_two
from models.efficiency.devices import BATCH, MEMBER, gathered, mesh_of, placed
from models.efficiency.fit_data import FitConfig, FitTask, OnEpoch, Prepared, prepared
from models.efficiency.networks import Params, apply, with_inputs
from models.efficiency.slope_penalty import OF_MEMBER, OF_TARGET, Slopes, penalty
from models.errors import DivergedError
from models.together import answered

__all__ = ["FitConfig", "FitTask", "Fitted", "OnEpoch", "fit_many", "fit_networks"]

Data = dict[str, Any]


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
    and machine: the same parameters, bit by bit. Where several sites are trained at once (`models.together`), those
    of one shape are trained in one call: parameters differ by rounding.

    Raises:
        DivergedError: the loss is no longer a number; `last_good` holds the best epoch so far.
    """
    task = FitTask(z, y, mask, blocks, config, seed, start, of_others, slopes, on_epoch)
    (found,) = answered(fit_many, [task])
    if isinstance(found, DivergedError):
        raise found
    return found


def fit_many(tasks: Sequence[FitTask]) -> list[Fitted | DivergedError]:
    """What `fit_networks` gives or raises for each task; those of one shape are trained in one vmapped call."""
    ready = [prepared(task) for task in tasks]
    found: dict[int, Fitted | DivergedError] = {}
    for shape in dict.fromkeys(each.shape for each in ready):
        alike = [number for number, each in enumerate(ready) if each.shape == shape]
        for numbers in in_powers_of_two(alike):
            found |= zip(numbers, _trained([ready[number] for number in numbers]), strict=True)
    return [found[number] for number in range(len(tasks))]


def _trained(ready: list[Prepared]) -> list[Fitted | DivergedError]:
    """Networks of sites of one shape, a leading axis (s,) on every array; each stops on its own."""
    config = ready[0].task.config
    mesh, tx = mesh_of(config.members, config.batch), _optimiser(config.weight_decay)
    params = placed(mesh, _stacked([each.params for each in ready]), None, None, MEMBER)
    data = _on_devices(mesh, _stacked([each.data for each in ready]))
    opt_state = _states(tx, params)
    # A copy: what the optimizer's steps are given they may overwrite.
    best = jax.tree.map(jnp.copy, params)
    courses = [_Course(each) for each in ready]
    epoch = 0
    while any(course.goes_on for course in courses):
        order = placed(mesh, np.stack([each.minibatches() for each in ready]), None, None, MEMBER, BATCH)
        rates = placed(mesh, np.stack([each.rates_of(epoch) for each in ready]))
        params, opt_state, train_loss = _some_steps(tx, params, opt_state, data, order, rates)
        losses, train_losses = np.asarray(_validation_loss(params, data)), np.asarray(train_loss)
        better = [
            course.after(train, loss)
            for course, train, loss in zip(courses, train_losses, losses, strict=True)
        ]
        best = _kept(np.stack(better), params, best)
        epoch += 1
    networks = jax.device_get(gathered(mesh, best))
    return [
        course.found(jax.tree.map(lambda leaf, at=number: leaf[at], networks))
        for number, course in enumerate(courses)
    ]


class _Course:
    """How the training of one site goes: its best losses, its curves and when it stops."""

    def __init__(self, ready: Prepared) -> None:
        task = ready.task
        self.task, self.epochs, self.steps = task, *ready.rates.shape
        self.loss = np.full((len(task.y), task.config.members), np.inf)
        self.curves: list[tuple[float, float]] = []
        self.waited, self.diverged = 0, False

    @property
    def goes_on(self) -> bool:
        """Whether there is another epoch."""
        stopped = self.diverged or self.waited >= self.task.config.patience
        return not stopped and len(self.curves) < self.epochs

    def after(self, train_loss: np.ndarray, loss: np.ndarray) -> np.ndarray:
        """Notes an epoch's losses (steps,), (t, m); the networks (t, m) that have become better in it."""
        if not self.goes_on:
            return np.zeros(self.loss.shape, bool)
        train = float(train_loss[: self.steps].mean())
        self.diverged = not (np.isfinite(train) and np.isfinite(loss).all())
        if self.diverged:
            return np.zeros(self.loss.shape, bool)
        better = loss < self.loss
        self.loss = np.where(better, loss, self.loss)
        self.curves.append((train, float(loss.mean())))
        if self.task.on_epoch:
            self.task.on_epoch(len(self.curves) - 1, *self.curves[-1])
        self.waited = 0 if better.any() else self.waited + 1
        return better

    def found(self, params: Params) -> Fitted | DivergedError:
        """The networks of the best epochs, or the error that stopped the training."""
        own = with_inputs(params, self.task.z.shape[1])
        fitted = Fitted(own, self.loss, self.curves)
        if not self.diverged:
            return fitted
        return DivergedError(f"the loss is no longer a number in epoch {len(self.curves) + 1}", fitted)


def _stacked(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


def _on_devices(mesh: Any, data: Data) -> Data:
    """Arrays with a leading axis of sites on the devices, those of members apart."""
    axes: dict[str, tuple[str | None, ...]] = {"y": (None, None, MEMBER), "validation": (None, MEMBER)}
    return {name: placed(mesh, part, *axes.get(name, ())) for name, part in data.items()}


@cache  # one object per setting, or every fit would be compiled anew
def _optimiser(weight_decay: float) -> optax.GradientTransformation:
    """Of learning rate 1: the updates are multiplied by the rate of their step."""
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1.0, weight_decay=weight_decay))


@partial(jax.jit, static_argnums=0)
def _states(tx: optax.GradientTransformation, params: Params) -> optax.OptState:
    return jax.vmap(jax.vmap(jax.vmap(tx.init)))(params)


@partial(jax.jit, donate_argnums=2)
def _kept(better: Array, params: Params, best: Params) -> Params:
    """`params` where they are better (s, t, m), else the best so far."""

    def chosen(new: Array, old: Array) -> Array:
        return jnp.where(better.reshape(better.shape + (1,) * (new.ndim - better.ndim)), new, old)

    return jax.tree.map(chosen, params, best)


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
    """An epoch of s sites on minibatches, order (s, steps, m, b), at rates (s, steps). Loss (s, steps).

    A step of rate 0 changes nothing; one of a negative rate is none and fills an epoch up.
    """
    steps = (rates >= 0.0).any(axis=0).sum()

    def step(number: Array, carry: tuple) -> tuple:
        params, opt_state, losses = carry
        rows, rate = order[:, number], jnp.maximum(rates[:, number], 0.0)
        params, opt_state, loss = jax.vmap(partial(_step, tx))(params, opt_state, data, rows, rate)
        return params, opt_state, losses.at[:, number].set(loss)

    return jax.lax.fori_loop(0, steps, step, (params, opt_state, jnp.zeros(rates.shape)))


def _step(
    tx: optax.GradientTransformation, params: Params, before: optax.OptState, data: Data, rows: Array,
    rate: Array,
) -> tuple[Params, optax.OptState, Array]:  # fmt: skip
    """One step of one site on minibatches (m, b)."""
    loss, grads = _of_every_network(jax.value_and_grad(_loss), params, data, rows)
    updates, opt_state = jax.vmap(jax.vmap(tx.update))(grads, before, params)
    params = optax.apply_updates(params, jax.tree.map(lambda update: rate * update, updates))
    kept = jax.tree.map(lambda new, old: jnp.where(rate > 0.0, new, old), opt_state, before)
    return params, kept, loss.mean()


@jax.jit
def _validation_loss(params: Params, data: Data) -> Array:
    """Loss of every network of s sites on its member's validation rows: (s, t, m)."""

    def of_site(params: Params, data: Data) -> Array:
        return _of_every_network(_loss, params, data, data["validation"])

    return jax.vmap(of_site)(params, data)
