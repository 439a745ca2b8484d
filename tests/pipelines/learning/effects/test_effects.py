from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import pipelines.learning.effects.effects
from pipelines.cli.effects import show
from pipelines.errors import ModelError
from pipelines.learning.effects.effects import PLANT, effects
from pipelines.learning.effects.meters import REST, meter_rows
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.learning_kit import chiller_readings, chillers, stored, table
from tests.pipelines.telemetry.ingest.kit import point, site_of

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("chillers"), chillers(), chiller_readings())


@pytest.fixture(scope="module")
def report(home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pipelines.learning.effects.effects,
            "CONFIG",
            replace(pipelines.learning.effects.effects.CONFIG, members=5, hidden=(16,)),
        )
        return effects(chillers(), home, inputs=["chw_supply_sp_c", "cw_supply_c"])


def row(report, of, on):
    return next(found for found in report["effects"] if (found["of"], found["on"]) == (of, on))


def test_condenser_water_costs_what_the_plant_was_made_to_cost(report):
    """0.006 kW per kW and K of some 0.21 kW per kW, although condenser water only ever follows the weather."""
    readings = chiller_readings()
    power_kw = readings["CH1"] + readings["CH2"]
    truth = 100.0 * 0.006 * readings["LOAD"].sum() / power_kw.sum()
    found = row(report, "cw_supply_c", "chiller_kw")
    assert found["percent"] == pytest.approx(truth, rel=0.1)
    assert found["low"] < found["percent"] < found["high"]


def test_a_setpoint_is_felt_through_the_temperature_that_it_sets(report):
    found = row(report, "chw_supply_sp_c", PLANT)
    assert found["through"] == "chw_supply_c"
    assert found["percent"] < 0.0


def test_the_page_is_written_and_the_table_says_the_same(report, home, capsys):
    from rich.console import Console

    show(report, Console(width=150))
    assert f"{row(report, 'cw_supply_c', 'chiller_kw')['percent']:+.2f} %" in capsys.readouterr().out
    assert (home.reports / "chillers_effects.html").stat().st_size > 100_000


def test_what_no_meter_answers_to_is_named_with_what_does(home):
    with pytest.raises(
        ModelError, match=r"depends on outdoor_wetbulb_c, .* choose from chw_supply_c, cw_supply_c"
    ):
        effects(chillers(), home, inputs=["outdoor_wetbulb_c"])


def test_a_site_without_setpoints_is_told_to_name_temperatures(home):
    with pytest.raises(ModelError, match="name temperatures with --input"):
        effects(chillers(), home)


def test_a_time_without_telemetry_is_said_to_have_none(home):
    with pytest.raises(ModelError, match=r"too little|no row"):
        effects(chillers(), home, start=pd.Timestamp("2025-06-19", tz="UTC"), inputs=["cw_supply_c"])


def plant_with_towers(**meters):
    site = site_of(
        point("LOAD", "cooling_load_kw"),
        point("CH", "chiller_kw"),
        point("CT", "tower_fan_kw"),
        point("ALL", "cooling_power_kw"),
        point("CHWS", "chw_supply_c"),
        point("CDLO", "cw_supply_c"),
        point("WBT", "outdoor_wetbulb_c"),
        name="towers",
        interval_minutes=30,
        meters={"load": ["cooling_load_kw"], "cooling": ["cooling_power_kw"], "boundary": "plant"} | meters,
    )
    readings = chiller_readings(300)
    fans_kw = 400.0 / (readings["CDLO"] - readings["WBT"])
    chiller_kw = readings["CH1"] + readings["CH2"]
    return site, readings.assign(CH=chiller_kw, CT=fans_kw, ALL=chiller_kw + fans_kw)


def test_each_meter_sees_only_what_its_machine_answers_to():
    site, readings = plant_with_towers()
    found = meter_rows(site, plant_table(site, table(site, readings)))
    assert found.names == ("chiller_kw", "tower_fan_kw")
    hidden = found.rows.hidden
    assert hidden["chiller_kw_per_kw"] == {"outdoor_wetbulb_c"}
    assert hidden["tower_fan_kw_per_kw"] == {"chw_supply_c"}


def test_power_that_no_meter_sees_is_learned_from_everything():
    site, readings = plant_with_towers()
    unmetered = readings.assign(ALL=readings["ALL"] + 60.0 + np.arange(len(readings)) % 7)
    found = meter_rows(site, plant_table(site, table(site, unmetered)))
    assert found.names == ("chiller_kw", "tower_fan_kw", REST)
    assert not found.rows.hidden[f"{REST}_per_kw"]
