import numpy as np
import pandas as pd
import pytest

import simulator
from models.twin.run import Controlled
from pipelines.learning.trials import rehearsal
from pipelines.telemetry.plant_table import plant_table
from tests.models.twin.kit import as_twin
from tests.pipelines.learning.trials.test_plan import record  # noqa: F401 - sixty days of default control

pytestmark = pytest.mark.slow

TRIED = ["supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable"]


def test_record_of_default_control_has_tried_nothing(site, record):  # noqa: F811
    assert rehearsal.untried(site, plant_table(site, record)) == TRIED


def test_a_day_of_warmer_chilled_water_counts_as_tried(site, record):  # noqa: F811
    rows = pd.Timedelta(hours=25) // site.interval
    column = site.columns_of("chw_supply_sp_c")[0]
    warmer = record.assign(**{column: np.where(np.arange(len(record)) < rows, 15.0, 12.0)})
    assert "chw_supply_sp_c" not in rehearsal.untried(site, plant_table(site, warmer))


@pytest.fixture(scope="module")
def trials(site, record):  # noqa: F811
    few = record.iloc[: 6 * 24].resample(site.interval).ffill()
    plant = simulator.default_plant(it_kw=2_000.0, halls=2, chillers=2, tower_cells=3)
    twin = as_twin(Controlled(plant, simulator.default_setpoints(plant)))
    return rehearsal.virtual_trials(site, few, plant_table(site, few), twin)


def test_virtual_trials_move_every_setpoint_inside_its_limits(site, trials):
    for setpoint in site.setpoints:
        values = trials[site.setpoint_name(setpoint)].dropna()
        assert values.between(setpoint.min, setpoint.max).all()
        assert values.max() - values.min() > 0.2 * (setpoint.max - setpoint.min)


def test_virtual_trials_keep_coils_fed_and_inlets_in_the_envelope(site, trials):
    known = trials.dropna(subset=["load_kw"])
    assert (known["supply_air_sp_c"] - known["chw_supply_sp_c"]).min() > 2.0
    assert known["supply_air_sp_c"].max() <= site.envelope.rack_inlet_max_c - 1.5 - 1.0


def test_virtual_trials_say_nothing_while_the_twin_settles(site, trials):
    assert trials["load_kw"].iloc[: pd.Timedelta(hours=3) // site.interval].isna().all()
