"""A sensor that is often missing must be worth the rows that it takes away."""

import numpy as np
import pytest

from models.efficiency.input_sets import chosen_inputs

ROWS = 4_000


def _plant(worth: float, coverage: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    load, wetbulb, extra = (random.normal(size=ROWS).cumsum() / 30 for _ in range(3))
    y = 0.3 + 0.05 * load + 0.04 * wetbulb + worth * extra + random.normal(0, 0.002, ROWS)
    extra = extra.copy()
    extra[np.sin(np.arange(ROWS) / 90) > np.sin(np.pi * (coverage - 0.5))] = np.nan
    return np.stack([load, wetbulb, extra], axis=1), y


def test_a_sensor_in_half_of_the_rows_does_not_take_the_others_with_it():
    x, y = _plant(worth=0.001, coverage=0.53)
    assert chosen_inputs(x, y).tolist() == [True, True, False]


def test_a_sensor_that_most_hangs_on_is_worth_the_few_rows_that_lack_it():
    x, y = _plant(worth=0.2, coverage=0.9)
    assert chosen_inputs(x, y).tolist() == [True, True, True]


def test_inputs_that_are_seldom_missing_are_taken_as_they_are():
    x, y = _plant(worth=0.0, coverage=0.9)
    x[:, 2] = np.where(np.arange(ROWS) % 40 == 0, np.nan, np.random.default_rng(1).normal(size=ROWS))
    assert chosen_inputs(x, y).all()


def test_many_inputs_that_are_missing_in_turn_do_not_take_all_rows():
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 40))
    x[random.random(x.shape) < 0.03] = np.nan
    y = np.nan_to_num(x[:, 0]) + random.normal(0, 0.01, ROWS)
    chosen = chosen_inputs(x, y)
    assert np.isfinite(x[:, chosen]).all(axis=1).mean() > 0.9


@pytest.mark.parametrize("rows", [1, 5, 30])
def test_a_short_record_is_no_error(rows):
    x = np.full((rows, 3), np.nan)
    x[:, 0] = np.arange(rows)
    assert chosen_inputs(x, np.arange(rows, dtype=float)).shape == (3,)


def _machines(differ: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    load = random.normal(size=ROWS).cumsum() / 30
    first = np.sin(np.arange(ROWS) / 70) > 0.0
    y = 0.3 + 0.05 * load + differ * first + random.normal(0, 0.004, ROWS)
    return np.stack([load, first, ~first], axis=1).astype(float), y


@pytest.mark.parametrize(("differ", "taken"), [(0.03, True), (0.0, False)])
def test_which_machine_runs_is_an_input_where_machines_differ(differ, taken):
    x, y = _machines(differ)
    assert chosen_inputs(x, y, np.array([0, 1, 1])).tolist() == [True, taken, taken]
