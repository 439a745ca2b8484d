import numpy as np
import pytest

from models.efficiency.baselines import (
    ConstantRatio,
    GradientBoosting,
    Persistence,
    QuadraticRidge,
    QuadraticThenBoosting,
    Ratio,
    baselines,
)
from tests.models.plants import plant_rows

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def rows():
    learned = plant_rows(800)
    ratio = learned.y[:, 0]
    return Ratio(learned.x, ratio, learned.load_kw, np.concatenate([[np.nan], ratio[:-1]]))


def test_persistence_says_what_was_read_last(rows):
    assert list(Persistence().fit(rows).predict(rows)[1:4]) == list(rows.ratio[:3])


def test_constant_ratio_is_energy_over_energy_not_the_mean_of_ratios(rows):
    two = Ratio(np.zeros((2, 1)), np.array([0.1, 0.3]), np.array([900.0, 100.0]), np.zeros(2))
    assert ConstantRatio().fit(two).predict(two) == pytest.approx([0.12, 0.12])


@pytest.mark.parametrize(
    "model", [QuadraticRidge(), GradientBoosting("ratio"), GradientBoosting("power"), QuadraticThenBoosting()]
)
def test_fitted_baselines_know_the_plant_better_than_a_constant(rows, model):
    first, last = np.arange(800) < 600, np.arange(800) >= 600
    judged = rows.where(last)

    def error(baseline):
        return np.abs(baseline.fit(rows.where(first)).predict(judged) - judged.ratio).mean()

    assert error(model) < 0.5 * error(ConstantRatio())


def test_every_baseline_has_a_name_of_its_own():
    names = [model.name for model in baselines()]
    assert len(set(names)) == len(names) == 6
