"""Width of the intervals of what is served, which follows its errors.

Intervals follow adaptive conformal inference (Gibbs and Candès 2021, NeurIPS 34): after a miss the level of
the quantile moves one way, after a hit the other, so that coverage returns to 90 % whatever the plant does.
There is a level for every load tercile and one for rows inside and outside the record's support; they add up,
as in conformal prediction for overlapping groups (Gibbs, Cherian and Candès 2023, arXiv 2305.12616).
"""

from dataclasses import dataclass, field

import numpy as np

from models.efficiency.intervals import COVERAGE, FEWEST, Scores
from models.online.carried import last_known

RECENT = 400  # scores of a load tercile that a quantile is taken of: some days of 15 minutes, weeks of hours
LEARNING_RATE = 0.01  # of the levels: a hundred misses in a row move one by 0.9, a hundred hits by 0.1
FARTHEST = 0.4  # limit of a level, so that it can return soon
LEAST_OUTSIDE, MOST_OUTSIDE = 0.003, 0.5  # limits of the share of scores outside an interval


@dataclass
class Widths:
    """recent: scores (error over its usual size) by tercile of load; by_tercile (3,), by_support (2,): levels."""

    recent: list[list[float]] = field(default_factory=lambda: [[], [], []])
    by_tercile: np.ndarray = field(default_factory=lambda: np.zeros(3))
    by_support: np.ndarray = field(default_factory=lambda: np.zeros(2))

    @classmethod
    def of(cls, scores: Scores, left: np.ndarray) -> "Widths":
        """From what corrections left (n,) of the residuals of left-out blocks, before serving."""
        score = np.abs(left) / scores.size
        return cls([score[scores.tercile == tercile][-RECENT:].tolist() for tercile in range(3)])

    def as_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays, as a registry keeps them."""
        recent = {f"recent_{tercile}": np.array(scores) for tercile, scores in enumerate(self.recent)}
        return {"by_tercile": self.by_tercile, "by_support": self.by_support} | recent

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Widths":
        """From `as_arrays`. Raises KeyError where a part is missing."""
        named = (np.array(arrays[name]) for name in ("by_tercile", "by_support"))
        return cls([arrays[f"recent_{k}"].tolist() for k in range(3)], *named)

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


@dataclass(frozen=True)
class Rows:
    """Rows to predict, in time order, (n,) each.

    measured: NaN where unknown. size: usual size of residuals there. counts: whether a row's error is used to adapt
    (not for rows that the models have learned from).
    """

    times: np.ndarray
    measured: np.ndarray
    size: np.ndarray
    tercile: np.ndarray
    in_support: np.ndarray
    counts: np.ndarray


def half_intervals(
    before: Widths, mean: np.ndarray, rows: Rows, delay: np.timedelta64
) -> tuple[np.ndarray, Widths]:
    """Half of the 90 % intervals (n,) around predictions (n,), and the widths after them.

    A row's error is known `delay` after it; every row uses only errors known by then.
    """
    widths = Widths.from_arrays(before.as_arrays())
    left = np.abs(rows.measured - mean) / rows.size
    counted = np.isfinite(left) & rows.counts
    last, _ = last_known(rows.times, counted, delay)
    width, inside, taught = np.full(len(mean), np.nan), rows.in_support.astype(int), 0

    def teach(until: int) -> None:
        for row in range(taught, until):
            if counted[row]:
                widths.learn(float(left[row]), width[row], int(rows.tercile[row]), inside[row])

    for row in range(len(mean)):
        teach(last[row] + 1)
        taught = max(taught, int(last[row]) + 1)
        width[row] = widths.width(int(rows.tercile[row]), inside[row])
    teach(len(mean))
    return width * rows.size, widths
