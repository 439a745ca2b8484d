"""Corrections of the target where the plant needs more power than predicted: to the defaults, or a small move away."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from models.cascade.cascade import Outcome
from models.setpoints import Array, quantity_of

# Engineering judgement; in closed loop on the EnergyPlus data center they seldom act.
WORSE_USUAL = 0.1  # of usual cooling power above what the defaults would need
WORSE_FOR, BACK_FOR = timedelta(hours=6), timedelta(hours=24)
BACK = "the plant has needed clearly more than at its default setpoints for hours: back to the defaults for a day"

DITHER_K, DITHER_EVERY = 0.8, timedelta(hours=2)
DITHER_USUAL = 0.04  # of usual cooling power: what the move may cost
STILL_K = 0.3  # from the target: arrived
COSTLY = "the plant needs clearly more than expected here: a small move to leave that state"
# Warmer condenser water, or chilled water and supply air together: the temperature difference across the coils stays.
_MOVES = (("cw_supply_sp_c",), ("chw_supply_sp_c", "supply_air_sp_c"))

Priced = Callable[[Array], tuple[Array, Outcome]]


@dataclass(frozen=True)
class Comparison:
    """Since when the plant has needed more than at its defaults, and until when it is run at them."""

    worse_since: datetime | None = None
    back_until: datetime | None = None

    def after(self, cooling_kw: float, default_kw: float, usual_kw: float, at: datetime) -> "Comparison":
        """The comparison one decision later.

        cooling_kw: measured, NaN where it is not; default_kw: expected at the defaults; usual_kw: of the plant.
        """
        if self.goes_back(at):
            return self
        if not cooling_kw - default_kw > WORSE_USUAL * usual_kw:
            return Comparison()
        since = min(self.worse_since or at, at)
        return (
            Comparison(back_until=at + BACK_FOR) if at - since >= WORSE_FOR else Comparison(worse_since=since)
        )

    def goes_back(self, at: datetime) -> bool:
        """Whether the plant is run at its default setpoints now."""
        return self.back_until is not None and at < self.back_until <= at + BACK_FOR


@dataclass(frozen=True)
class Dither:
    """When the target was last moved away from a state that needs clearly more than expected."""

    at: datetime | None = None

    def away(
        self,
        names: tuple[str, ...],
        bounds: tuple[Array, Array],
        kept: Array,
        present: Array,
        priced: Priced,
        usual_kw: float,
        at: datetime,
    ) -> tuple["Dither", Array | None]:
        """A target (k,) a small move away from the one kept; None where it is too soon or every move costs much."""
        moves = [_warmer(names, move) for move in _MOVES]
        moves = [move for move in moves if move.any()]
        recent = self.at is not None and at - self.at < DITHER_EVERY
        if recent or not moves or np.abs(kept - present).max() > STILL_K:
            return self, None
        tried = np.array([*(np.clip(kept + move, *bounds) for move in moves), kept])
        prices, outcomes = priced(tried)
        cheap = prices < prices[-1] + DITHER_USUAL * usual_kw
        same_mode = np.asarray(outcomes.mode) == int(outcomes.mode[-1])
        allowed = np.flatnonzero((cheap & same_mode)[:-1])
        if len(allowed) == 0:
            return self, None
        turn = 0 if self.at is None else int(self.at.timestamp() // 3600)
        return replace(self, at=at), tried[allowed[turn % len(allowed)]]


def _warmer(names: tuple[str, ...], together: tuple[str, ...]) -> Array:
    """The move (k,) of setpoints of the quantities named, nothing where the first of them is not set."""
    quantities = [quantity_of(name) for name in names]
    if together[0] not in quantities:
        return np.zeros(len(names))
    return np.array([DITHER_K if quantity in together else 0.0 for quantity in quantities])
