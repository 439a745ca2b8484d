"""The target by the gray-box plant: once an hour, where the gain is clear, with a budget for choices that teach.

Doubt is the spread, over the plants that the record leaves possible, of what a choice would save. A choice in doubt
may save more than expected, and shows whether it does: within the budget, part of the doubt counts as saving (an upper
confidence bound: Auer 2002, JMLR 3). Beyond it, and in every mode but `auto`, only the mean counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import jax.numpy as jnp
import numpy as np

from models.cascade.cascade import Outcome
from models.cascade.objective import Objective
from models.setpoints import Array, Bounds

EVERY = timedelta(minutes=59)  # a clock may run a little fast
DAY = timedelta(days=1)
# Shares of the reference load, chosen on seeds 1 to 6 of a family of EnergyPlus plants (docs/graybox.md): what a target
# must be better by, more where an on/off setpoint switches, and what it is worth that chillers need not start or stop.
GAIN, SWITCH, WEAR = 0.002, 0.004, 0.006
CURIOSITY = 0.5  # standard deviations of doubt that count as saving, chosen on the same


@dataclass(frozen=True)
class Exploration:
    """Energy that choices which teach were expected to cost since `since`: a day at most."""

    spent_kwh: float = 0.0
    since: datetime | None = None

    def of_day(self, at: datetime) -> "Exploration":
        """The same, begun anew after a day or where the clock was set back."""
        fresh = self.since is None or not timedelta(0) <= at - self.since < DAY
        return Exploration(0.0, at) if fresh else self

    def with_cost(self, kwh: float) -> "Exploration":
        """The same with another choice's cost."""
        return replace(self, spent_kwh=self.spent_kwh + max(kwh, 0.0))


@dataclass(frozen=True)
class Aimed:
    """A target (k,), what it is expected to gain (kW), and the exploration after it. None: the present one stays."""

    target: Array | None
    gain_kw: float
    exploration: Exploration


class Prices(Protocol):
    """What the optimizer answers: the best setpoints for each on/off state, and prices of any."""

    def best(self, aim: Objective, drivers: Mapping[str, Any]) -> tuple[Array, Array]:
        """Setpoints (c, k) and prices (c,) in kW."""

    def priced(self, aim: Objective, drivers: Mapping[str, Any], values: Array) -> tuple[Array, Outcome]:
        """Prices (n,) in kW and outcomes of setpoints (n, k)."""


def is_due(aimed_at: datetime | None, at: datetime) -> bool:
    """Whether an hour has passed since a target was last looked for, or the clock was set back."""
    return aimed_at is None or not timedelta(0) <= at - aimed_at < EVERY


def aimed(
    prices: Prices,
    *,
    kept: Array,
    bounds: Bounds,
    drivers: dict[str, Any],
    aim: Objective,
    reference_kw: float,
    usual_kw: float,
    exploration: Exploration,
    budget_kwh: float,
) -> Aimed:
    """The better target than `kept` (k,), where the gain is clear.

    budget_kwh: that choices which teach may cost in a day; 0 where none may.
    """
    _, outcome = prices.priced(aim, drivers, kept[None])
    drivers = drivers | {
        "chillers_run": jnp.float32(outcome.chillers_run[0]),
        "kept_kw": jnp.asarray(outcome.facility_kw[:, 0], jnp.float32),
        "wear_share": jnp.float32(WEAR * reference_kw / max(usual_kw, 1e-6)),
    }
    target, gain_kw = _clearly_better(prices, aim, kept, bounds, drivers, reference_kw)
    if not exploration.spent_kwh < budget_kwh:
        return Aimed(target, gain_kw, exploration)
    curious = replace(aim, caution=jnp.float32(-CURIOSITY))
    tried, hoped_kw = _clearly_better(prices, curious, kept, bounds, drivers, reference_kw)
    if tried is None:
        return Aimed(target, gain_kw, exploration)
    both = np.stack([tried, kept if target is None else target])
    cost, _ = prices.priced(aim, drivers, both)
    return Aimed(tried, hoped_kw, exploration.with_cost(float(cost[0] - cost[1])))


def _clearly_better(
    prices: Prices, aim: Objective, kept: Array, bounds: Bounds, drivers: dict[str, Any], reference_kw: float
) -> tuple[Array | None, float]:
    """The best setpoints where they gain clearly, else None; and the gain."""
    values, best_prices = prices.best(aim, drivers)
    values = np.clip(values, bounds.low, bounds.high)  # float32 may round beyond a limit
    kept_price = float(prices.priced(aim, drivers, kept[None])[0][0])
    gain = kept_price - best_prices
    switches = (np.round(values[:, bounds.binary]) != np.round(kept[bounds.binary])).any(axis=1)
    worth = np.where(gain > (GAIN + SWITCH * switches) * reference_kw, gain, -np.inf)
    if not np.isfinite(worth).any():
        return None, 0.0
    return values[int(np.argmax(worth))], float(worth.max())
