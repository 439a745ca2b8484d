"""What no regression knows of itself: that another year is not like the baseline.

A placebo window lies between weeks that the fit has seen; a reporting year may be loaded higher and end in weather at
the edge of the record, and three months have not seen a year. What that costs was learned from 720 simulated sites
(benchmarks/savings, seeds 0 to 11 and 102 to 113: baselines of 3 to 12 months, load growth of 0, 10 and 30 % a year,
seven climates): with the figures below 91 % of their savings lie within the 90 % interval.
"""

import numpy as np

from models.savings.hours import Array, Hours

YEAR_H = 8760.0
FLOOR, SHORTER = (
    0.0015,
    0.75,
)  # of the expected energy after a year of baseline; power of how much shorter it is
PER_LOAD = 0.07  # per relative shift of the mean load
PER_EDGE = 0.01  # per mean distance beyond the edges below, in standard deviations of the baseline
EDGES = (0.02, 0.98)  # quantiles of the baseline's weather
TRUST = 4.0  # power of the left-out error by which models that fit worse count less


def structure_shares(baseline: Hours, asked: Hours, weather: tuple[str, ...]) -> dict[str, float]:
    """Standard deviations over the expected energy by cause: another year, other load, weather at the edge."""
    seen = float(baseline.hour[-1] - baseline.hour[0] + 1) / YEAR_H
    shares = {"another year": FLOOR * max(1.0, 1.0 / seen) ** SHORTER}
    if asked.has_load:
        before = float(np.nanmean(baseline.load_kw))
        shares["other load"] = PER_LOAD * abs(float(np.nanmean(asked.load_kw)) / before - 1.0)
    beyond = 0.0
    for name in weather:
        known = baseline.air(name)[np.isfinite(baseline.air(name))]
        low, high = np.quantile(known, EDGES)
        past = np.maximum(asked.air(name) - high, 0.0) + np.maximum(low - asked.air(name), 0.0)
        beyond += float(np.nanmean(past)) / max(float(known.std()), 1e-9)
    shares["weather at the edge"] = PER_EDGE * beyond
    return shares


def disagreement(expected_kwh: Array, errors: Array, chosen: int) -> float:
    """How far the candidates' expected energies (m,) lie from the chosen one, kWh: those of less left-out error count
    more.

    errors (m,): CV(RMSE) of hours that were left out.
    """
    weights = (errors.min() / errors) ** TRUST
    return float(np.sqrt(np.sum(weights * (expected_kwh - expected_kwh[chosen]) ** 2) / weights.sum()))
