"""A small simulated site in its store, and one twin fitted to it through the same call as the command's."""

from dataclasses import replace

import jax
import pandas as pd
import pytest

from models.twin import TwinConfig
from pipelines.config import Settings
from pipelines.learning.twin.training import train_twin
from pipelines.simulation.plant import canonical_telemetry
from pipelines.site.file import Site
from simulator.meters import observe
from tests.models.twin.kit import NOISE, inputs_of, nameplate, sensors_of
from tests.pipelines.learning_kit import setpoint, stored
from tests.pipelines.telemetry.ingest.kit import point, site_of

HOURS = 84
QUICK = TwinConfig(
    starts=1,
    adam_steps=1,
    newton_steps=5,
    thinned=8,
    final_steps=1,
    window_hours=10.0,
    settle_hours=2.0,
    folds=2,
)
TAGS = {
    "IT": "it_power_kw", "UTILITY": "facility_power_kw", "CH": "chiller_kw", "CHWP": "chw_pump_kw",
    "CWP": "cw_pump_kw", "CT": "tower_fan_kw", "CRAH": "crah_fan_kw", "UPS": "ups_loss_kw",
    "SAT": "supply_air_c", "RAT": "return_air_c", "INLET": "rack_inlet_c", "OUTLET": "rack_outlet_c",
    "CHWS": "chw_supply_c", "CHWR": "chw_return_c", "GPM": "chw_flow_kg_s", "CWS": "cw_supply_c",
    "CWR": "cw_return_c", "CWGPM": "cw_flow_kg_s", "RUN": "chiller_on", "OAT": "outdoor_drybulb_c",
    "WBT": "outdoor_wetbulb_c", "SAT.SP": "supply_air_sp_c", "CHWS.SP": "chw_supply_sp_c",
    "CWS.SP": "cw_supply_sp_c",
}  # fmt: skip
FLOW = {"kg_s": {"unit": "kg/s"}}


@pytest.fixture(scope="session")
def small_site() -> Site:
    return site_of(
        *(point(tag, name, **FLOW.get(name[-4:], {})) for tag, name in TAGS.items()),
        name="small",
        interval_minutes=5,
        meters={
            "it": ["it_power_kw"],
            "cooling": ["chiller_kw", "chw_pump_kw", "cw_pump_kw", "tower_fan_kw", "crah_fan_kw"],
            "losses": ["ups_loss_kw"],
            "facility": ["facility_power_kw"],
            "pue_category": 2,
            "boundary": "all of it",
        },
        setpoints=[
            setpoint("SAT.SP", 18.0, 26.0),
            setpoint("CHWS.SP", 7.0, 14.0),
            setpoint("CWS.SP", 18.0, 28.0),
        ],
        twin={"chillers": 2, "tower_cells": 2},
    )


@pytest.fixture(scope="session")
def readings() -> pd.DataFrame:
    """What its historian exports: a nameplate plant that is a little better than its nameplate says."""
    inputs = inputs_of(hours=HOURS)
    base = nameplate()
    chillers = replace(base.plant.chillers, rated_cop=1.1 * base.plant.chillers.rated_cop)
    truth = replace(base, plant=replace(base.plant, chillers=chillers))
    times = pd.date_range("2025-06-01", periods=len(inputs.it_w), freq="5min", name="time")
    table = canonical_telemetry(observe(NOISE, sensors_of(truth, inputs), jax.random.key(0)), times)
    chosen = {f"{name.removesuffix('_c')}_sp_c": values for name, values in inputs.setpoints.items()}
    table = table.assign(**{name: values for name, values in chosen.items() if name in TAGS.values()})
    return table[list(TAGS.values())].set_axis(list(TAGS), axis="columns").clip(lower=0.0)


@pytest.fixture(scope="session")
def home(tmp_path_factory, small_site, readings) -> Settings:
    return stored(tmp_path_factory.mktemp("twin"), small_site, readings)


@pytest.fixture(scope="session")
def report(small_site, home):
    start = pd.Timestamp("2025-06-03", tz="UTC")
    return train_twin(small_site, home, test=(start, None), config=QUICK)
