import jax.numpy as jnp
import numpy as np
import pytest

from models.efficiency.features import feature_names, inputs_of, with_derived

INPUTS = ("load_kw", "chiller_on", "cw_supply_c", "chw_supply_c", "tower_fan_speed_frac")
ROW = np.array([[800.0, 2.0, 27.0, 7.0, 0.5]])


def feature(name, row=ROW, inputs=INPUTS):
    return with_derived(inputs, row, 800.0)[0, feature_names(inputs).index(name)]


def test_lift_is_the_rise_from_chilled_to_condenser_water():
    assert feature("lift_k") == 20.0


def test_two_running_chillers_share_the_load():
    assert feature("load_per_chiller_kw") == 400.0


def test_load_per_chiller_stays_finite_when_none_runs():
    row = ROW.copy()
    row[0, 1] = 0.0
    assert feature("load_per_chiller_kw", row) == 800.0


def test_halving_fan_speed_leaves_one_eighth_of_its_power_feature():
    full = ROW.copy()
    full[0, 4] = 1.0
    assert feature("tower_fan_affinity") == pytest.approx(feature("tower_fan_affinity", full) / 8)


def test_wind_from_north_and_nearly_north_are_close_though_359_and_1_degree_are_not():
    def wind(deg):
        return with_derived(("wind_direction_deg",), np.array([[deg]]), 1.0)[0, 1:]

    np.testing.assert_allclose(wind(359.0), wind(1.0), atol=0.04)


def test_features_that_need_an_unrecorded_input_are_not_made():
    assert "lift_k" not in feature_names(("load_kw", "cw_supply_c"))


def test_missing_reading_makes_every_feature_of_it_missing_and_no_other():
    row = ROW.copy()
    row[0, 2] = np.nan
    names = feature_names(INPUTS)
    missing = np.isnan(with_derived(INPUTS, row, 800.0)[0])
    assert {name for name, gone in zip(names, missing, strict=True) if gone} == {
        name for name in names if "cw_supply_c" in inputs_of(name)
    }


def test_fitting_in_numpy_and_serving_in_jax_see_the_same_features():
    fitted = with_derived(INPUTS, ROW.astype(np.float32), 800.0)
    np.testing.assert_allclose(fitted, with_derived(INPUTS, jnp.asarray(ROW), 800.0), rtol=1e-6)
