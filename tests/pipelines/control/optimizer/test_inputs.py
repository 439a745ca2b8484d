from dataclasses import replace

import numpy as np
import pytest

from models.cascade.coverage import Coverage
from pipelines.control.optimizer.inputs import needed

pytestmark = pytest.mark.medium


def test_conditions_that_a_choice_must_stay_near_are_inputs(cascade):
    """A chiller metered without its towers has no surface of the wetbulb, and a record in which it varied."""
    names = ("load_kw", "outdoor_wetbulb_c", "supply_air_sp_c:hall_a")
    coverage = Coverage(names, np.zeros(3), np.ones(3), np.zeros((1, 3)), np.float32(1.0))
    bare = replace(
        cascade, reach={}, meters={}, worst_inlet=None, dew_point=None, economizer=None, coverage=None
    )
    assert "outdoor_wetbulb_c" not in needed(bare)
    with_record = needed(replace(bare, coverage=coverage))
    assert "outdoor_wetbulb_c" in with_record
    assert "supply_air_sp_c:hall_a" not in with_record
