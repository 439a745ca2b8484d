"""Statistics of ASHRAE Guideline 14 against OpenDSM's; goldens.json says how they were made."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.evaluate import cv_rmse, nmbe
from models.savings.guideline14 import (
    Fit,
    autocorrelation,
    effective_rows,
    fractional_savings_uncertainty,
    relative_uncertainty,
)
from tests.models.savings.make_goldens import series

GOLDENS = json.loads((Path(__file__).parent / "goldens.json").read_text())
PARAMETERS = 5


@pytest.fixture
def fit() -> Fit:
    measured, predicted = series()
    rho = autocorrelation(measured - predicted, np.arange(len(measured)))
    return Fit(
        len(measured),
        PARAMETERS,
        cv_rmse(measured, predicted, parameters=PARAMETERS),
        nmbe(measured, predicted, parameters=0),
        rho,
    )


def test_statistics_equal_an_independent_library_to_four_digits(fit):
    assert fit.cv_rmse == pytest.approx(GOLDENS["cv_rmse"], rel=5e-5)
    assert fit.nmbe == pytest.approx(-GOLDENS["nmbe"], rel=5e-5)  # OpenDSM subtracts measured from predicted
    assert fit.autocorrelation == pytest.approx(GOLDENS["autocorrelation"], rel=5e-5)
    assert fit.independent == pytest.approx(GOLDENS["n_prime"], rel=5e-5)
    assert relative_uncertainty(fit, 1000, 0.90) == pytest.approx(
        GOLDENS["relative_uncertainty_90"], rel=5e-5
    )


def test_fractional_uncertainty_is_that_of_the_sum_over_the_saving(fit):
    whole = relative_uncertainty(fit, 1000, 0.90)
    assert fractional_savings_uncertainty(fit, 1000, 0.1, 0.90) == pytest.approx(10.0 * whole)
    assert fractional_savings_uncertainty(fit, 1000, 0.0, 0.90) == float("inf")
    assert relative_uncertainty(fit, 1000, 0.68) < whole


def test_correlated_hours_count_as_fewer():
    assert effective_rows(900, 0.8) == pytest.approx(100.0)
    assert effective_rows(900, -0.5) == 900
    assert effective_rows(900, 1.0) >= 2


def test_only_neighbours_in_time_are_correlated():
    residuals = np.array([1.0, 2.0, 3.0, -5.0, -6.0, -7.0, -8.0])
    together = autocorrelation(residuals, np.array([0, 1, 2, 100, 101, 102, 103]))
    assert together > 0.99  # the jump between hour 2 and 100 is no pair
