"""Moist air against psychrolib, which others wrote from the same handbook."""

import jax
import jax.numpy as jnp
import numpy as np
import psychrolib
import pytest

from simulator import psychrometrics as ours

pytestmark = pytest.mark.medium

psychrolib.SetUnitSystem(psychrolib.SI)


@pytest.fixture(scope="module")
def air() -> dict[str, np.ndarray]:
    """States over -20..50 °C, 1-100 %, 70-105 kPa, with psychrolib's answers."""
    grid = np.meshgrid(
        np.linspace(-20, 50, 29),
        np.array([0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0]),
        np.array([70e3, 85e3, 101_325.0, 105e3]),
    )
    t, rh, p = (axis.ravel() for axis in grid)
    answers = [psychrolib.CalcPsychrometricsFromRelHum(*state) for state in zip(t, rh, p, strict=True)]
    w, wetbulb, dew_point, _, enthalpy, _, _ = np.array(answers).T
    return {
        "t": t,
        "rh": rh,
        "p": p,
        "w": w,
        "wetbulb": wetbulb,
        "dew_point": dew_point,
        "enthalpy": enthalpy,
    }


def ours_for(air: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    t, rh, p = (jnp.asarray(air[name], dtype=jnp.result_type(float)) for name in ("t", "rh", "p"))
    w = ours.humidity_ratio(t, rh, p)
    values = {
        "w": w,
        "wetbulb": ours.wetbulb_c(t, rh, p),
        "dew_point": ours.dew_point_c(t, rh),
        "enthalpy": ours.enthalpy_j_kg(t, w),
    }
    return {name: np.asarray(value, dtype=float) for name, value in values.items()}


def assert_agrees(air: dict[str, np.ndarray], slack: float) -> None:
    found = ours_for(air)
    assert np.abs(found["wetbulb"] - air["wetbulb"]).max() < 0.02 * slack
    assert np.abs(found["dew_point"] - air["dew_point"]).max() < 0.02 * slack
    assert np.abs(found["w"] / air["w"] - 1).max() < 1e-3 * slack
    allowed = np.maximum(1e-3 * np.abs(air["enthalpy"]), 50.0) * slack
    assert (np.abs(found["enthalpy"] - air["enthalpy"]) < allowed).all()


@pytest.mark.usefixtures("double_precision")
def test_moist_air_agrees_with_psychrolib_in_double_precision(air: dict[str, np.ndarray]) -> None:
    assert_agrees(air, slack=1.0)


def test_moist_air_agrees_with_psychrolib_in_single_precision(air: dict[str, np.ndarray]) -> None:
    assert_agrees(air, slack=5.0)


@pytest.mark.usefixtures("double_precision")
def test_relative_humidity_from_wetbulb_undoes_wetbulb() -> None:
    t, rh = jnp.meshgrid(jnp.linspace(2.0, 45.0, 12), jnp.linspace(0.2, 1.0, 9))
    wetbulb = ours.wetbulb_c(t, rh, 95e3)
    warm = wetbulb > 0.5
    back = ours.relative_humidity_from_wetbulb(t, wetbulb, 95e3)
    np.testing.assert_allclose(back[warm], rh[warm], atol=1e-6)


def test_thinner_air_on_a_mountain_has_the_standard_atmosphere_pressure() -> None:
    # ICAO standard atmosphere, table at 1500 m
    assert float(ours.pressure_at_altitude_pa(1500.0)) == pytest.approx(84_556.0, rel=2e-4)


def test_saturated_air_has_wetbulb_and_dew_point_at_its_drybulb() -> None:
    t = jnp.linspace(1.0, 40.0, 10)
    np.testing.assert_allclose(ours.wetbulb_c(t, 1.0, 101_325.0), t, atol=5e-3)
    np.testing.assert_allclose(ours.dew_point_c(t, 1.0), t, atol=5e-3)


def test_a_wetbulb_above_the_drybulb_reads_as_saturated_air() -> None:
    assert float(ours.relative_humidity_from_wetbulb(20.0, 25.0, 101_325.0)) == 1.0


@pytest.mark.usefixtures("double_precision")
@pytest.mark.parametrize(("t", "rh"), [(25.0, 0.5), (5.0, 0.9), (-8.0, 0.6), (45.0, 0.1)])
def test_wetbulb_gradient_matches_finite_difference(t: float, rh: float) -> None:
    slope = jax.grad(ours.wetbulb_c, argnums=(0, 1))(t, rh, 101_325.0)
    by_t = (ours.wetbulb_c(t + 1e-4, rh, 101_325.0) - ours.wetbulb_c(t - 1e-4, rh, 101_325.0)) / 2e-4
    by_rh = (ours.wetbulb_c(t, rh + 1e-5, 101_325.0) - ours.wetbulb_c(t, rh - 1e-5, 101_325.0)) / 2e-5
    assert float(slope[0]) == pytest.approx(float(by_t), rel=1e-3)
    assert float(slope[1]) == pytest.approx(float(by_rh), rel=1e-3)
