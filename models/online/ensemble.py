"""What is served: the models together, each corrected by its errors, weighted by what it was worth so far."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from models.efficiency.intervals import Scores
from models.online.aggregation import Regret, aggregated
from models.online.correction import Correction, corrected
from models.online.intervals import Rows, Widths, half_intervals


@dataclass(frozen=True)
class Followed:
    """mean, half (n,): prediction and half of its 90 % interval; corrected: model -> (n,); the ensemble after it."""

    mean: np.ndarray
    half: np.ndarray
    corrected: dict[str, np.ndarray]
    ensemble: "Ensemble"


@dataclass(frozen=True)
class Ensemble:
    """What is known of the errors of `models`, and of their weighted mean's. The first is known on left-out blocks."""

    models: tuple[str, ...]
    corrections: list[Correction]
    regret: Regret
    widths: Widths

    @classmethod
    def of(
        cls, models: tuple[str, ...], past: Scores, *, lag: int = 1, uncorrected: tuple[str, ...] = ()
    ) -> Self:
        """Before serving. past: of the first model's residuals on left-out blocks; an error is known `lag` rows later.

        uncorrected: models that carry their last error by themselves.
        """
        first, left = Correction.of(past, lag=lag)
        others = [Correction.none() if name in uncorrected else Correction() for name in models[1:]]
        return cls(models, [first, *others], Regret.none(len(models)), Widths.of(past, left))

    def follow(self, predicted: dict[str, np.ndarray], rows: Rows, delay: np.timedelta64) -> Followed:
        """Predictions (n,) from those of each model (n,), every row from errors known `delay` after theirs.

        Where another model has no prediction (NaN), that of the first stands in.
        """
        first = predicted[self.models[0]]
        each = np.stack(
            [np.where(np.isfinite(predicted[name]), predicted[name], first) for name in self.models], axis=1
        )
        means, corrections = corrected(
            self.corrections, each, rows.measured, rows.times, delay, size=rows.size, counts=rows.counts
        )
        mean, regret = aggregated(
            means, rows.measured, rows.times, delay, regret=self.regret, counts=rows.counts
        )
        half, widths = half_intervals(self.widths, mean, rows, delay)
        after = Ensemble(self.models, corrections, regret, widths)
        return Followed(mean, half, dict(zip(self.models, means.T, strict=True)), after)

    def described(self) -> str:
        """The weights in words, the greatest first: "40 % mixture, 35 % quadratic ridge, ..."."""
        weights = sorted(zip(self.regret.weights(), self.models, strict=True), reverse=True)
        return ", ".join(f"{weight:.0%} {name}" for weight, name in weights if weight >= 0.005)

    def as_arrays(self) -> dict[str, Any]:
        """Named arrays, as a registry keeps them."""
        return {
            "models": list(self.models),
            "costs": np.stack([of.costs for of in self.corrections]),
            "losses": np.stack([of.losses for of in self.corrections]),
            "gained": self.regret.gained,
            "squares": self.regret.squares,
            "widths": self.widths.as_arrays(),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> Self:
        """From `as_arrays`. Raises KeyError where a part is missing."""
        parts = zip(arrays["costs"], arrays["losses"], strict=True)
        corrections = [Correction(np.array(costs), np.array(losses)) for costs, losses in parts]
        regret = Regret(np.array(arrays["gained"]), np.array(arrays["squares"]))
        return cls(tuple(arrays["models"]), corrections, regret, Widths.from_arrays(arrays["widths"]))
