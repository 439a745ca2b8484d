"""Runs EnergyPlus on the models of this folder and writes tests/golden: `python -m tests.energyplus.make_goldens`."""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.energyplus import Actuator, EnergyPlusModel, EnergyPlusRun, Variable, run_energyplus
from tests.energyplus.air_plant import air_plant
from tests.energyplus.blocks import STEPS_PER_HOUR, Model
from tests.energyplus.water_plant import water_plant

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
HOLD_H = 3  # inputs are held so long, and the last hour kept: EnergyPlus's loops have settled by then
KEEP_EVERY = 7  # of the held spells; the hour of the day moves along with them
SEED = 20251123
Limits = dict[str, tuple[float, float]]
WATER_INPUTS: Limits = {  # schedule: (low, high) that its values are drawn from
    "Load": (-1.1e6, -0.5e5),
    "FreeLoad": (-6e5, -0.5e5),
    "Flow": (0.3, 1.0),
    "ChwSetpoint": (6.0, 18.0),
    "CwSetpoint": (8.0, 30.0),
}
AIR_INPUTS: Limits = {"HallLoad": (0.15, 0.8), "HallSetpoint": (26.0, 34.0), "ChwSetpoint": (8.0, 14.0)}


def node(name: str, quantity: str = "Temperature") -> Variable:
    return Variable(f"System Node {quantity}", name)


WATER_VARIABLES = {
    "wetbulb_c": Variable("Site Outdoor Air Wetbulb Temperature", "Environment"),
    "drybulb_c": Variable("Site Outdoor Air Drybulb Temperature", "Environment"),
    "pressure_pa": Variable("Site Outdoor Air Barometric Pressure", "Environment"),
    "load_w": Variable("Plant Load Profile Heat Transfer Rate", "ChwLoad"),
    "free_load_w": Variable("Plant Load Profile Heat Transfer Rate", "FreeLoad"),
    "chw_setpoint_c": node("Chw supply out", "Setpoint Temperature"),
    "cw_setpoint_c": node("Cw supply out", "Setpoint Temperature"),
    "chw_supply_c": node("Chw supply out"),
    "chw_kg_s": node("Chw pump out", "Mass Flow Rate"),
    "chw_pump_w": Variable("Pump Electricity Rate", "ChwPump"),
    "free_pump_w": Variable("Pump Electricity Rate", "FreePump"),
    "chiller_w": Variable("Chiller Electricity Rate", "Chiller"),
    "chiller_heat_w": Variable("Chiller Evaporator Cooling Rate", "Chiller"),
    "chiller_cw_in_c": node("Cw chiller in"),
    "chiller_cw_kg_s": node("Cw chiller in", "Mass Flow Rate"),
    "exchanger_w": Variable("Fluid Heat Exchanger Heat Transfer Rate", "Exchanger"),
    "exchanger_chw_in_c": node("Free pump out"),
    "exchanger_chw_out_c": node("Free supply out"),
    "exchanger_chw_kg_s": node("Free pump out", "Mass Flow Rate"),
    "exchanger_cw_in_c": node("Cw exchanger in"),
    "exchanger_cw_kg_s": node("Cw exchanger in", "Mass Flow Rate"),
    "tower_fan_w": Variable("Cooling Tower Fan Electricity Rate", "Tower"),
    "tower_heat_w": Variable("Cooling Tower Heat Transfer Rate", "Tower"),
    "tower_in_c": node("Cw pump out"),
    "tower_out_c": node("Cw supply out"),
    "cw_kg_s": node("Cw pump out", "Mass Flow Rate"),
}
AIR_VARIABLES = {
    "fan_w": Variable("Fan Electricity Rate", "Fan"),
    "coil_w": Variable("Cooling Coil Total Cooling Rate", "Coil"),
    "air_in_c": node("Fan out"),
    "air_out_c": node("Coil out"),
    "air_kg_s": node("Fan out", "Mass Flow Rate"),
    "water_in_c": node("Chw demand in"),
    "water_kg_s": node("Chw demand in", "Mass Flow Rate"),
    "humidity_ratio": node("Fan out", "Humidity Ratio"),
    "pressure_pa": Variable("Site Outdoor Air Barometric Pressure", "Environment"),
}
MOIST_AIR_INPUTS: Limits = AIR_INPUTS | {"HallMoisture": (0.02, 1.0)}
MOIST_AIR_VARIABLES = AIR_VARIABLES | {
    "coil_sensible_w": Variable("Cooling Coil Sensible Cooling Rate", "Coil"),
    "humidity_ratio_out": node("Coil out", "Humidity Ratio"),
}
CHECK_ONLY = ("load_w", "free_load_w")  # for the energy balance, not in the tables


