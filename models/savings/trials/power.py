"""How long a trial has to be: from what alike blocks of the record differ by when nothing was changed."""

import numpy as np
from statsmodels.stats.power import TTestPower

from models.savings.hours import Array

LEVEL, POWER = 0.90, 0.90
FEWEST_PAIRS, MOST_PAIRS = 2, 2_000
LARGEST_EFFECT = 10.0  # standard deviations: beyond, the noncentral distribution cannot be computed


def pairs_needed(saving_kw: float, differences_kw: Array) -> int | None:
    """Pairs until a saving is shown at 90 % with 90 % power; differences (pairs,) of the record. None: over 2,000."""
    spread = max(float(np.std(differences_kw, ddof=1)), 1e-9)
    pairs = np.arange(FEWEST_PAIRS, MOST_PAIRS + 1)
    effect = min(saving_kw / spread, LARGEST_EFFECT)
    power = TTestPower().power(effect, pairs, 1.0 - LEVEL, alternative="two-sided")
    enough = np.flatnonzero(power >= POWER)
    return int(pairs[enough[0]]) if len(enough) else None


def saving_found(pairs: int, differences_kw: Array) -> float:
    """The least saving, kW, that so many pairs show with 90 % power."""
    effect = TTestPower().solve_power(nobs=pairs, alpha=1.0 - LEVEL, power=POWER, alternative="two-sided")
    return float(np.atleast_1d(effect)[0] * np.std(differences_kw, ddof=1))
