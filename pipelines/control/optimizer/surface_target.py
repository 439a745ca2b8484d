"""The target by surfaces learned inside the record: where the gain is clear, with margins before chillers may stop."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from models.cascade.objective import Objective
from models.setpoints import Array
from pipelines.control.optimizer.corrections import COSTLY
from pipelines.control.optimizer.inputs import ENTER_K
from pipelines.control.optimizer.moment import Moment, OptimizerMemory
from pipelines.control.optimizer.physical_target import Prices

# The constants below were chosen by closed-loop runs on the EnergyPlus data center (`benchmarks/referee/ablation.py`,
# histories 0 to 2, weather of Boulder and Chicago); weeks in Newark were kept for judging. One plant: on random
# simulated sites (`benchmarks/random_sites.py`) a third of this hysteresis saved up to 0.13 more of what is possible.
# Of usual, or of present cooling power, the smaller: what a target must be better by before it moves.
HYSTERESIS_USUAL, HYSTERESIS_SHARE = 0.045, 0.06
SWITCH_USUAL = 0.03  # more where an on/off setpoint would switch
REST, REST_K = timedelta(hours=4), 2.0  # after a start: extra margin before a stop, falling to 0


def better(
    prices: Prices,
    memory: OptimizerMemory,
    now: Moment,
    drivers: dict[str, Any],
    aim: Objective,
    *,
    names: tuple[str, ...],
    usual_kw: float,
) -> tuple[OptimizerMemory, Array | None, float, str]:
    """Memory, the better target (k,), its gain (kW), and why where that is not the gain; None: the present one stays.

    The new target must keep all margins, the present one need not.
    """
    kept = memory.kept(now)
    values, best_prices = prices.best(aim, drivers | {"cover_in_hand_k": to_stop_k(memory, now.at)})
    values = np.clip(values, now.bounds.low, now.bounds.high)  # float32 may round beyond a limit
    kept_price, outcome = prices.priced(aim, drivers, kept[None])
    cooling_kw, gain = float(outcome.cooling_kw[0]), float(kept_price[0]) - best_prices
    binary = now.bounds.binary
    switches = (np.round(values[:, binary]) != np.round(kept[binary])).any(axis=1)
    least_kw = min(HYSTERESIS_USUAL * usual_kw, HYSTERESIS_SHARE * cooling_kw)
    worth = np.where(gain > least_kw + SWITCH_USUAL * usual_kw * switches, gain, -np.inf)
    if np.isfinite(worth).any():
        return memory, values[int(np.argmax(worth))], float(worth.max()), ""
    if not memory.feedback.stuck(cooling_kw, usual_kw):
        return memory, None, 0.0, ""
    dither, away = memory.dither.away(
        names,
        (now.bounds.low, now.bounds.high),
        kept,
        now.present,
        lambda tried: prices.priced(aim, drivers, tried),
        usual_kw,
        now.at,
    )
    return replace(memory, dither=dither), away, 0.0, "" if away is None else COSTLY


def noted_start(memory: OptimizerMemory, drivers: dict[str, Any], at: datetime) -> OptimizerMemory:
    """Memory with whether chillers are stopped now, and the time where they have just started."""
    stand = float(drivers["chillers_stopped"]) > 0.5
    started_at = at if memory.chillers_stand and not stand else memory.started_at
    return replace(memory, chillers_stand=stand, started_at=started_at)


def to_stop_k(memory: OptimizerMemory, at: datetime) -> jax.Array:
    """Margin, K, before chillers are expected to stop: larger for some hours after a start, to limit wear."""
    since = REST if memory.started_at is None else max(at - memory.started_at, timedelta(0))
    return jnp.float32(ENTER_K + REST_K * max(0.0, 1.0 - since / REST))
