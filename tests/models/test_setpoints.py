"""Setpoints that share a quantity."""

import numpy as np

from models.setpoints import Bounds, groups_of, mean_of_quantity, moved_together, quantity_of

NAMES = ("supply_air_sp_c:hall_a", "chw_supply_sp_c", "supply_air_sp_c:hall_b")
BOUNDS = Bounds(
    NAMES,
    low=np.array([18.0, 7.0, 20.0]),
    high=np.array([26.0, 15.0, 24.0]),
    default=np.array([20.0, 9.0, 21.0]),
    slew_per_hour=np.full(3, 2.0),
    binary=np.zeros(3, bool),
)


def test_a_setpoints_quantity_is_its_name_without_the_equipment():
    assert [quantity_of(name) for name in NAMES] == ["supply_air_sp_c", "chw_supply_sp_c", "supply_air_sp_c"]
    assert groups_of(NAMES) == BOUNDS.groups == {"supply_air_sp_c": (0, 2), "chw_supply_sp_c": (1,)}


def test_a_quantity_is_the_mean_of_its_setpoints():
    means = mean_of_quantity(NAMES, np.array([[20.0, 9.0, 22.0], [24.0, 9.0, 24.0]]))
    assert means["supply_air_sp_c"].tolist() == [21.0, 24.0]
    assert means["chw_supply_sp_c"].tolist() == [9.0, 9.0]


def test_setpoints_moved_together_stand_at_the_same_place_between_their_limits():
    assert moved_together(np.array([22.0, 9.0, 20.0]), BOUNDS).tolist() == [22.0, 9.0, 22.0]
    assert moved_together(BOUNDS.high, BOUNDS).tolist() == BOUNDS.high.tolist()
