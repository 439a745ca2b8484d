"""Coils, dry and wet, and the moisture of the hall they serve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from simulator import Plant
from simulator.coil import CoilAir, coil_air, coil_duty, dry_conductance_w_k, water_for_conductance_kg_s
from simulator.constants import EVAPORATION_J_KG
from simulator.hall import humidity_step

SEA_LEVEL_PA = 101_325.0


def array(*values: float) -> Array:
    return jnp.asarray(values if len(values) > 1 else values[0], dtype=float)


def meeting(humidity_ratio: float = 0.004, water_c: float = 10.0) -> CoilAir:
    return coil_air(array(32.0), array(humidity_ratio), array(water_c), array(SEA_LEVEL_PA))


@pytest.mark.parametrize("humidity_ratio", [0.004, 0.014])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_water_found_for_a_duty_gives_that_duty_dry_or_wet(
    plant: Plant, share: float, humidity_ratio: float
) -> None:
    crah, air = plant.crah, meeting(humidity_ratio)
    airflow = 0.7 * crah.rated_airflow_kg_s
    clean = jnp.zeros_like(airflow)
    most = coil_duty(crah, air, airflow, crah.rated_water_kg_s, clean).sensible_w_k
    water = water_for_conductance_kg_s(crah, air, airflow, share * most)
    reached = coil_duty(crah, air, airflow, water, clean).sensible_w_k
    assert float((reached / most)[0]) == pytest.approx(share, rel=0.01)


def test_water_for_a_damp_coil_rises_evenly_past_balanced_flows(plant: Plant) -> None:
    crah, air = plant.crah, meeting(0.0157, 12.0)
    airflow = 0.45 * crah.rated_airflow_kg_s
    balanced = airflow * 1006.0 / 4186.0  # water of the air's heat capacity
    dry_w_k = dry_conductance_w_k(crah, airflow, balanced, jnp.zeros_like(airflow))
    wanted_w_k = dry_w_k * jnp.linspace(0.99, 1.01, 201)[:, None]
    water = jax.vmap(lambda w_k: water_for_conductance_kg_s(crah, air, airflow, w_k))(wanted_w_k)
    assert np.abs(np.diff(np.asarray(water)[:, 0])).max() < 0.01 * float(balanced[0])


def test_a_coil_asked_for_too_much_opens_fully(plant: Plant) -> None:
    air = plant.crah.rated_airflow_kg_s
    water = water_for_conductance_kg_s(plant.crah, meeting(), air, 10 * 1006.0 * air)
    np.testing.assert_allclose(water, plant.crah.rated_water_kg_s)


def test_fouling_lowers_what_a_coil_can_do(plant: Plant) -> None:
    crah = plant.crah
    at = (crah, crah.rated_airflow_kg_s, crah.rated_water_kg_s)
    assert (dry_conductance_w_k(*at, array(0.3)) < dry_conductance_w_k(*at, array(0.0))).all()
    wet = (crah, meeting(0.014), *at[1:])
    assert (coil_duty(*wet, array(0.3)).sensible_w_k < coil_duty(*wet, array(0.0)).sensible_w_k).all()


def heats_w(plant: Plant, humidity_ratio: float) -> tuple[float, float]:
    air, crah = meeting(humidity_ratio), plant.crah
    duty = coil_duty(crah, air, 0.6 * crah.rated_airflow_kg_s, 0.5 * crah.rated_water_kg_s, array(0.0))
    condensed = duty.drying_kg_s * jnp.maximum(air.humidity_ratio - duty.surface_humidity_ratio, 0.0)
    return float(duty.sensible_w_k[0]) * 22.0, float(condensed[0]) * EVAPORATION_J_KG


def test_damp_air_gives_up_vapour_and_leaves_less_cold_for_the_air_itself(plant: Plant) -> None:
    sensible, latent = zip(*(heats_w(plant, w) for w in (0.004, 0.013, 0.015, 0.017)), strict=True)
    assert latent[0] == pytest.approx(0.0, abs=1.0)
    assert all(np.diff(latent) > 0)
    assert all(np.diff(sensible) < 0)
    totals = np.add(sensible, latent)
    assert all(np.diff(totals) > -0.02 * totals[0])  # dry air's specific heat leaves out a per cent
    assert totals[-1] > 1.1 * totals[0]


def test_a_coil_gets_wet_gradually(plant: Plant) -> None:
    totals = np.array([sum(heats_w(plant, w)) for w in np.linspace(0.006, 0.016, 101)])
    assert np.diff(totals).max() < 0.01 * totals.mean()
    assert np.diff(totals).min() > -0.004 * totals.mean()


def test_a_surface_colder_than_the_dew_point_dries_the_hall_and_a_warm_one_does_not(plant: Plant) -> None:
    w, fresh, air = jnp.asarray([0.011]), array(0.011), jnp.asarray([80.0])
    dried, condensed = humidity_step(plant.hall, w, fresh, jnp.asarray([0.007]), air, 300.0)
    assert float(dried[0]) < 0.0075
    assert float(condensed[0]) > 0
    kept, none = humidity_step(plant.hall, w, fresh, jnp.asarray([0.013]), air, 300.0)
    assert float(kept[0]) == pytest.approx(0.011)
    assert float(none[0]) == 0.0
