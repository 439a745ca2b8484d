"""What the errors of several models will be: their last one carried, or followed by filters, as was best so far."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from models.efficiency.intervals import Scores
from models.online.carried import KINDS, SHARES, Delay, carry, kind_of, share_costs
from models.online.state_correction import EXPERTS, LONGEST, NEVER_CARRIED, mixed

NEVER = 1e30  # cost of a share that must not be carried


@dataclass(frozen=True)
class Correction:
    """Of one model: costs of each share (kinds, shares) of its last error, losses (EXPERTS,) of what corrects it."""

    costs: np.ndarray = field(default_factory=lambda: np.zeros((KINDS, len(SHARES))))
    losses: np.ndarray = field(default_factory=lambda: np.zeros(EXPERTS))

    @classmethod
    def of(cls, scores: Scores, *, lag: int = 1) -> tuple[Self, np.ndarray]:
        """From residuals of left-out blocks, an error being known `lag` rows later; what it leaves of them (n,)."""
        follows = _unbroken(scores.follows, lag)
        before = np.where(follows, np.roll(scores.residual, lag), 0.0)
        kind = kind_of(before, np.roll(scores.size, lag))
        costs = share_costs(scores.residual, before, kind)[follows].sum(axis=0)
        carried = SHARES[costs.argmin(axis=1)][kind] * before
        mean, losses = _in_blocks(scores, carried, lag)
        return cls(costs, losses), scores.residual - mean

    @classmethod
    def none(cls) -> Self:
        """Of a model that carries its last error over by itself, as persistence does."""
        return cls(np.where(SHARES == 0.0, 0.0, np.full((KINDS, 1), NEVER)), NEVER_CARRIED.copy())


def corrected(
    before: list[Correction], predicted: np.ndarray, measured: np.ndarray, times: np.ndarray, delay: Delay, *,
    size: np.ndarray, counts: np.ndarray,
) -> tuple[np.ndarray, list[Correction]]:  # fmt: skip
    """Predictions (n, m) of m models with what is expected of their errors; the corrections afterwards.

    measured (n,): NaN where unknown. size (n,): of usual residuals. counts (n,): whether a row's error is used to
    judge. A row's error is known `delay` after it; every row uses only errors known by then.
    """
    shares = [
        carry(of, measured, times, delay, size=size, past=correction.costs, counts=counts)
        for of, correction in zip(predicted.T, before, strict=True)
    ]
    usual = size[np.isfinite(size)]
    scale = np.full(len(before), float(usual[0]) if len(usual) else 1.0)
    mean, losses = mixed(
        predicted, np.stack([carried for carried, _ in shares], axis=1), measured, times, delay,
        scale=scale, losses=np.stack([correction.losses for correction in before]), counts=counts,
    )  # fmt: skip
    return mean, [Correction(costs, loss) for (_, costs), loss in zip(shares, losses, strict=True)]


def _in_blocks(scores: Scores, carried: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Corrections (n,) of the errors of left-out blocks, and the losses of the experts; blocks are far apart."""
    starts = np.cumsum(~scores.follows)
    times = np.arange(len(starts)) + starts * round(LONGEST) * lag
    scale = np.array([float(np.median(scores.size)) if len(times) else 1.0])
    mean, losses = mixed(
        np.zeros((len(times), 1)), carried[:, None], scores.residual, times, lag,
        scale=scale, losses=np.zeros((1, EXPERTS)), counts=np.ones(len(times), bool),
    )  # fmt: skip
    return mean[:, 0], losses[0]


def _unbroken(follows: np.ndarray, lag: int) -> np.ndarray:
    """Rows (n,) that follow `lag` rows without a gap."""
    breaks = np.cumsum(~follows)
    return (np.arange(len(follows)) >= lag) & (breaks == np.roll(breaks, lag))