def config(model: Model, folder: Path, variables: dict[str, Variable], inputs: Limits) -> EnergyPlusModel:
    """Each input is a schedule; its own value, read back as `asked <name>`, is what must move."""
    path = folder / "model.epJSON"
    path.write_text(json.dumps(model))
    asked = {f"asked {name}": Variable("Schedule Value", name) for name in inputs}
    actuators = {
        name: Actuator(
            "Schedule:Constant", "Schedule Value", name, low, high, f"asked {name}", 0.5 * (high - low)
        )
        for name, (low, high) in inputs.items()
    }
    balanced = "load_w" in variables
    return EnergyPlusModel(
        path,
        "usa_il_chicago",
        variables | asked,
        actuators,
        heat_given=("load_w", "free_load_w", "chw_pump_w", "free_pump_w") if balanced else (),
        heat_removed=("chiller_heat_w", "exchanger_w") if balanced else (),
    )


def held_draws(inputs: Limits) -> Callable[[object], dict[str, float]]:
    """A policy: new values every `HOLD_H` hours, drawn evenly over their range."""
    rng = np.random.default_rng(SEED)
    step = -1

    def policy(_: object) -> dict[str, float]:
        nonlocal step
        step += 1
        if step % (HOLD_H * STEPS_PER_HOUR):
            return {}
        return {name: float(rng.uniform(*limits)) for name, limits in inputs.items()}

    return policy


def hourly(run: EnergyPlusRun) -> pd.DataFrame:
    """Hourly means of the last hour of every `KEEP_EVERY`th spell."""
    table = pd.DataFrame(run.readings)
    hours = table.groupby(np.arange(len(table)) // STEPS_PER_HOUR).mean()
    return hours.iloc[HOLD_H - 1 :: HOLD_H * KEEP_EVERY].reset_index(names="hour_of_year")


def write(name: str, table: pd.DataFrame, version: str) -> None:
    GOLDEN.mkdir(exist_ok=True)
    unwanted = [column for column in table if column in CHECK_ONLY or str(column).startswith("asked ")]
    with (GOLDEN / f"{name}.csv").open("w") as file:
        file.write(f"# EnergyPlus {version}; hourly means, made by tests/energyplus/make_goldens.py\n")
        table.drop(columns=unwanted).map(lambda value: float(f"{value:.6g}")).to_csv(
            file, index=False, lineterminator="\n"
        )


def make(name: str, model: Model, variables: dict[str, Variable], inputs: Limits) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = run_energyplus(config(model, Path(folder), variables, inputs), held_draws(inputs))
    print(name, run.engine_version, run.closure, len(run.hours), "steps", file=sys.stderr)
    write(name, hourly(run), run.engine_version)


def main() -> None:
    make("coil_and_fan", air_plant(), AIR_VARIABLES, AIR_INPUTS)
    make("wet_coil", air_plant(moist=True), MOIST_AIR_VARIABLES, MOIST_AIR_INPUTS)
    for chiller, tower in (("electric", "york"), ("reformulated", "merkel")):
        name = f"{chiller}_chiller_{tower}_tower"
        make(name, water_plant(chiller, tower), WATER_VARIABLES, WATER_INPUTS)


if __name__ == "__main__":
    main()
