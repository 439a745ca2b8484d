"""Each part alone: laws that a plant engineer could check with a pocket calculator."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulator import Plant
from simulator.constants import WATER_DENSITY_KG_M3
from simulator.fan import AFFINITY_CURVE, fan_power_w
from simulator.hall import recirculation_fraction
from simulator.it import server_fan_speed, server_power_w
from simulator.pi import PIGains, pi_step, slew
from simulator.power_chain import part_load_loss_w
from simulator.pump import loop_head_pa
from simulator.solve import counterflow_effectiveness, mean_heat_to_sink_w


def array(*values: float) -> jax.Array:
    return jnp.asarray(values if len(values) > 1 else values[0], dtype=float)


def test_halving_fan_speed_cuts_fan_power_to_one_eighth() -> None:
    assert float(fan_power_w(array(8_000.0), array(0.5), AFFINITY_CURVE)) == pytest.approx(1_000.0)


def test_pump_at_rated_flow_uses_hydraulic_power_over_efficiency(plant: Plant) -> None:
    pump = plant.chilled_water.pump
    hydraulic_w = float(pump.rated_flow_kg_s * pump.rated_head_pa) / WATER_DENSITY_KG_M3
    assert float(pump.power_w(pump.rated_flow_kg_s)) == pytest.approx(hydraulic_w / 0.68, rel=1e-4)
    assert float(pump.speed(pump.rated_flow_kg_s)) == pytest.approx(1.0, rel=1e-5)


def test_pump_power_falls_faster_than_flow_but_not_below_the_static_head(plant: Plant) -> None:
    pump = plant.chilled_water.pump
    half = pump.rated_flow_kg_s / 2
    ratio = float(pump.power_w(half) / pump.power_w(pump.rated_flow_kg_s))
    assert 0.125 < ratio < 0.5
    assert float(loop_head_pa(pump, array(0.0))) == pytest.approx(0.3 * float(pump.rated_head_pa))


def test_a_worn_pump_needs_more_power_for_the_same_flow(plant: Plant) -> None:
    pump, flow = plant.chilled_water.pump, plant.chilled_water.pump.rated_flow_kg_s
    assert float(pump.power_w(flow, array(0.2)) / pump.power_w(flow)) == pytest.approx(1.25, rel=1e-5)


def test_a_stopped_loop_uses_no_pump_power(plant: Plant) -> None:
    assert float(plant.condenser_water.pump.power_w(array(0.0))) == 0.0


@pytest.mark.parametrize("ntu", [1.0, 2.0, 4.0])
def test_an_exchanger_s_slope_has_no_kink_where_its_streams_are_balanced(ntu: float) -> None:
    def conductance(flow: jax.Array) -> jax.Array:  # of a stream against one of heat capacity 1
        less = jnp.minimum(flow, 1.0)
        return counterflow_effectiveness(less, jnp.maximum(flow, 1.0), array(ntu)) * less

    slopes = jax.vmap(jax.grad(conductance))(jnp.linspace(0.99, 1.01, 81))
    np.testing.assert_allclose(slopes, 0.5 * (ntu / (1 + ntu)) ** 2, rtol=0.05)


def test_heat_exchanger_effectiveness_matches_the_textbook() -> None:
    # Incropera, table 11.4, counterflow: C_r = 0.5, NTU = 1 gives (1-e^-0.5)/(1-0.5 e^-0.5) = 0.5647
    assert float(counterflow_effectiveness(array(1.0), array(2.0), array(1.0))) == pytest.approx(
        0.5647, abs=1e-4
    )
    # balanced streams: NTU/(1+NTU)
    assert float(counterflow_effectiveness(array(1.0), array(1.0), array(3.0))) == pytest.approx(
        0.75, abs=1e-3
    )


def test_a_warm_mass_loses_the_heat_its_cooling_curve_says() -> None:
    C, K, dt_s = 1e6, 2e3, 400.0
    lost_w = mean_heat_to_sink_w(array(30.0), array(10.0), array(K), array(0.0), array(C), dt_s)
    end_c = 30.0 - float(lost_w) * dt_s / C
    assert end_c == pytest.approx(10.0 + 20.0 * np.exp(-K * dt_s / C), rel=1e-5)


def test_server_fans_hold_still_below_the_knee_and_speed_up_above(plant: Plant) -> None:
    inlet = jnp.asarray([16.0, 20.0, 22.0, 25.0, 27.0, 30.0])
    speed = server_fan_speed(plant.servers, array(0.5), inlet)
    assert float(speed[2] / speed[0]) == pytest.approx(1.0, abs=0.002)
    assert all(jnp.diff(speed[2:]) > 0)


def test_servers_that_get_too_hot_protect_themselves(plant: Plant) -> None:
    chips, fans = server_power_w(plant.servers, array(1.0), jnp.asarray([80.0]))
    assert float((chips + fans)[0]) < 1e-3 * float(plant.servers.rated_w[0])


def test_ups_loss_has_a_no_load_part_and_grows_with_the_square_of_load() -> None:
    loss = part_load_loss_w(array(100.0), jnp.asarray([0.02, 0.0, 0.04]), jnp.asarray([0.0, 50.0, 100.0]))
    np.testing.assert_allclose(loss, [2.0, 3.0, 6.0], rtol=1e-5)


def test_short_supply_air_makes_racks_draw_exactly_the_deficit_from_the_hot_side(plant: Plant) -> None:
    tight = plant.hall.replace(leakage_recirculation=array(0.0))
    mean, worst = recirculation_fraction(tight, jnp.asarray([1.2, 1.0, 0.8]))
    np.testing.assert_allclose(mean, [0.0, 0.0, 0.2], atol=1e-6)
    assert (worst >= mean).all()


def test_slewing_moves_no_faster_than_its_rate() -> None:
    assert float(slew(array(10.0), array(14.0), array(0.01), 60.0)) == pytest.approx(10.6)
    assert float(slew(array(10.0), array(10.3), array(0.01), 60.0)) == pytest.approx(10.3)


def test_pi_loop_removes_a_lasting_error_and_does_not_wind_up() -> None:
    gains = PIGains(array(0.1), array(0.002), array(-1.0), array(1.0))
    value, integral = 0.0, array(0.0)
    for _ in range(60):
        output, integral = pi_step(gains, integral, array(2.0 - value), 60.0)
        value = 4.0 * float(output)
    assert value == pytest.approx(2.0, abs=0.01)
    for _ in range(60):
        _, integral = pi_step(gains, integral, array(50.0), 60.0)
    assert float(integral) <= 1.0
