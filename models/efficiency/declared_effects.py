"""Declared effects: how a target responds to one input, all else equal, as an engineer knows it.

They supply what a record cannot: where an operator moves two setpoints together, a fit may credit either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from models.errors import ImpossibleEffectError

NOTHING = 1e-4  # share of the target per standard deviation of the input: smaller effects count as none
HALF_STEP = 0.1  # standard deviations to either side, over which an effect is measured


@dataclass(frozen=True)
class Effect:
    """With the input `of` one unit (K) higher, `target` changes by `low` to `high`.

    Both are shares of the target's value (0.04 is 4 % per K), infinite where nothing is declared.
    """

    of: str
    target: str
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class EffectBounds:
    """The declared effects on t targets as arrays, for the i inputs that any of them concerns.

    targets, inputs: their names. columns (i,): of x. spread (i,): standard deviation of each. low, high (t,
    i): change of the target per standard deviation of the input, as shares of its value; infinite where
    nothing is declared.
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
        """Effects on x (n, inputs) as arrays.

        Raises:
            ImpossibleEffectError: effects exclude each other, or name an input or target that the rows lack.
        """
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
                    f"the effects declared of {effect.of} on {effect.target} exclude each other; keep one of them"
                )
        return cls(targets, tuple(names), columns, spread, low, high)

    def __len__(self) -> int:
        return len(self.columns)

    def at(self, effect: Effect) -> tuple[int, int]:
        """Position of an effect in (t, i)."""
        return self.targets.index(effect.target), self.inputs.index(effect.of)

    def steps(self, number: int, inputs: int) -> np.ndarray:
        """Change of a row of x (inputs,) by `HALF_STEP` standard deviations of one input."""
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
