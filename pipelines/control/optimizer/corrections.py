"""A small move away where a plant has settled in a state that needs clearly more than it should."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from models.cascade.cascade import Outcome

WORSE_USUAL = 0.1  # of usual cooling power above what the defaults would need
FOR, BACK_FOR = timedelta(hours=6), timedelta(hours=24)
BACK = "the plant has needed clearly more than at its default setpoints for hours: back to them for a day"

NUDGE_K, NUDGE_EVERY = 0.8, timedelta(hours=2)
NUDGE_USUAL = 0.04  # of usual cooling power: what the move may cost
STILL_K = 0.3  # from the target: no longer on the way
COSTLY = "the plant needs clearly more than expected here: a small move to leave that state"
# Warmer condenser water, or chilled water and supply air together: the gap that coils feel stays.
_MOVES = (("cw_supply_sp_c",), ("chw_supply_sp_c", "supply_air_sp_c"))

Priced = Callable[[np.ndarray], tuple[np.ndarray, Outcome]]


class Nudge:
    """Remembers when it last moved."""

    def __init__(self, names: tuple[str, ...], low: np.ndarray, high: np.ndarray) -> None:
        self.low, self.high = low, high
        self.moves = [_warmer(names, move) for move in _MOVES if move[0] in names]
        self.at: datetime | None = None

    def away(
        self, kept: np.ndarray, present: np.ndarray, priced: Priced, usual_kw: float, at: datetime
    ) -> np.ndarray | None:
        """A target (k,) a small move away from the one kept; None where it is too soon or every move costs much."""
        recent = self.at is not None and at - self.at < NUDGE_EVERY
        if recent or not self.moves or np.abs(kept - present).max() > STILL_K:
            return None
        tried = np.array([*(np.clip(kept + move, self.low, self.high) for move in self.moves), kept])
        prices, found = priced(tried)
        cheap = prices < prices[-1] + NUDGE_USUAL * usual_kw
        allowed = np.flatnonzero((cheap & (np.asarray(found.mode) == int(found.mode[-1])))[:-1])
        if len(allowed) == 0:
            return None
        turn = 0 if self.at is None else int(self.at.timestamp() // 3600)
        self.at = at
        return tried[allowed[turn % len(allowed)]]


def _warmer(names: tuple[str, ...], together: tuple[str, ...]) -> np.ndarray:
    return np.array([NUDGE_K if name in together else 0.0 for name in names])


class AgainstDefault:
    """Remembers since when the plant has been worse off, and until when it goes back."""

    def __init__(self, usual_kw: float) -> None:
        self.worse_kw = WORSE_USUAL * usual_kw
        self._since: datetime | None = None
        self._until: datetime | None = None

    def worse(self, cooling_kw: float, default_kw: float, at: datetime) -> bool:
        """Whether to go back now. cooling_kw: measured, NaN where it is not; default_kw: expected at the defaults."""
        if self._until is not None and at < self._until <= at + BACK_FOR:
            return True
        self._until = None
        if not cooling_kw - default_kw > self.worse_kw:
            self._since = None
            return False
        self._since = min(self._since or at, at)
        if at - self._since < FOR:
            return False
        self._since, self._until = None, at + BACK_FOR
        return True
