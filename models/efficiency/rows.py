"""The data a plant model is learned from, and the result of learning."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from models.efficiency.declared_effects import Effect
from models.efficiency.intervals import Scores
from models.efficiency.model import PlantModel
from models.evaluate import time_blocks


@dataclass(frozen=True)
class Rows:
    """Data to learn from, in time order.

    x (n, inputs), y (n, targets), load_kw (n,): the denominator of the targets that are per kW. hidden:
    target -> inputs that it must not see, because they contain it. same_as: further targets that equal one of
    `targets`. effects: declared responses of targets to inputs. stretches: numbers of rows, in time order,
    whose blocks of time are dealt separately: rows of an earlier training keep theirs when others follow; one
    stretch by default.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    load_kw: np.ndarray
    hidden: dict[str, frozenset[str]] = field(default_factory=dict)
    same_as: tuple[tuple[str, str], ...] = ()
    effects: tuple[Effect, ...] = ()
    stretches: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.x)

    def blocks(self, folds: int) -> np.ndarray:
        """Fold (n,) of each row: contiguous blocks of time, dealt in turn."""
        lengths = self.stretches or (len(self),)
        return np.concatenate([time_blocks(rows, folds=folds) for rows in lengths])

    def where(self, keep: np.ndarray) -> "Rows":
        """The rows for which `keep` (n,) is true."""
        ends = np.cumsum(self.stretches)[:-1]
        stretches = tuple(int(part.sum()) for part in np.split(keep, ends)) if self.stretches else ()
        return replace(self, x=self.x[keep], y=self.y[keep], load_kw=self.load_kw[keep], stretches=stretches)

    def target(self, name: str) -> np.ndarray:
        """One target's values (n,), also by its other name."""
        return self.y[:, self.targets.index(dict(self.same_as).get(name, name))]


@dataclass(frozen=True)
class Parts:
    """The parts that a model may have.

    backbone: the fit that the networks correct: all products of two features, or response lines alone, which
    extrapolate better where rare regimes lie far out.
    """

    backbone: Literal["quadratic", "lines"] = "quadratic"


@dataclass(frozen=True)
class Learned:
    """A model and the record of its training.

    outliers: rows of the record that were left out. mixture: target -> its parts in words. scores: target ->
    residuals of left-out blocks in units of the usual residual, in time order. effects: share of the rows at
    which the model breaks each declared effect.
    """

    model: PlantModel
    curves: list[tuple[float, float]]
    outliers: int
    mixture: dict[str, str]
    scores: dict[str, Scores]
    effects: tuple[tuple[Effect, float], ...] = ()
