import jax.numpy as jnp
import numpy as np
import pytest

from models.cascade.objective import Objective, priced
from models.cascade.search import best
from models.setpoints import Bounds
from tests.models.cascade.test_learn import plant

pytestmark = pytest.mark.medium

NAMES = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
CHOICE = Bounds(
    NAMES,
    low=np.array([18.0, 7.0, 6.0, 0.0]),
    high=np.array([26.0, 20.0, 30.0, 1.0]),
    default=np.array([20.0, 12.0, 21.0, 0.0]),
    slew_per_hour=np.array([2.0, 2.0, 4.0, 1.0]),
    binary=np.array([False, False, False, True]),
)
AIM = Objective(jnp.float32(18.5), jnp.float32(26.0))


def drivers(**changed):
    usual = {name: jnp.float32(value[0]) for name, value in plant(**changed).items() if name not in NAMES}
    return usual | {"chillers_stopped": jnp.float32(changed.get("chillers_stopped", 0.0))}


@pytest.fixture(scope="module")
def found(learned):
    return {
        wetbulb: [
            np.asarray(part)
            for part in best(learned.cascade, CHOICE, AIM, drivers(outdoor_wetbulb_c=wetbulb))
        ]
        for wetbulb in (2.0, 14.0)
    }


def test_search_beats_a_thousand_random_choices(learned, found):
    random = np.random.default_rng(1).uniform(CHOICE.low, CHOICE.high, (1_024, 4))
    random[:, 3] = np.round(random[:, 3])
    prices, _ = priced(
        learned.cascade, NAMES, AIM, drivers(outdoor_wetbulb_c=2.0), jnp.asarray(random, jnp.float32)
    )
    assert found[2.0][1].min() <= float(prices.min()) + 0.5


def test_economizer_is_chosen_in_the_cold(found):
    values, prices = found[2.0]
    assert values[np.argmin(prices), 3] == 1.0


def test_chosen_inlet_stays_inside_the_envelope_and_the_record(learned, found):
    for wetbulb, (values, prices) in found.items():
        chosen = jnp.asarray(values[np.argmin(prices)][None], jnp.float32)
        _, what = priced(learned.cascade, NAMES, AIM, drivers(outdoor_wetbulb_c=wetbulb), chosen)
        assert 18.5 - 0.02 <= float(what.rack_inlet_c[0]) <= 26.02
        assert max(float(what.outside[0]), float(what.unreachable_k[0])) < 0.02


def test_same_question_same_answer(learned, found):
    again = best(learned.cascade, CHOICE, AIM, drivers(outdoor_wetbulb_c=2.0))
    assert np.array_equal(np.asarray(again[0]), found[2.0][0])
