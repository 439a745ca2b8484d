"""What a training of networks is given: one site's arrays, padded to a shape that many sites share."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np

from models.buckets import bucket, in_steps, padded, widened
from models.efficiency.networks import USUAL_HIDDEN, Params, initial_params, with_inputs
from models.efficiency.slope_penalty import Slopes

OnEpoch = Callable[[int, float, float], None]  # epoch, training loss, validation loss

FEWEST_EPOCHS = 20
# Networks that start where others ended need fewer epochs, and small steps, or their start is lost.
WARM_EPOCHS, WARM_RATE = 0.25, 0.3
NO_STEP = -1.0  # the rate of what only fills an epoch up


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


@dataclass(frozen=True)
class FitTask:
    """Networks to train: as `models.efficiency.training.fit_networks` says."""

    z: np.ndarray
    y: np.ndarray
    mask: np.ndarray
    blocks: np.ndarray
    config: FitConfig
    seed: int
    start: Params | None = None
    of_others: bool = False
    slopes: Slopes | None = None
    on_epoch: OnEpoch | None = None


@dataclass
class Prepared:
    """A task in padded shape: f features, n rows and v validation rows are those of its bucket; m members, t targets.

    data: z (n, f), y (t, m, n), mask (t, f), validation (m, v), slopes. params: leading axes (t, m). rates (epochs,
    steps); train_rows: of each member. random draws the minibatches of every epoch in turn.
    """

    task: FitTask
    data: dict[str, Any]
    params: Params
    rates: np.ndarray
    train_rows: list[np.ndarray]
    random: np.random.Generator
    shape: tuple[Any, ...] = field(default=())

    def __post_init__(self) -> None:
        leaves, tree = jax.tree.flatten((self.data, self.params))
        config = replace(self.task.config, learning_rate=0.0, epochs=0, most_steps=0, patience=0)
        self.shape = (tuple(np.shape(leaf) for leaf in leaves), tree, bucket(self.rates.shape[1]), config)

    def minibatches(self) -> np.ndarray:
        """The next epoch's, each member's from its own rows: (bucket of the steps, members, batch) int32."""
        steps, batch = self.rates.shape[1], self.task.config.batch
        needed = steps * batch
        rows = self.train_rows
        drawn = [self.random.permutation(np.resize(mine, max(len(mine), needed)))[:needed] for mine in rows]
        order = np.stack(drawn).reshape(len(rows), steps, batch).swapaxes(0, 1)
        return padded(order)

    def rates_of(self, epoch: int) -> np.ndarray:
        """Learning rate (bucket of the steps,) of each step of an epoch; NO_STEP after the last of them."""
        filled = np.full(bucket(self.rates.shape[1]), NO_STEP, np.float32)
        if epoch < len(self.rates):
            filled[: self.rates.shape[1]] = self.rates[epoch]
        return filled


def prepared(task: FitTask) -> Prepared:
    """A task with its first parameters, minibatches and rates, in the shape of its bucket."""
    config, blocks = task.config, task.blocks
    train_rows = [np.flatnonzero(blocks != member).astype(np.int32) for member in range(config.members)]
    steps = max(1, min(map(len, train_rows)) // config.batch)
    epochs, rate = min(config.epochs, max(FEWEST_EPOCHS, config.most_steps // steps)), config.learning_rate
    if task.start is not None and not task.of_others:
        epochs, rate = max(1, round(WARM_EPOCHS * epochs)), WARM_RATE * rate
    random = np.random.default_rng(task.seed)
    features = task.z.shape[1]
    drawn = initial_params(random, (len(task.y), config.members), features, config.hidden)
    params = with_inputs(drawn if task.start is None else task.start, in_steps(features))
    rates = _rates(rate, epochs * steps).reshape(epochs, steps)
    return Prepared(task, _data(task), params, rates, train_rows, random)


def _data(task: FitTask) -> dict[str, Any]:
    members = range(task.config.members)
    validation = [np.flatnonzero(task.blocks == member).astype(np.int32) for member in members]
    longest, features = bucket(max(map(len, validation))), in_steps(task.z.shape[1])
    return {
        "z": padded(widened(np.asarray(task.z, np.float32), features, axis=1)),
        "y": padded(np.asarray(task.y, np.float32), axis=2),
        "mask": widened(np.asarray(task.mask, np.float32), features, axis=1),
        "slopes": task.slopes and _padded_slopes(task.slopes, features),
        "validation": np.stack([np.resize(rows, longest) for rows in validation]),
    }


def _padded_slopes(slopes: Slopes, features: int) -> Slopes:
    direction = widened(np.asarray(slopes.direction), features, axis=2)
    return Slopes(
        padded(direction, axis=1),
        padded(np.asarray(slopes.slope), axis=3),
        padded(np.asarray(slopes.value), axis=2),
        np.asarray(slopes.low),
        np.asarray(slopes.high),
    )


def _rates(highest: float, steps: int) -> np.ndarray:
    """Learning rate of each step (steps,): warm-up, then half a cosine."""
    warm = steps // 20 + 1
    step = np.arange(steps)
    way = (step - warm) / max(steps + 2 - warm, 1)
    rate = np.where(step < warm, step / warm, 0.5 * (1.0 + np.cos(np.pi * way)))
    return (highest * rate).astype(np.float32)
