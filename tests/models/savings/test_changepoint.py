import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.savings.changepoint import best_changepoint, changepoint, knots_c
from models.savings.forms import SIDES, ChangePoint
from models.savings.hours import Hours
from models.savings.regression import fitted
from tests.models.savings.kit import hours_of
from tests.models.savings.make_goldens import real_series
from tests.places import SHARED_DATA

GOLDENS = json.loads((Path(__file__).parent / "goldens.json").read_text())


def hours(air_c: np.ndarray, power_kw: np.ndarray, load_kw: np.ndarray | None = None) -> Hours:
    n = len(air_c)
    load_kw = np.full(n, np.nan) if load_kw is None else load_kw
    return Hours(np.arange(n), np.arange(n) % 168, power_kw, load_kw, air_c, air_c)


@pytest.mark.parametrize("kind", SIDES)
def test_points_that_are_there_are_found(kind):
    air_c = np.random.default_rng(1).uniform(-5.0, 30.0, 2000)
    points = {"3PC": (14.0, 14.0), "3PH": (14.0, 14.0), "4P": (14.0, 14.0), "5P": (8.0, 18.0)}[kind]
    above, below = 3.0 * np.maximum(air_c - points[1], 0.0), 2.0 * np.maximum(points[0] - air_c, 0.0)
    power = 50.0 + np.random.default_rng(2).normal(0.0, 0.2, 2000)
    power += above * (kind != "3PH") + below * (kind != "3PC")
    found = changepoint(hours(air_c, power), "drybulb", kind)
    assert found.points_c == pytest.approx(points, abs=0.05)
    assert best_changepoint(hours(air_c, power), "drybulb").kind == kind


def test_running_sums_give_the_error_of_the_regression():
    known = hours_of(0, 3000)
    for kind in ("3PC", "4P"):
        form = changepoint(known, "wetbulb", kind)
        residual = known.power_kw - fitted(form, known).predict(known)
        nearby = [
            ChangePoint(kind, "wetbulb", (form.points_c[0] + step, form.points_c[1] + step), form.load_kw)
            for step in (-0.3, 0.3)
        ]
        worse = [np.sum((known.power_kw - fitted(each, known).predict(known)) ** 2) for each in nearby]
        assert np.sum(residual**2) <= min(worse) * (1.0 + 1e-9)


def test_slopes_are_per_load():
    known = hours_of(0, 3000)
    form = changepoint(known, "wetbulb", "3PC")
    model = fitted(form, known)
    twice = model.predict(known.with_load(2.0 * known.load_kw)).sum()
    assert twice == pytest.approx(2.0 * model.predict(known).sum(), rel=0.03)


def test_knots_leave_hours_in_every_piece():
    air_c = np.concatenate(
        [np.full(990, 20.0) + np.random.default_rng(0).normal(0, 0.5, 990), np.linspace(-20, 20, 10)]
    )
    knots = knots_c(air_c)
    edges = [-np.inf, *knots, np.inf]
    counts = [((air_c >= low) & (air_c < high)).mean() for low, high in pairwise(edges)]
    assert min(counts) >= 0.03


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the real series are not at hand")
@pytest.mark.parametrize("name", ["grundfos", "singapore"])
def test_fits_of_real_series_equal_those_of_pwlf(name):
    air_c, power_kw = real_series(SHARED_DATA)[name]
    golden, known = GOLDENS[name], hours(air_c, power_kw)
    assert len(air_c) == golden["rows"]
    model = fitted(changepoint(known, "wetbulb", "4P"), known)
    at = np.array(golden["at_c"])
    assert model.form.points_c[0] == pytest.approx(golden["point_c"], rel=0.005)
    assert model.predict(hours(at, at)) == pytest.approx(golden["power_kw"], rel=0.005)
