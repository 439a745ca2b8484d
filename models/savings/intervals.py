"""How uncertain a counterfactual's sum is: the guideline's formula, a bootstrap of weeks, and conformal, on trial.

Each is tried on the placebo periods: windows of the baseline, predicted by a fit that has not seen them, where the
saving is nothing. The one that is narrowest after it was widened to what these windows need is used.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm

from models.evaluate import nmbe
from models.savings.guideline14 import Fit, autocorrelation, relative_uncertainty
from models.savings.hours import WEEK_HOURS, Array, Hours
from models.savings.left_out import LeftOut, Model
from models.savings.regression import Regression, blocks_of

Method = Literal["fsu", "bootstrap", "conformal"]
DRAWS = 200
LEVEL = 0.90
# What the placebo windows of a site say of a method is weighed with so many windows at which it was right: chosen on
# 192 simulated sites (benchmarks/savings, development seeds).
RIGHT_WINDOWS = 6.0
LEAST_CONFORMAL = 9  # windows: with fewer, no quantile of them is a 90 % one


@dataclass(frozen=True)
class Placebo:
    """A window of the baseline: first hour and hours since 1970, expected and measured energy, half widths at 90 %.

    half_kwh: by method, as the method gives it.
    """

    first_hour: int
    hours: int
    expected_kwh: float
    measured_kwh: float
    half_kwh: dict[Method, float]

    @property
    def error_kwh(self) -> float:
        """The saving that is none."""
        return self.expected_kwh - self.measured_kwh


@dataclass(frozen=True)
class Interval:
    """A method's half width, kWh, as it gives it, its factor from the placebo windows, and the share it covered
    there.

    windows: how many there were.
    """

    method: Method
    half_kwh: float
    factor: float
    covered: float
    windows: int

    @property
    def covers(self) -> bool:
        """Whether it held on the placebo windows."""
        return self.windows > 0 and self.covered >= LEVEL - np.sqrt(LEVEL * (1.0 - LEVEL) / self.windows)

    @property
    def widened_kwh(self) -> float:
        """Half width after the factor."""
        return self.factor * self.half_kwh


def fit_statistics(hours: Hours, predicted_kw: Array, parameters: int) -> Fit:
    """CV(RMSE), NMBE and autocorrelation of predictions (n,) of hours, rows without one left out."""
    known = np.isfinite(predicted_kw) & np.isfinite(hours.power_kw)
    y, residual = hours.power_kw[known], (hours.power_kw - predicted_kw)[known]
    parameters = min(parameters, len(y) - 1)
    return Fit(
        rows=len(y),
        parameters=parameters,
        cv_rmse=float(np.sqrt(np.sum(residual**2) / (len(y) - parameters)) / y.mean()),
        nmbe=nmbe(y, predicted_kw[known], parameters=parameters),
        autocorrelation=autocorrelation(residual, hours.hour[known]),
    )


def intervals(
    model: Model, fit: Fit, baseline: Hours, left: LeftOut, asked: Hours
) -> tuple[list[Interval], list[Placebo]]:
    """Every method's half width at 90 % of the expected energy over the hours asked, and the placebo windows.

    baseline: hours that the model was fitted to; asked: hours with a prediction.
    """
    windows = [
        (baseline.where(chosen), left.predicted_kw[chosen])
        for number in range(int(left.window.max()) + 1)
        if (chosen := (left.window == number) & np.isfinite(left.errors_kw(baseline))).any()
    ]
    parts = [hours for hours, _ in windows]
    drawn = _bootstrap(model, baseline, left, [*parts, asked])
    placebos = []
    for (hours, predicted_kw), half in zip(windows, drawn, strict=False):
        expected = float(predicted_kw.sum())
        placebos.append(
            Placebo(
                int(hours.hour[0]),
                len(hours),
                expected,
                float(hours.power_kw.sum()),
                {"fsu": relative_uncertainty(fit, len(hours), LEVEL) * expected, "bootstrap": half},
            )
        )
    expected = float(np.nansum(model.predict(asked)))
    fsu = relative_uncertainty(fit, len(asked), LEVEL) * expected
    found = [_tried("fsu", fsu, placebos), _tried("bootstrap", drawn[-1], placebos)]
    scores = np.array([abs(each.error_kwh) / each.expected_kwh for each in placebos])
    if len(scores) >= LEAST_CONFORMAL:
        rank = min(int(np.ceil(LEVEL * (len(scores) + 1))), len(scores))
        found.append(
            Interval("conformal", float(np.sort(scores)[rank - 1]) * expected, 1.0, LEVEL, len(scores))
        )
    return found, placebos


def chosen_interval(found: list[Interval]) -> Interval:
    """The narrowest of those that cover the placebo windows; where none does, the narrowest after widening.

    A method covers where its share of windows is no more than a standard error of the binomial below 90 %.
    """
    covering = [each for each in found if each.covers]
    return min(covering or found, key=lambda each: each.widened_kwh)


def _tried(method: Method, half_kwh: float, placebos: list[Placebo]) -> Interval:
    halves = np.array([each.half_kwh[method] for each in placebos])
    errors = np.array([each.error_kwh for each in placebos])
    if not len(halves):
        return Interval(method, half_kwh, 1.0, float("nan"), 0)
    scores = errors / np.maximum(halves, 1e-12) * norm.ppf(0.5 + LEVEL / 2.0)
    factor = np.sqrt((np.sum(scores**2) + RIGHT_WINDOWS) / (len(scores) + RIGHT_WINDOWS))
    return Interval(
        method, half_kwh, max(float(factor), 1.0), float(np.mean(np.abs(errors) <= halves)), len(halves)
    )


def _bootstrap(model: Model, baseline: Hours, left: LeftOut, parts: list[Hours]) -> list[float]:
    """Half width at 90 %, kWh, of the error of the expected sum of each part: weeks of the baseline drawn again.

    A regression is refitted to the weeks drawn; for other models the left-out errors of the weeks stand for what a
    refit would change. What the weeks of the part itself hold beside is drawn from the same errors (Künsch 1989,
    Annals of Statistics 17(3), with blocks of a week).
    """
    random = np.random.default_rng(0)
    if isinstance(model, Regression):
        baseline = baseline.where(baseline.known(model.form.weather))
        residual = baseline.power_kw - model.predict(baseline)
    else:
        known = np.isfinite(left.errors_kw(baseline))
        residual, baseline = -left.errors_kw(baseline)[known], baseline.where(known)
    week = ((baseline.hour - baseline.hour[0]) // WEEK_HOURS).astype(int)
    _, week = np.unique(week, return_inverse=True)
    weeks = int(week.max()) + 1
    means = np.bincount(week, residual) / np.bincount(week)
    times = random.multinomial(weeks, np.full(weeks, 1.0 / weeks), DRAWS)
    spread = []
    if isinstance(model, Regression):
        refits = blocks_of(model.form, baseline, week).beta(times.astype(float)) - model.beta
        moved = [refits @ np.nansum(model.form.columns(part), axis=0) for part in parts]
    else:
        moved = [len(part) * (times @ means) / weeks for part in parts]
    for part, shift in zip(parts, moved, strict=True):
        own_weeks = len(part) / WEEK_HOURS
        own = (
            random.normal(0.0, means.std(ddof=1) / np.sqrt(own_weeks), DRAWS) * len(part)
            if weeks > 1
            else 0.0
        )
        spread.append(float(np.quantile(np.abs(shift + own), LEVEL)))
    return spread
