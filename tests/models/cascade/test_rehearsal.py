import numpy as np
import pytest

from models.cascade.record import believed
from models.cascade.rehearsal import rehearse
from tests.models.twin.kit import HOUR, as_twin, inputs_of, nameplate

pytestmark = pytest.mark.slow

HOURS, SETTLED = 12, 4 * HOUR
USUAL = {"supply_air_c": 20.0, "chw_supply_c": 9.0, "cw_supply_c": 24.0, "economizer_enable": 0.0}


def trial(**changed: float):
    """Half a day of a small simulated plant at its usual setpoints, but for what is changed in the trial."""
    inputs = inputs_of(hours=HOURS)
    steps = len(inputs.it_w)

    def held(values):
        return {name: np.full(steps, value) for name, value in values.items()}

    recorded = inputs._replace(setpoints=held(USUAL))
    sensors = rehearse(as_twin(nameplate()), recorded, held(USUAL | changed), window=steps)
    return recorded, sensors


@pytest.fixture(scope="module")
def usual():
    return trial()


def test_rehearsing_what_was_done_needs_the_it_power_that_was_metered(usual):
    recorded, sensors = usual
    assert sensors.it_w[SETTLED:] == pytest.approx(recorded.it_w[SETTLED:, 0], rel=2e-3)


def test_warmer_chilled_water_saves_chiller_power_in_rehearsal(usual):
    _, warm = trial(chw_supply_c=12.0)
    assert warm.chiller_w[SETTLED:].mean() < 0.97 * usual[1].chiller_w[SETTLED:].mean()


def test_warm_halls_make_the_servers_draw_more_at_the_same_compute(usual):
    _, hot = trial(supply_air_c=27.0)
    assert hot.it_w[SETTLED:].mean() > 1.002 * usual[1].it_w[SETTLED:].mean()


def test_simulated_rows_are_believed_only_where_hardly_any_were_measured():
    x = np.concatenate([np.linspace(0.0, 1.0, 100), np.linspace(0.0, 4.0, 100)])[:, None]
    virtual = np.arange(200) >= 100
    kept = believed(x, virtual)
    assert kept[:100].all()
    assert not kept[virtual & (x[:, 0] < 0.9)].any()
    assert kept[virtual & (x[:, 0] > 1.6)].all()
