"""The target by the gray-box plant: once an hour, where the gain is clear, with a budget for choices that teach.

Doubt is the spread, over the plants that the record leaves possible, of what a choice would save. A choice in doubt
may save more than expected, and shows whether it does: within the budget, part of the doubt counts as saving (an upper
confidence bound: Auer 2002, JMLR 3). Beyond it, and in every mode but `auto`, only the mean counts; and in weather or
at loads that the record never had, doubt counts as power.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import jax.numpy as jnp
import numpy as np

from models.cascade.cascade import Outcome
from models.cascade.objective import Objective
from models.graybox.learn import Graybox, weather_of
from models.setpoints import Array, Bounds
from pipelines.control.optimizer.exploration import Exploration
from pipelines.control.optimizer.hour import EVERY, is_over

# Shares of the reference load, chosen on seeds 1 to 6 of a family of EnergyPlus plants (docs/graybox.md): what a target
# must be better by, more where an on/off setpoint switches, and what it is worth that chillers need not start or stop.
GAIN, SWITCH, WEAR = 0.002, 0.004, 0.006
CURIOSITY = 0.5  # standard deviations of doubt that count as saving, chosen on the same
CAREFUL = 1.0  # standard deviations of doubt that count as power where the record has never been
# A person is asked every third hour at most, and for what gains three times as much: engineering judgement.
ADVISED, ADVISED_EVERY = 3.0, timedelta(hours=2, minutes=59)
SEEN_K, SEEN_SHARE = 1.0, 0.05  # beyond the record's extremes: of weather, of load


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


def is_due(aimed_at: datetime | None, at: datetime, *, advises: bool = False) -> bool:
    """Whether an hour has passed since a target was last looked for, or the clock was set back.

    advises: a person answers every target, and is asked a few times a shift.
    """
    return is_over(aimed_at, at, ADVISED_EVERY if advises else EVERY)


def unseen(physics: Graybox, drivers: Mapping[str, Any]) -> tuple[str, ...]:
    """What of load and weather lies beyond the record, in words."""
    weather = weather_of(physics.metering.humid)
    (low_kw, high_kw), (low_c, high_c) = np.asarray(physics.seen, float).tolist()
    load_kw, weather_c = float(drivers["load_kw"]), float(drivers[weather])
    name = weather.removeprefix("outdoor_").removesuffix("_c")
    found = []
    if not low_kw * (1.0 - SEEN_SHARE) <= load_kw <= high_kw * (1.0 + SEEN_SHARE):
        found.append(f"load of {load_kw:.0f} kW, recorded {low_kw:.0f} to {high_kw:.0f} kW")
    if not low_c - SEEN_K <= weather_c <= high_c + SEEN_K:
        found.append(f"{name} of {weather_c:.1f} °C, recorded {low_c:.1f} to {high_c:.1f} °C")
    return tuple(found)


def wear_share(factor: float, reference_kw: float, usual_kw: float) -> Any:
    """Price of a start or stop per cooling power that the plant usually needs. factor: of its usual price."""
    return jnp.float32(WEAR * factor * reference_kw / max(usual_kw, 1e-6))


def aimed(
    prices: Prices,
    *,
    kept: Array,
    bounds: Bounds,
    drivers: dict[str, Any],
    aim: Objective,
    reference_kw: float,
    exploration: Exploration,
    budget_kwh: float,
) -> Aimed:
    """The better target than `kept` (k,), where the gain is clear.

    budget_kwh: that choices which teach may cost in a day; 0 where none may.
    """
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
