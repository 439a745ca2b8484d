"""Any finite input is answered, fleets run at once, gradients are right."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import (
    Drivers,
    Faults,
    Plant,
    Setpoints,
    constant_drivers,
    default_plant,
    default_setpoints,
    init,
    perturb_plant,
    rollout,
)
from simulator.chilled_water import LEG_NODES
from tests.simulator.conftest import DAY, DT_S, changed, run

pytestmark = pytest.mark.medium

MILD = {"outdoor_drybulb_c": 20.0, "outdoor_wetbulb_c": 15.0}


OTHER_PLANT = {
    "economizer": "parallel",
    "economizer_condenser": "series",
    "chiller_curves": "leaving",
    "tower": "york",
    "pumps": "curve",
}


def between(low: float, high: float) -> Any:
    return st.floats(min_value=low, max_value=high, width=32)


@partial(jax.jit, static_argnames="other")
def odd_plant(key: jax.Array, other: bool = False) -> Plant:
    return perturb_plant(key, default_plant(**OTHER_PLANT if other else {}), relative=0.3)


@settings(max_examples=60, deadline=None)
@given(
    weather=st.tuples(*[between(-1e6, 1e6)] * 4),
    wanted=st.tuples(*[between(-1e6, 1e6) | between(0, 30)] * 6),
    broken=st.tuples(*[between(-1e3, 1e3) | between(0, 1)] * len(Faults.__dataclass_fields__)),
    key=st.integers(0, 50),
    other=st.booleans(),
)
@pytest.mark.slow
def test_no_finite_input_gives_nan(
    weather: tuple, wanted: tuple, broken: tuple, key: int, other: bool
) -> None:
    drivers = Drivers(*(jnp.full((DAY,), v) for v in weather))
    asked = Setpoints(*(jnp.asarray(v) for v in wanted))
    faults = Faults(*(jnp.asarray(v) for v in broken))
    answer = run(odd_plant(jax.random.key(key), other), asked, drivers, faults)
    bad = [
        jax.tree_util.keystr(path)
        for path, leaf in jax.tree.leaves_with_path(answer)
        if not np.isfinite(leaf).all()
    ]
    assert not bad


@settings(max_examples=30, deadline=None)
@given(temperatures=st.tuples(*[between(-40.0, 90.0)] * 3), utilization=between(0.0, 1.0))
def test_any_start_returns_to_ordinary_temperatures(temperatures: tuple, utilization: float) -> None:
    plant = default_plant()
    hall, chw, cw = (jnp.asarray(t) for t in temperatures)
    legs = {leg: jnp.full((LEG_NODES,), chw) for leg in ("chw_supply_leg_c", "chw_return_leg_c")}
    start = replace(init(plant), return_air_c=hall[None], cw_c=cw, **legs)
    drivers = constant_drivers(**MILD, it_utilization=utilization, steps=DAY)
    end, _ = run(plant, default_setpoints(plant), drivers, state=start)
    assert 20.0 < float(end.return_air_c[0]) < 40.0
    assert float(end.chw_supply_leg_c[-1]) == pytest.approx(10.0, abs=1.5)
    assert float(end.cw_c) == pytest.approx(24.0, abs=2.0)


def test_a_fleet_of_plants_and_setpoints_run_at_once_matches_each_run_alone() -> None:
    drivers = constant_drivers(**MILD, steps=DAY)
    fleet = jax.vmap(odd_plant)(jax.random.split(jax.random.key(0), 3))

    def power_w(p: Plant, chw_supply_c: jax.Array) -> jax.Array:
        asked = replace(default_setpoints(p), chw_supply_c=chw_supply_c)
        return rollout(p, init(p), asked, drivers, dt_s=DT_S)[1].facility_w

    choices = jnp.linspace(8.0, 11.0, 4)
    by_setpoint = jax.vmap(power_w, in_axes=(None, 0))
    together = jax.jit(jax.vmap(by_setpoint, in_axes=(0, None)))(fleet, choices)
    assert together.shape == (3, 4, DAY)
    for i in range(3):
        own = jax.tree.map(lambda leaf, i=i: leaf[i], fleet)
        _, alone = run(own, changed(default_setpoints(own), chw_supply_c=choices[2]), drivers)
        np.testing.assert_allclose(alone.facility_w, together[i, 2], rtol=1e-4)


@jax.jit
def mean_power_and_slopes(plant: Plant, setpoints: Setpoints, drivers: Drivers) -> Any:
    def mean_w(site: Plant, chosen: Setpoints) -> jax.Array:
        return rollout(site, init(site), chosen, drivers, dt_s=DT_S)[1].facility_w.mean()

    return jax.value_and_grad(mean_w, argnums=(0, 1))(plant, setpoints)


CHOSEN = {"supply_air_c": 23.4, "chw_supply_c": 11.6, "cw_supply_c": 21.7, "airflow_ratio": 1.12}
FREE = CHOSEN | {"cw_supply_c": 12.3, "economizer_enable": 1.0}
FITTED = (
    ("chillers", "rated_cop"),
    ("tower", "rated_fan_w"),
    ("crah", "rated_ua_w_k"),
    ("chilled_water", "volume_kg"),
    ("hall", "leakage_recirculation"),
    ("servers", "fan_slope_per_k"),
)
CASES: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "chillers alone": ({}, CHOSEN),
    "chillers behind an economizer": ({}, FREE),
    "every other part": (OTHER_PLANT, FREE | {"chw_supply_c": 15.2, "supply_air_c": 24.6}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("double_precision")
@pytest.mark.slow
def test_gradients_match_finite_differences(case: str) -> None:
    structure, chosen = CASES[case]
    plant = default_plant(**structure)
    weather = {"outdoor_drybulb_c": 12.0, "outdoor_wetbulb_c": 9.0} if "economizer_enable" in chosen else MILD
    drivers = constant_drivers(**weather, it_utilization=0.85, steps=24)
    at = changed(default_setpoints(plant), **chosen)
    _, (plant_slopes, setpoint_slopes) = mean_power_and_slopes(plant, at, drivers)

    def mean_w(site: Plant = plant, asked: Setpoints = at) -> float:
        return float(mean_power_and_slopes(site, asked, drivers)[0])

    for name, value in chosen.items():
        if name != "economizer_enable":
            up, down = (mean_w(asked=changed(at, **{name: value + h})) for h in (1e-4, -1e-4))
            assert float(getattr(setpoint_slopes, name)) == pytest.approx((up - down) / 2e-4, rel=0.01), name

    economizer = (("economizer", "ua_w_k"),) if "economizer_enable" in chosen else ()
    for part, name in FITTED + economizer:
        parts = getattr(plant, part)
        value = getattr(parts, name)
        up, down = (
            mean_w(site=replace(plant, **{part: replace(parts, **{name: value * (1 + h)})}))
            for h in (1e-5, -1e-5)
        )
        slope = float(getattr(getattr(plant_slopes, part), name).sum())
        assert slope == pytest.approx((up - down) / (2e-5 * float(value.sum())), rel=0.01), name


@pytest.mark.parametrize("economizer", [0.0, 1.0])
@pytest.mark.parametrize("wetbulb_c", [-15.0, 5.0, 28.0])
@pytest.mark.usefixtures("double_precision")
def test_gradients_are_finite_in_any_weather(wetbulb_c: float, economizer: float) -> None:
    plant = default_plant()
    drivers = constant_drivers(outdoor_drybulb_c=wetbulb_c + 3, outdoor_wetbulb_c=wetbulb_c, steps=24)
    chosen = changed(default_setpoints(plant), economizer_enable=economizer)
    value, slopes = mean_power_and_slopes(plant, chosen, drivers)
    assert float(value) > 0
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))
