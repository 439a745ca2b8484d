import numpy as np
import pytest

from models.cascade.surface import beyond, fit_surface, mean


def rows(count: int = 3_000) -> np.ndarray:
    return np.random.default_rng(0).uniform([5.0, 1_000.0], [13.0, 2_000.0], (count, 2))


def pump_kw(x: np.ndarray) -> np.ndarray:
    return 8.0 + np.maximum(9.0 - x[:, 0], 0.0) * x[:, 1] / 600.0


@pytest.fixture(scope="module")
def pump():
    return fit_surface(("gap_k", "load_kw"), rows(), pump_kw(rows()))


def known(gap_k, load_kw):
    return {"gap_k": np.atleast_1d(gap_k), "load_kw": np.full(len(np.atleast_1d(gap_k)), load_kw)}


def test_pump_power_that_bends_where_the_coil_has_enough_is_followed(pump):
    gap = np.linspace(5.5, 12.5, 20)
    x = np.stack([gap, np.full(20, 1_500.0)], axis=1)
    assert np.abs(np.asarray(mean(pump, known(gap, 1_500.0))) - pump_kw(x)).max() < 0.6


def test_wider_gap_than_ever_recorded_is_no_doubt_and_no_gain(pump):
    assert float(beyond(pump, known(30.0, 1_500.0))[0]) == 0.0
    at_edge, far = (float(mean(pump, known(gap, 1_500.0))[0]) for gap in (13.0, 30.0))
    assert far == pytest.approx(at_edge, abs=0.1)


def test_narrower_gap_than_recorded_lies_beyond_the_record(pump):
    assert float(beyond(pump, known(3.0, 1_500.0))[0]) > 0.5


def test_load_beyond_the_record_speaks_against_no_choice(pump):
    assert float(beyond(pump, known(9.0, 5_000.0))[0]) == 0.0


def test_too_few_rows_make_no_surface():
    assert fit_surface(("gap_k", "load_kw"), rows(10), pump_kw(rows(10))) is None
