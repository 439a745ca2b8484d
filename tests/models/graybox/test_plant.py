import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.graybox.parameters import NAMES, PRIORS, standardised, values_of
from models.graybox.plant import PARTS, Conditions, plant
from models.graybox.roots import root
from tests.models.graybox.plants import REFERENCE_KW, at_rest, random_conditions, z_of

CHILLER, TOWER, CHW_PUMP, CW_PUMP, CRAH = range(5)


def test_no_standard_deviations_is_the_textbook():
    p = values_of(jnp.zeros(len(NAMES)))
    assert {name: float(value) for name, value in p.items()} == pytest.approx(
        {each.name: each.mean for each in PRIORS}
    )


@pytest.mark.parametrize("name", ["cop", "inlet_knee_c"])
def test_a_value_and_its_standard_deviations_are_inverse(name):
    p = values_of(jnp.asarray(z_of(**{name: 1.3}), jnp.float32))
    assert standardised(name, float(p[name])) == pytest.approx(1.3, abs=1e-4)


def test_a_root_and_its_derivative():
    def f(x, a):
        return x**3 - a

    a = jnp.array([1.0, 8.0, 20.0])
    low, high = jnp.zeros(3), jnp.full(3, 3.0)
    x, slope = jax.jvp(lambda a: root(f, a, low, high), (a,), (jnp.ones(3),))
    assert np.asarray(x) == pytest.approx(np.cbrt(a), abs=1e-4)
    assert np.asarray(slope) == pytest.approx(1.0 / (3.0 * np.cbrt(a) ** 2), rel=1e-2)


def test_without_a_root_the_nearer_end_is_given_and_does_not_move():
    x, slope = jax.jvp(
        lambda a: root(lambda x, a: x - a, a, jnp.zeros(1), jnp.ones(1)), (jnp.array([9.0]),), (jnp.ones(1),)
    )
    assert x[0] == pytest.approx(1.0, abs=0.01)
    assert slope[0] == 0.0


def _pair(change: dict[str, float], **given: float) -> tuple[np.ndarray, np.ndarray]:
    base = {
        "compute_kw": 600.0,
        "wetbulb_c": 15.0,
        "supply_air_c": 22.0,
        "chw_supply_c": 12.0,
        "cw_setpoint_c": 22.0,
        "economizer": 0.0,
    } | given
    both = [
        Conditions(**{name: jnp.array([value]) for name, value in each.items()})
        for each in (base, base | change)
    ]
    return tuple(np.asarray(at_rest(z_of(), each).parts_kw)[:, 0] for each in both)


def test_warmer_chilled_water_spares_the_chillers_and_costs_pump_power():
    before, after = _pair({"chw_supply_c": 13.0}, chw_supply_c=9.0)
    assert after[CHILLER] < before[CHILLER]
    assert after[CHW_PUMP] > before[CHW_PUMP]


def test_colder_condenser_water_spares_the_chillers_and_costs_fan_power():
    before, after = _pair({"cw_setpoint_c": 20.0}, cw_setpoint_c=26.0)
    assert after[CHILLER] < before[CHILLER]
    assert after[TOWER] > before[TOWER]


def test_condenser_water_that_towers_cannot_reach_runs_their_fans_flat_out():
    rest = at_rest(
        z_of(), random_conditions(50)._replace(cw_setpoint_c=jnp.full(50, 2.0), wetbulb_c=jnp.full(50, 20.0))
    )
    assert np.asarray(rest.tower_speed).min() == 1.0
    assert np.asarray(rest.cw_supply_c).min() > 20.0


def test_a_cold_economizer_carries_the_load_and_chillers_stand():
    conditions = random_conditions(50, economizer=1.0)._replace(
        wetbulb_c=jnp.full(50, -5.0),
        cw_setpoint_c=jnp.full(50, 5.0),
        chw_supply_c=jnp.full(50, 15.0),
        supply_air_c=jnp.full(50, 24.0),
    )
    rest = at_rest(z_of(), conditions)
    assert np.asarray(rest.covered).min() > 0.95
    assert np.asarray(rest.parts_kw)[CHILLER].max() < 0.02 * REFERENCE_KW


def test_an_economizer_that_is_not_allowed_or_not_colder_carries_nothing():
    assert np.asarray(at_rest(z_of(), random_conditions(200, economizer=0.0)).covered).max() == 0.0
    warm = random_conditions(200, economizer=1.0)._replace(cw_setpoint_c=jnp.full(200, 30.0))
    assert np.asarray(at_rest(z_of(), warm).covered).max() == 0.0


def test_chillers_cycle_where_an_economizer_leaves_them_less_than_they_unload_to():
    sweep = jnp.linspace(2.0, 20.0, 200)
    conditions = random_conditions(200, economizer=1.0)._replace(
        compute_kw=jnp.full(200, 600.0),
        wetbulb_c=jnp.full(200, -5.0),
        cw_setpoint_c=sweep,
        chw_supply_c=jnp.full(200, 12.0),
        supply_air_c=jnp.full(200, 24.0),
    )
    rest = at_rest(z_of(), conditions)
    covered, cycling = np.asarray(rest.covered), np.asarray(rest.cycling)
    assert cycling[covered > 0.999].max() < 0.05
    assert cycling[(covered > 0.90) & (covered < 0.95)].min() > 0.3
    assert cycling[covered < 0.5].max() == 0.0


def test_warm_inlets_make_servers_fans_work():
    before, after = (
        at_rest(z_of(), random_conditions(20)._replace(supply_air_c=jnp.full(20, supply_c)))
        for supply_c in (19.0, 25.5)
    )
    assert (np.asarray(after.air.it_kw) > 1.02 * np.asarray(before.air.it_kw)).all()


def test_chilled_water_close_to_supply_air_starves_the_coils():
    close, far = (
        at_rest(
            z_of(),
            random_conditions(20)._replace(supply_air_c=jnp.full(20, 22.0), chw_supply_c=jnp.full(20, chw_c)),
        )
        for chw_c in (20.5, 14.0)
    )
    assert np.asarray(close.air.starved).min() > 1.0 > np.asarray(far.air.starved).max()


def test_every_part_is_finite_positive_and_has_finite_slopes():
    conditions = random_conditions(500)

    def total(z):
        return plant(values_of(z), conditions, jnp.float32(REFERENCE_KW)).parts_kw

    for z in (z_of(), np.random.default_rng(3).uniform(-2.0, 2.0, len(NAMES))):
        parts, slopes = np.asarray(total(jnp.asarray(z))), np.asarray(jax.jacfwd(total)(jnp.asarray(z)))
        assert parts.shape == (len(PARTS), 500)
        assert np.isfinite(parts).all()
        assert (parts >= 0.0).all()
        assert np.isfinite(slopes).all()


def test_slopes_are_those_of_the_solution():
    conditions, z, step = random_conditions(300), z_of(), 0.05
    for name in ("coil_ntu", "tower_air", "cw_flow", "exchanger_ntu", "cop"):
        apart = z_of(**{name: step})
        slope = np.asarray(
            jax.jvp(
                lambda z: plant(values_of(z), conditions, jnp.float32(REFERENCE_KW)).parts_kw.sum(0),
                (jnp.asarray(z),),
                (jnp.asarray(apart / step),),
            )[1]
        )
        finite = (
            np.asarray(at_rest(apart, conditions).parts_kw).sum(0)
            - np.asarray(at_rest(-apart, conditions).parts_kw).sum(0)
        ) / (2.0 * step)
        assert np.median(np.abs(slope - finite)) < 0.02 * np.abs(finite).mean() + 0.05, name
