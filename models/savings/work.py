"""Energy at equal work: what servers draw more because their air is warmer, taken out of IT power.

Fans and leakage make IT power follow the rack inlet. A baseline that is driven by IT power would count what control
added to it as load. How much it is, is known a little from the literature, and better where the record shows IT power
while inlets moved.
"""

from dataclasses import dataclass

import numpy as np

from models.savings.hours import WEEK_HOURS, Array
from models.whitening import memory_of, usual_of, whitened

COOL_C = 20.0
# Relative rise of server power above 20 °C, per K and per K squared. ASHRAE TC9.9 2011, "Thermal guidelines for data
# processing environments: expanded data center classes": 4 to 8 % more at 30 °C than at 15 to 20 °C for class A2;
# later servers lie at the low end.
PER_K, PER_K2 = 0.0015, 0.00025
SPREAD = 0.6  # standard deviation of a site's response over that of the literature
ORDER = 3  # of the load's memory, hours
TREND_H = 730  # between bends of a slow trend: meters drift, and so do workloads
# Of the response: no site's has quite the literature's shape. Simulated sites with utilisation (192 of
# benchmarks/savings, development seeds) lie as far off as that.
SHAPE = 0.15
LEAST_SPREAD = 5e-4  # of the relative response over the record: below, it cannot be told from anything


@dataclass(frozen=True)
class Response:
    """Servers' response to their inlet over that of the literature: its value and standard deviation.

    from_record: whether the record narrowed it, rather than the literature alone.
    """

    factor: float
    spread: float
    from_record: bool


def relative_rise(inlet_c: Array) -> Array:
    """Server power over that at 20 °C, less one, as the literature has it; inlets (n,)."""
    warmer_k = inlet_c - COOL_C
    return PER_K * warmer_k + PER_K2 * np.maximum(warmer_k, 0.0) ** 2


def response_of(
    hour: Array, it_kw: Array, inlet_c: Array, *, utilization: Array | None, supply_sp_c: Array | None
) -> Response:
    """The response that a record shows, weighed with that of the literature by their certainty.

    hour (n,): hours since 1970, increasing; it_kw, inlet_c, utilization, supply_sp_c (n,): NaN where unknown; None
    where it is not recorded. IT power, over its mean, is explained by the literature's rise times a factor, by
    utilisation, by a trend that bends every month and by the hour of the week; what is left of the load forgets
    slowly and is whitened. Load warms the inlets, too: where setpoints of supply air are recorded, only what they
    move counts; without them utilisation has to tell load apart, and without either the literature stands alone.
    """
    prior = Response(1.0, SPREAD, from_record=False)
    if supply_sp_c is not None:
        inlet_c = supply_sp_c + np.nanmean(inlet_c - supply_sp_c)
    elif utilization is None:
        return prior
    grid = np.arange(hour[0], hour[-1] + 1)
    at = (hour - hour[0]).astype(int)

    def gridded(values: Array) -> Array:
        full = np.full(len(grid), np.nan)
        full[at] = values
        return full

    y = gridded(it_kw / np.nanmean(it_kw))
    columns = [gridded(relative_rise(inlet_c))]
    if utilization is not None:
        use = gridded(utilization)
        columns += [use, use**2]
    since = (grid - grid[0]) / TREND_H
    columns += [since, *(np.maximum(since - bend, 0.0) for bend in range(1, int(since[-1])))]
    values = np.column_stack([y, *columns])
    complete = np.isfinite(values).all(axis=1)
    if complete.sum() < 2 * WEEK_HOURS or np.nanstd(columns[0]) < LEAST_SPREAD:
        return prior
    unusual = values - usual_of(values, grid.astype(int) % WEEK_HOURS, complete)
    unusual = np.where(complete[:, None], unusual, np.nan)
    estimate = _estimate(unusual[:, 0], unusual[:, 1:], grid)
    if estimate is None:
        return prior
    factor, spread = estimate[0], float(np.hypot(estimate[1], SHAPE * estimate[0]))
    weights = 1.0 / np.array([prior.spread, spread]) ** 2
    mean = float(weights @ [prior.factor, factor] / weights.sum())
    return Response(max(mean, 0.0), float(weights.sum() ** -0.5), bool(weights[1] > weights[0]))


def _estimate(y: Array, x: Array, hour: Array) -> tuple[float, float] | None:
    """Coefficient of the first column and its standard error, with scores summed over weeks (Liang and Zeger 1986)."""
    complete = np.isfinite(y) & np.isfinite(x).all(axis=1)
    beta = np.linalg.lstsq(x[complete], y[complete], rcond=None)[0]
    for _ in range(2):
        memory = memory_of(y - x @ beta, order=ORDER)
        white = whitened(np.column_stack([y, x]), memory)
        rows = np.isfinite(white).all(axis=1)
        left, right = white[rows, 1:], white[rows, 0]
        beta = np.linalg.lstsq(left, right, rcond=None)[0]
    inverse = np.linalg.pinv(left.T @ left)
    week = ((hour[rows] - hour[0]) // WEEK_HOURS).astype(int)
    scores = left * (right - left @ beta)[:, None]
    sums = np.stack([np.bincount(week, column, week.max() + 1) for column in scores.T], axis=1)
    weeks = max(len(np.unique(week)), 2)
    variance = inverse @ (sums.T @ sums) @ inverse * weeks / (weeks - 1)
    spread = float(np.sqrt(max(variance[0, 0], 0.0)))
    return (float(beta[0]), spread) if np.isfinite(spread) and spread > 0.0 else None


def extra_share(response: Response, inlet_c: Array, usual_c: Array) -> tuple[Array, Array]:
    """What servers draw more at inlets (n,) than at usual ones (n,), as a share of IT power, and its spread (n,)."""
    rise = relative_rise(inlet_c) - relative_rise(usual_c)
    base = 1.0 + response.factor * relative_rise(usual_c)
    more = rise / base
    return response.factor * more / (1.0 + response.factor * more), response.spread * np.abs(more)
