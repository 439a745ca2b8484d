import numpy as np

from models.cascade.step import boldest_allowed, reachable_steps
from models.setpoints import Bounds

PRESENT, TARGET = np.array([20.0, 12.0, 0.0]), np.array([24.0, 11.8, 1.0])
MOST = np.array([0.5, 0.5, 1.0])


def bounds(*names: str) -> Bounds:
    zeros = np.zeros(len(names))
    binary = np.array([name.startswith("economizer") for name in names])
    return Bounds(names, zeros, zeros + 30.0, zeros, zeros + 2.0, binary)


STEPS = reachable_steps(
    PRESENT, TARGET, MOST, bounds("supply_air_sp_c", "chw_supply_sp_c", "economizer_enable")
)


def test_first_step_moves_everything_as_far_as_slew_allows_and_last_holds():
    assert np.allclose(STEPS[0], [20.5, 11.8, 1.0])
    assert np.allclose(STEPS[-1], PRESENT)
    assert len(STEPS) == 8


def test_setpoints_of_one_quantity_move_or_hold_together():
    two_halls = bounds("supply_air_sp_c:hall_a", "supply_air_sp_c:hall_b", "economizer_enable")
    steps = reachable_steps(np.array([20.0, 21.0, 0.0]), np.array([24.0, 20.8, 1.0]), MOST, two_halls)
    assert len(steps) == 4
    assert {tuple(row) for row in steps[:, :2].tolist()} == {(20.5, 20.8), (20.0, 21.0)}


def test_step_that_leaves_the_record_is_passed_over():
    outside = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert boldest_allowed(outside[None], np.zeros(8)) == 1


def test_outside_the_record_any_step_that_leads_no_further_is_allowed():
    outside = np.array([2.0, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert boldest_allowed(outside[None], np.zeros(8)) == 1


def test_standing_chillers_are_kept_standing_by_the_step_with_most_in_hand():
    spare_k = np.array([-0.5, -0.3, -0.1, -0.4, -0.6, -0.7, -0.8, -0.9])
    assert boldest_allowed(np.zeros((1, 8)), spare_k) == 2
