"""The EnergyPlus adapter on a small plant; skipped where the engine is not installed."""

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from simulator.energyplus import (
    Actuator,
    EnergyPlusError,
    EnergyPlusModel,
    RunEnded,
    Variable,
    check_actuators,
    energy_closure,
    energyplus_plant,
    run_energyplus,
)
from tests.energyplus.blocks import STEPS_PER_HOUR, schedules
from tests.energyplus.make_goldens import WATER_INPUTS, WATER_VARIABLES, config
from tests.energyplus.water_plant import water_plant

needs_engine = pytest.mark.skipif(
    find_spec("pyenergyplus") is None,
    reason="needs EnergyPlus: make test-energyplus installs it",
)


@pytest.fixture
def plant(tmp_path: Path) -> EnergyPlusModel:
    model = water_plant("reformulated", "york")
    model["Schedule:Constant"] |= schedules(Forgotten=1.0)["Schedule:Constant"]
    return replace(config(model, tmp_path, WATER_VARIABLES, WATER_INPUTS), begin=(4, 1), end=(4, 2))


@needs_engine
def test_warmer_chilled_water_costs_less_chiller_power_and_heat_balances(plant):
    held = {"Load": -8e5, "FreeLoad": -2e5, "Flow": 0.8, "CwSetpoint": 24.0}
    cold = run_energyplus(plant, lambda _: held | {"ChwSetpoint": 7.0})
    warm = run_energyplus(plant, lambda _: held | {"ChwSetpoint": 14.0}, check=False)
    assert len(cold.hours) == 2 * 24 * STEPS_PER_HOUR
    assert warm.readings["chiller_w"].mean() < 0.9 * cold.readings["chiller_w"].mean()
    assert cold.closure is not None
    assert cold.closure.converged


@needs_engine
def test_setpoint_that_no_manager_reads_is_refused(plant):
    forgotten = Actuator("Schedule:Constant", "Schedule Value", "Forgotten", 6.0, 14.0, "chw_setpoint_c", 1.0)
    with pytest.raises(EnergyPlusError, match="Forgotten"):
        check_actuators(replace(plant, actuators={"Forgotten": forgotten}))


@needs_engine
def test_node_setpoint_is_written_after_its_manager_and_so_works(plant):
    node = Actuator(
        "System Node Setpoint", "Temperature Setpoint", "Chw supply out", 6.0, 14.0, "chw_setpoint_c", 7.9
    )
    assert check_actuators(replace(plant, actuators={"ChwNode": node})) == {"ChwNode": pytest.approx(8.0)}


@needs_engine
def test_variable_that_the_model_lacks_is_named(plant):
    unknown = {"boiler_w": Variable("Boiler Electricity Rate", "Boiler")}
    with (
        energyplus_plant(replace(plant, variables=plant.variables | unknown)) as running,
        pytest.raises(EnergyPlusError, match="boiler_w"),
    ):
        running.step({})


@needs_engine
def test_end_of_the_period_is_said(plant):
    with energyplus_plant(replace(plant, begin=(4, 1), end=(4, 1))) as running:
        for _ in range(24 * STEPS_PER_HOUR):
            running.step({})
        with pytest.raises(RunEnded):
            running.step({})


def test_closure_counts_steps_that_did_not_converge(plant):
    readings = {
        "load_w": np.array([-100.0, -100.0]),
        "free_load_w": np.zeros(2),
        "chw_pump_w": np.zeros(2),
        "free_pump_w": np.zeros(2),
        "chiller_heat_w": np.array([100.0, 110.0]),
        "exchanger_w": np.zeros(2),
    }
    closure = energy_closure(plant, readings, np.ones(2))
    assert closure is not None
    assert closure.percent == pytest.approx(5.0)
    assert closure.share_of_steps_beyond == 0.5
    assert not closure.converged


def test_missing_model_file_is_named(plant, tmp_path):
    with (
        pytest.raises(EnergyPlusError, match=r"absent\.epJSON"),
        energyplus_plant(replace(plant, model=tmp_path / "absent.epJSON")),
    ):
        pass


def test_golden_models_are_plain_json():
    assert json.loads(json.dumps(water_plant("electric", "merkel")))["Zone"]
