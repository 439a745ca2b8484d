"""The confidence gate: where the model doubts itself, or the plant contradicts it, it does not get to decide."""

from dataclasses import dataclass

import numpy as np

LEAST_WAIT_H, LONGEST_WAIT_H = 1.0, 8.0


@dataclass(frozen=True)
class Confidence:
    """How sure the model is of its choice, and how far the plant was from what it expected last; NaN if unknown.

    spread_share: members' standard deviation over cooling power. outside: standard deviations beyond the record.
    surprise_k, surprise_share: measured rack inlet warmer than expected, and measured cooling power off the expected.
    """

    spread_share: float = np.nan
    outside: float = np.nan
    surprise_k: float = np.nan
    surprise_share: float = np.nan


def doubts(confidence: Confidence, bound: Confidence) -> list[str]:
    """What lies over its bound; empty where the model may decide."""
    texts = {
        "spread_share": "the model's members differ by {:.0%} of cooling power",
        "outside": "the choice lies {:.1f} standard deviations beyond the record",
        "surprise_k": "a rack inlet is {:.1f} K warmer than expected",
        "surprise_share": "cooling power is {:.0%} off what was expected",
    }
    return [
        text.format(getattr(confidence, name))
        for name, text in texts.items()
        if getattr(confidence, name) > getattr(bound, name)
    ]


@dataclass(frozen=True)
class Gate:
    """Closed by doubts twice running, reopened after a wait that doubles while they come back.

    doubted: decisions in a row with doubts. wait_h: of the next closure. closed_for_h: still to go.
    """

    doubted: int = 0
    wait_h: float = LEAST_WAIT_H
    closed_for_h: float = 0.0

    @property
    def open(self) -> bool:
        """Whether the model may decide."""
        return self.closed_for_h <= 0.0

    def after(self, doubted: bool | None, passed_h: float) -> "Gate":
        """The gate one decision later. doubted: None where nothing speaks for or against the model."""
        if not self.open:
            return Gate(0, self.wait_h, self.closed_for_h - max(passed_h, 0.0))
        if doubted is None:
            return self
        if not doubted:
            # Confidence comes back as slowly as it went.
            return Gate(0, max(LEAST_WAIT_H, self.wait_h - max(passed_h, 0.0) / 2.0), 0.0)
        if self.doubted + 1 < 2:
            return Gate(self.doubted + 1, self.wait_h, 0.0)
        return Gate(0, min(2.0 * self.wait_h, LONGEST_WAIT_H), self.wait_h)
