"""Adaptation of a served model to its errors: what they will be (`models.state_correction`), interval width.

Intervals follow adaptive conformal inference (Gibbs and Candès 2021, NeurIPS 34): after a miss the level of
the quantile moves one way, after a hit the other, so that coverage returns to 90 % whatever the plant does.
There is a level for every load tercile and one for rows inside and outside the record's support; they add up,
as in conformal prediction for overlapping groups (Gibbs, Cherian and Candès 2023, arXiv 2305.12616).
"""

from dataclasses import dataclass, field

import numpy as np

from models.carried import KINDS, SHARES, carry, kind_of, last_known, share_costs
from models.efficiency.intervals import COVERAGE, FEWEST, Scores
from models.state_correction import EXPERTS, LONGEST, NEVER_CARRIED, mixed

RECENT = 400  # scores of a load tercile that a quantile is taken of: some days of 15 minutes, weeks of hours
LEARNING_RATE = 0.01  # of the levels: a hundred misses in a row move one by 0.9, a hundred hits by 0.1
FARTHEST = 0.4  # limit of a level, so that it can return soon
LEAST_OUTSIDE, MOST_OUTSIDE = 0.003, 0.5  # limits of the share of scores outside an interval
NEVER = 1e30  # cost of a share that must not be carried


@dataclass
class History:
    """Costs of each share (kinds, shares), losses of the experts that correct errors (`models.state_correction`).

    recent: scores by tercile; by_tercile (3,), by_support (2,): levels.
    """

    costs: np.ndarray = field(default_factory=lambda: np.zeros((KINDS, len(SHARES))))
    losses: np.ndarray = field(default_factory=lambda: np.zeros(EXPERTS))
    recent: list[list[float]] = field(default_factory=lambda: [[], [], []])
    by_tercile: np.ndarray = field(default_factory=lambda: np.zeros(3))
    by_support: np.ndarray = field(default_factory=lambda: np.zeros(2))

    @classmethod
    def of(cls, scores: Scores, *, lag: int = 1) -> "History":
        """From residuals of left-out blocks, before serving; an error is known `lag` rows later."""
        follows = _unbroken(scores.follows, lag)
        before = np.where(follows, np.roll(scores.residual, lag), 0.0)
        sizes = np.roll(scores.size, lag)
        kind = kind_of(before, sizes)
        costs = share_costs(scores.residual, before, kind)[follows].sum(axis=0)
        carried = SHARES[costs.argmin(axis=1)][kind] * before
        mean, losses = _in_blocks(scores, carried, lag)
        left = np.abs(scores.residual - mean) / scores.size
        recent = [left[scores.tercile == tercile][-RECENT:].tolist() for tercile in range(3)]
        return cls(costs, losses, recent)

    @classmethod
    def uncarried(cls) -> "History":
        """Of a model that carries its last error over by itself, as persistence does."""
        return cls(np.where(SHARES == 0.0, 0.0, np.full((KINDS, 1), NEVER)), NEVER_CARRIED.copy())

    def as_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays, as a registry keeps them."""
        recent = {f"recent_{tercile}": np.array(scores) for tercile, scores in enumerate(self.recent)}
        names = ("costs", "losses", "by_tercile", "by_support")
        return {name: getattr(self, name) for name in names} | recent

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "History":
        """From `as_arrays`. Raises KeyError where a part is missing."""
        named = (np.array(arrays[name]) for name in ("by_tercile", "by_support"))
        recent = [arrays[f"recent_{k}"].tolist() for k in range(3)]
        return cls(np.array(arrays["costs"]), np.array(arrays["losses"]), recent, *named)

    def copy(self) -> "History":
        """An independent copy."""
        return History.from_arrays(self.as_arrays())

    def width(self, tercile: int, inside: int) -> float:
        """Score that a row of this tercile, inside (1) or outside (0) support, exceeds in 10 % of cases."""
        scores = self.recent[tercile]
        if len(scores) < FEWEST:
            scores = [score for of_any in self.recent for score in of_any]
        if not scores:
            return float("inf")
        level = 1.0 - COVERAGE + self.by_tercile[tercile] + self.by_support[inside]
        return float(np.quantile(scores, 1.0 - np.clip(level, LEAST_OUTSIDE, MOST_OUTSIDE)))

    def learn(self, score: float, width: float, tercile: int, inside: int) -> None:
        """Takes in a score that has become known, and the width that was promised for it."""
        if np.isfinite(width):
            step = LEARNING_RATE * ((1.0 - COVERAGE) - float(score > width))
            for levels, group in ((self.by_tercile, tercile), (self.by_support, inside)):
                levels[group] = np.clip(levels[group] + step, -FARTHEST, FARTHEST)
        self.recent[tercile] = [*self.recent[tercile], score][-RECENT:]


def _in_blocks(scores: Scores, carried: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Corrections (n,) of the errors of left-out blocks, and the losses of the experts; blocks are far apart."""
    starts = np.cumsum(~scores.follows)
    times = np.arange(len(starts)) + starts * round(LONGEST) * lag
    counts = np.ones(len(times), bool)
    return mixed(
        np.zeros(len(times)), carried, scores.residual, times, lag,
        scale=float(np.median(scores.size)) if len(times) else 1.0, losses=np.zeros(EXPERTS), counts=counts,
    )  # fmt: skip


def _unbroken(follows: np.ndarray, lag: int) -> np.ndarray:
    """Rows (n,) that follow `lag` rows without a gap."""
    breaks = np.cumsum(~follows)
    return (np.arange(len(follows)) >= lag) & (breaks == np.roll(breaks, lag))


@dataclass(frozen=True)
class Rows:
    """Rows to predict, in time order, (n,) each.

    predicted: by the model. measured: NaN where unknown. size: usual size of residuals there. counts: whether
    a row's error is used to adapt (not for rows that the model has learned from).
    """

    times: np.ndarray
    predicted: np.ndarray
    measured: np.ndarray
    size: np.ndarray
    tercile: np.ndarray
    in_support: np.ndarray
    counts: np.ndarray


def follow(history: History, rows: Rows, delay: np.timedelta64) -> tuple[np.ndarray, np.ndarray, History]:
    """Predictions with carry-over (n,), half of their 90 % intervals (n,), and the history after them.

    A row's error is known `delay` after it; every row uses only errors known by then.
    """
    history = history.copy()
    carried, costs = carry(
        rows.predicted, rows.measured, rows.times, delay,
        size=rows.size, past=history.costs, counts=rows.counts,
    )  # fmt: skip
    usual = rows.size[np.isfinite(rows.size)]
    mean, history.losses = mixed(
        rows.predicted, carried, rows.measured, rows.times, delay,
        scale=float(usual[0]) if len(usual) else 1.0, losses=history.losses, counts=rows.counts,
    )  # fmt: skip
    left = np.abs(rows.measured - mean) / rows.size
    counted = np.isfinite(left) & rows.counts
    last, _ = last_known(rows.times, counted, delay)
    width, inside, taught = np.full(len(mean), np.nan), rows.in_support.astype(int), 0

    def teach(until: int) -> None:
        for row in range(taught, until):
            if counted[row]:
                history.learn(float(left[row]), width[row], int(rows.tercile[row]), inside[row])

    for row in range(len(mean)):
        teach(last[row] + 1)
        taught = max(taught, int(last[row]) + 1)
        width[row] = history.width(int(rows.tercile[row]), inside[row])
    teach(len(mean))
    history.costs = costs
    return mean, width * rows.size, history
