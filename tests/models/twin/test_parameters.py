import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.twin.parameters import WIDEST, space
from models.twin.priors import curve_directions
from tests.models.twin.kit import nameplate
from tests.models.twin.records import record


@pytest.fixture(scope="module")
def searched():
    return space(nameplate(), record())


def test_no_departure_is_the_nameplate(searched):
    at_zero = searched.at(jnp.zeros(len(searched.parameters)))
    for before, after in zip(jax.tree.leaves(searched.nameplate), jax.tree.leaves(at_zero), strict=True):
        assert np.asarray(after) == pytest.approx(np.asarray(before), rel=1e-5)


@pytest.mark.parametrize("far", [-50.0, 50.0])
def test_parameters_stay_bounded_and_physical_however_far_the_search_goes(searched, far):
    plant = searched.at(jnp.full(len(searched.parameters), far)).plant
    assert float(plant.chillers.rated_cop) == pytest.approx(
        float(searched.nameplate.plant.chillers.rated_cop) * np.exp(np.sign(far) * 0.2 * WIDEST), rel=1e-3
    )
    assert 0 < float(plant.crah.air_side_resistance[()]) < 1
    assert float(plant.chilled_water.pump.shutoff_head_ratio) > 1
    assert all(np.isfinite(leaf).all() for leaf in map(np.asarray, jax.tree.leaves(plant)))


def test_what_the_site_records_or_counts_is_not_fitted(searched):
    assert "setpoints.chw_supply_c" not in searched.names
    assert "setpoints.supply_air_c" in searched.names
    assert not any(name.endswith((".units", ".cells", ".rated_w")) for name in searched.names)
    assert not any(name.startswith("control") for name in searched.names)


@pytest.mark.parametrize(
    ("name", "size"), [("input_curve", 6), ("part_load_curve", 3), ("fan_power_curve", 4)]
)
def test_a_curve_bends_but_keeps_its_rated_value(name, size):
    at_rating = np.array([1.0, 10.0, 100.0, 25.0, 625.0, 250.0]) if size == 6 else np.ones(size)
    for change in curve_directions(name, size).values():
        assert change @ at_rating == pytest.approx(0.0, abs=1e-9)
        assert np.abs(change).max() > 0
