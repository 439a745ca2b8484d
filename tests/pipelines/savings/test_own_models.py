"""coldaisle's own counterfactuals: the efficiency model learned from the baseline, the twin under the site's rule."""

import numpy as np
import pytest

from pipelines.savings.counterfactuals import Efficiency, TwinCandidate
from tests.models.savings.kit import YEAR_H, hours_of

pytestmark = pytest.mark.medium


def test_the_efficiency_model_learned_from_the_baseline_expects_what_the_plant_would_need():
    baseline, reporting = hours_of(0, 4000), hours_of(YEAR_H, 2000)
    fit = Efficiency().fit(baseline)
    assert fit.predict(reporting).sum() == pytest.approx(reporting.power_kw.sum(), rel=0.02)
    left = Efficiency().left_out(baseline)
    error = left.errors_kw(baseline)
    assert np.isfinite(error).mean() > 0.95
    assert np.nanstd(error) < 0.05 * baseline.power_kw.mean()


def test_the_twin_answers_by_hour_in_proportion_to_the_load():
    hours = hours_of(100, 3)
    twin = TwinCandidate({100: 50.0, 102: 60.0}, {100: float(hours.load_kw[0]), 102: float(hours.load_kw[2])})
    expected = twin.predict(hours.with_load(2.0 * hours.load_kw))
    assert expected[[0, 2]] == pytest.approx([100.0, 120.0])
    assert np.isnan(expected[1])
    with pytest.raises(ValueError, match="says nothing"):
        twin.fit(hours_of(5000, 3))
