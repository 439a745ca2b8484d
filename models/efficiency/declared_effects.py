"""What is known of a plant before anything is learned: how a target answers to one input, all else equal.

An engineer's knowledge mends what a record cannot tell: where an operator moves two things together, a model gives
one of them the credit of the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from models.errors import ImpossibleEffectError

NOTHING = 1e-4  # share of the target per standard deviation of the input: a smaller effect is none
HALF_STEP = 0.1  # standard deviations to either side, over which an effect is looked at


@dataclass(frozen=True)
class Effect:
    """With the input `of` one unit (K) higher, `target` changes by `low` to `high`.

    Both are shares of the target's value (0.04 is 4 % per K), infinite where nothing is known.
    """

    of: str
    target: str
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Known:
    """The effects on t targets as arrays, for the i inputs that any of them is of.

    targets, inputs: their names. columns (i,): of x. spread (i,): standard deviation of each. low, high (t, i): change
    of the target per standard deviation of the input, shares of its value; infinite where nothing is known.
    """

    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    columns: np.ndarray
    spread: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(
        cls, effects: tuple[Effect, ...], inputs: tuple[str, ...], targets: tuple[str, ...], x: np.ndarray
    ) -> Self:
        """Effects on x (n, inputs). Raises ImpossibleEffectError where they exclude each other or x lacks them."""
        names = list(dict.fromkeys(effect.of for effect in effects))
        for effect in effects:
            if effect.of not in inputs or effect.target not in targets:
                raise ImpossibleEffectError(
                    f"an effect of {effect.of} on {effect.target} is declared, but the rows have no such "
                    f"input or target; inputs are {', '.join(inputs)}, targets {', '.join(targets)}"
                )
        columns = np.array([inputs.index(name) for name in names], dtype=int)
        spread = x[:, columns].std(axis=0)
        low, high = (np.full((len(targets), len(names)), end) for end in (-np.inf, np.inf))
        for effect in effects:
            at = targets.index(effect.target), names.index(effect.of)
            low[at] = max(low[at], effect.low * spread[at[1]])
            high[at] = min(high[at], effect.high * spread[at[1]])
            if low[at] > high[at]:
                raise ImpossibleEffectError(
                    f"what is declared of {effect.of} on {effect.target} excludes itself; keep one declaration"
                )
        return cls(targets, tuple(names), columns, spread, low, high)

    def __len__(self) -> int:
        return len(self.columns)

    def at(self, effect: Effect) -> tuple[int, int]:
        """Where an effect stands in (t, i)."""
        return self.targets.index(effect.target), self.inputs.index(effect.of)

    def signs(self, target: int, inputs: int) -> np.ndarray:
        """1 where a target may only rise with an input, -1 where it may only fall, else 0: (inputs,)."""
        signs = np.zeros(inputs, int)
        signs[self.columns] = (self.low[target] >= 0.0) * 1 - (self.high[target] <= 0.0) * 1
        return signs

    def only_signs(self) -> np.ndarray:
        """Targets (t,) of which no more than signs are known, so that steps up (or down) of any size fulfil it."""
        ends = np.concatenate([self.low, self.high], axis=1)
        return (np.isinf(ends) | (ends == 0.0)).all(axis=1)

    def steps(self, number: int, inputs: int) -> np.ndarray:
        """What half a step of an input adds to a row of x: (inputs,)."""
        step = np.zeros(inputs)
        step[self.columns[number]] = HALF_STEP * self.spread[number]
        return step

    def broken(self, predict: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
        """Share of the rows x (n, k) at which a prediction, rows -> (n, t), breaks each effect: (t, i)."""
        share = np.zeros_like(self.low)
        for number in range(len(self)):
            step = self.steps(number, x.shape[1])
            above, below = predict(x + step), predict(x - step)
            size = np.abs(above + below) / 2.0
            change = (above - below) / (2.0 * HALF_STEP * np.maximum(size, 1e-12))
            low, high = self.low[:, number] - NOTHING, self.high[:, number] + NOTHING
            share[:, number] = ((change < low) | (change > high)).mean(axis=0)
        return share
