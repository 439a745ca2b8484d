"""An EnergyPlus model named by a site file: read and written by historian tags."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.errors import PlantError, SiteError
from pipelines.simulation.energyplus import check_setpoints, engine_model, run_held, site_energyplus
from pipelines.site.file import Site, load_site
from tests.energyplus.air_plant import air_plant
from tests.energyplus.blocks import STEPS_PER_HOUR

needs_engine = pytest.mark.skipif(
    find_spec("pyenergyplus") is None, reason="needs EnergyPlus: make test-energyplus installs it"
)
SITE = """
name = "hall"
title = "A hall on one fan coil"
interval_minutes = 15
sources = [{ name = "bms", files = ["bms*.csv"], time_column = "time", time_zone = "UTC" }]
points = [
    { tag = "CHWS_F", source = "bms", quantity = "chw_supply_c", unit = "degF" },
    { tag = "FAN_KW", source = "bms", quantity = "crah_fan_kw", unit = "kW" },
    { tag = "CHWS_SP_C", source = "bms", quantity = "chw_supply_sp_c", unit = "degC" },
    { tag = "LOAD_KW", source = "bms", quantity = "cooling_load_kw", unit = "kW" },
]
setpoints = [{ tag = "CHWS_SP_C", min = 8.0, max = 14.0, slew_per_hour = 2.0, default = 10.0 }]
[location]
latitude = 42.0
longitude = -88.0
[meters]
load = ["cooling_load_kw"]
cooling = ["crah_fan_kw"]
boundary = "hall"
[energyplus]
model = "hall.epJSON"
weather = "usa_il_chicago"
begin = [7, 1]
end = [7, 2]
readings = [
    { tag = "CHWS_F", unit = "degC", variables = [{ name = "System Node Temperature", key = "Chw demand in" }] },
    { tag = "FAN_KW", unit = "W", variables = [{ name = "Fan Electricity Rate", key = "Fan" }] },
    { tag = "LOAD_KW", unit = "W", variables = [{ name = "Cooling Coil Total Cooling Rate", key = "Coil" }] },
]
[[energyplus.setpoints]]
tag = "CHWS_SP_C"
actuators = [{ component = "Schedule:Constant", control = "Schedule Value", key = "ChwSetpoint", moves = "CHWS_F" }]
probe = [8.0, 14.0]
least_move = 4.0
[[energyplus.loads]]
actuators = [{ component = "Schedule:Constant", control = "Schedule Value", key = "HallLoad", moves = "LOAD_KW" }]
probe = [0.3, 0.7]
least_move = 1000.0
"""


def _site(folder: Path, text: str = SITE) -> Site:
    (folder / "hall.epJSON").write_text(json.dumps(air_plant()))
    (folder / "hall.toml").write_text(text)
    return load_site(folder / "hall.toml")


def test_paths_are_relative_to_the_site_file_and_days_count_from_its_begin(tmp_path: Path) -> None:
    config = engine_model(_site(tmp_path), days=3)
    assert config.model == tmp_path / "hall.epJSON"
    assert (config.begin, config.end) == ((7, 1), (7, 3))


def test_a_site_without_a_model_is_told_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"add \[energyplus\]"):
        engine_model(_site(tmp_path, SITE[: SITE.index("[energyplus]")]))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('moves = "CHWS_F"', 'moves = "CHWS_C"', "CHWS_C must be a reading"),
        ('tag = "CHWS_SP_C"\nactuators', 'tag = "CHWS_SP"\nactuators', "CHWS_SP is not a declared point"),
        ("begin = [7, 1]", "begin = 7", "energyplus.begin"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SiteError, match=message):
        _site(tmp_path, SITE.replace(old, new))


@needs_engine
def test_readings_come_under_the_sites_tags_in_its_units(tmp_path: Path) -> None:
    run = run_held(_site(tmp_path), 0.5, {"CHWS_SP_C": 10.0}, days=1)
    assert len(run.telemetry) == 24 * STEPS_PER_HOUR
    assert run.telemetry["CHWS_F"].median() == pytest.approx(50.0, abs=0.5)  # 10 °C
    assert 0.1 < run.telemetry["FAN_KW"].mean() < 100.0
    assert str(run.telemetry.index[0]) == "2025-07-01 00:00:00+00:00"


@needs_engine
def test_each_setpoint_is_proved_to_move_its_reading(tmp_path: Path) -> None:
    assert min(check_setpoints(_site(tmp_path)).values()) > 3.0
    forgotten = SITE.replace('key = "ChwSetpoint"', 'key = "On"')
    with pytest.raises(PlantError, match="CHWS_SP_C"):
        check_setpoints(_site(tmp_path, forgotten))


@needs_engine
def test_a_step_takes_tags_and_refuses_those_that_write_nothing(tmp_path: Path) -> None:
    with site_energyplus(_site(tmp_path), days=1, checked=False) as plant:
        assert plant.step({"CHWS_SP_C": 9.0}, it_utilization=0.4)["hours"] == pytest.approx(0.25)
        with pytest.raises(SiteError, match="FAN_KW"):
            plant.step({"FAN_KW": 1.0})
