"""Fractional savings uncertainty of ASHRAE Guideline 14, with autocorrelated hours counted as fewer.

ASHRAE Guideline 14-2014, Annex B (after Reddy and Claridge 2000, "Uncertainty of 'measured' energy savings from
statistical baseline models", HVAC&R Research 6(1)): with n hours of baseline, m of reporting, residuals of lag-one
autocorrelation rho, n' = n (1 - rho) / (1 + rho) independent ones, and a saving of the fraction F,

    dE / E = t 1.26 CV(RMSE) sqrt(n / n' (1 + 2 / n') / m) / F
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from models.savings.hours import Array

DAILY_OR_HOURLY = 1.26  # of the guideline, for data that are not monthly


@dataclass(frozen=True)
class Fit:
    """What the formula needs of a baseline: hours n, coefficients p, CV(RMSE) and NMBE as fractions, rho."""

    rows: int
    parameters: int
    cv_rmse: float
    nmbe: float
    autocorrelation: float

    @property
    def independent(self) -> float:
        """n', the hours that would say as much if they were independent."""
        return effective_rows(self.rows, self.autocorrelation)


def autocorrelation(residuals: Array, hour: Array) -> float:
    """Correlation of residuals (n,) with those an hour before; hour (n,): rows without a neighbour are left out."""
    pairs = np.flatnonzero(np.diff(hour) == 1)
    if len(pairs) < 3:
        return 0.0
    first, second = residuals[pairs], residuals[pairs + 1]
    if first.std() == 0.0 or second.std() == 0.0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def effective_rows(rows: int, rho: float) -> float:
    """n' = n (1 - rho) / (1 + rho), at least 2 and at most n."""
    rho = float(np.clip(rho, 0.0, 0.9999))
    return float(np.clip(rows * (1.0 - rho) / (1.0 + rho), 2.0, rows))


def relative_uncertainty(fit: Fit, hours: int, level: float) -> float:
    """Uncertainty of the counterfactual's sum over so many hours, a fraction of that sum: FSU times F."""
    n, independent = fit.rows, fit.independent
    t = float(student_t.ppf(0.5 + level / 2.0, max(independent - fit.parameters, 1.0)))
    spread = np.sqrt(n / independent * (1.0 + 2.0 / independent) / hours)
    return float(t * DAILY_OR_HOURLY * fit.cv_rmse * spread)


def fractional_savings_uncertainty(fit: Fit, hours: int, saving: float, level: float) -> float:
    """dE / E for a saving of this fraction of the counterfactual; infinite where nothing was saved."""
    return relative_uncertainty(fit, hours, level) / abs(saving) if saving else float("inf")
