import pytest

from models.twin.nameplate import nameplate_plant


def test_a_single_figure_replaces_the_textbooks():
    plant = nameplate_plant({"it_kw": 500.0, "economizer.lockout_difference_k": 3.0})
    assert float(plant.economizer.lockout_difference_k) == 3.0


def test_a_figure_for_each_hall_takes_one_value():
    plant = nameplate_plant({"it_kw": 500.0, "halls": 2, "crah.rated_fan_w": 20e3})
    assert plant.crah.rated_fan_w.tolist() == [20e3, 20e3]


@pytest.mark.parametrize("name", ["economizer.lockout", "turbine.rated_w", "chillers.rated_cop.x"])
def test_a_figure_that_the_plant_does_not_have_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f'no figure "{name}"'):
        nameplate_plant({name: 1.0})


def test_a_whole_part_is_no_figure():
    with pytest.raises(ValueError, match="is a part of the plant"):
        nameplate_plant({"chilled_water.pump": 1.0})


def test_a_plant_without_an_economizer_has_no_figure_of_it():
    with pytest.raises(ValueError, match="no figure"):
        nameplate_plant({"economizer": "none", "economizer.ua_w_k": 1e6})


def test_an_impossible_figure_is_refused():
    with pytest.raises(ValueError, match="rated_cop"):
        nameplate_plant({"chillers.rated_cop": -5.0})
