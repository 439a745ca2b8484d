from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.graybox.observed import wetbulb_line_c
from pipelines.errors import ModelError
from pipelines.learning.twin.dataset import clock, record_of
from pipelines.learning.twin.scores import quadratic, whole_hours
from tests.pipelines.learning_kit import chiller_readings, chillers, hall, hall_readings, setpoint, table
from tests.pipelines.telemetry.ingest.kit import point, site_of

DRYBULB = site_of(
    point("LOAD", "cooling_load_kw"), point("CH1", "chiller_kw"), point("OAT", "outdoor_drybulb_c"),
    meters={"load": ["cooling_load_kw"], "cooling": ["chiller_kw"], "boundary": "chillers"},
).points[-1]  # fmt: skip


def plant_site(**more):
    return site_of(
        point("LOAD", "cooling_load_kw"),
        point("CH1", "chiller_kw", equipment="ch1"),
        point("CH2", "chiller_kw", equipment="ch2"),
        point("CHWS", "chw_supply_c"),
        point("CDLO", "cw_supply_c"),
        point("WBT", "outdoor_wetbulb_c"),
        name="chillers",
        interval_minutes=30,
        meters={"load": ["cooling_load_kw"], "cooling": ["chiller_kw"], "boundary": "two chillers"},
        **more,
    )


def test_a_hall_gives_it_power_in_watts_setpoints_and_meters():
    site = hall()
    readings = hall_readings(100)
    record = record_of(site, table(site, readings))
    assert record.metered_it
    assert record.dt_s == 1800
    assert record.inputs.it_w[:, 0] == pytest.approx(1e3 * readings["IT"].to_numpy())
    assert set(record.inputs.setpoints) == {"chw_supply_c", "supply_air_c"}
    assert record.measured["rack_inlet_c"] == pytest.approx(readings["INLET.2"].to_numpy(), abs=1.0)
    assert record.measured["ups_loss_w"] == pytest.approx(1e3 * readings["UPS"].to_numpy())


def test_without_an_it_meter_the_thermal_load_drives_the_plant():
    site = chillers()
    readings = chiller_readings(200)
    record = record_of(site, table(site, readings))
    assert not record.metered_it
    assert record.inputs.it_w[:, 0] == pytest.approx(1e3 * readings["LOAD"].to_numpy())
    assert "coil_heat_w" not in record.measured
    assert record.units["chillers"] == 2
    assert set(np.unique(record.running["chillers"])) == {1.0, 2.0}


def test_where_no_setpoint_is_recorded_the_controlled_temperature_stands_for_it():
    measured = [
        setpoint("CHWS", 6.0, 10.0) | {"measured": True},
        setpoint("CDLO", 20.0, 32.0) | {"measured": True},
    ]
    site = plant_site(setpoints=measured)
    readings = chiller_readings(100)
    record = record_of(site, table(site, readings))
    assert record.inputs.setpoints["chw_supply_c"] == pytest.approx(readings["CHWS"].to_numpy())
    assert record.inputs.setpoints["cw_supply_c"] == pytest.approx(readings["CDLO"].to_numpy())


def test_the_clock_has_no_holes_and_a_long_gap_stays_one():
    site = hall()
    telemetry = table(site, hall_readings(100)).drop(index=table(site, hall_readings(100)).index[40:60])
    record = record_of(site, telemetry)
    assert len(record) == 100 == len(clock(site, telemetry))
    assert not record.known[45:60].any()
    assert record.known[:40].all()


def test_a_plant_that_stands_still_is_not_fitted_to():
    site = chillers()
    readings = chiller_readings(200)
    readings.loc[readings.index[50:60], ["LOAD", "CH1", "CH2"]] = 0.0
    record = record_of(site, table(site, readings))
    assert np.isnan(record.measured["chiller_w"][50:60]).all()
    assert (record.inputs.it_w[50:60] == 0.0).all()


def test_a_site_that_never_reads_the_wetbulb_cannot_have_a_twin():
    site = chillers()
    readings = chiller_readings(100).assign(WBT=np.nan)
    with pytest.raises(ModelError, match="needs outdoor_wetbulb_c, which is never read"):
        record_of(site, table(site, readings))


def test_where_only_the_drybulb_is_read_usual_humidity_makes_a_wetbulb_of_it_and_it_is_said():
    site = plant_site()
    site = site.model_copy(update={"points": [*[each for each in site.points if each.tag != "WBT"], DRYBULB]})
    readings = chiller_readings(100).drop(columns="WBT").assign(OAT=25.0)
    given = table(site, readings)
    record = record_of(site, given)
    assert record.inputs.outdoor_wetbulb_c == pytest.approx(wetbulb_line_c(25.0))
    assert record.assumed[0].startswith("wetbulb")
    assert record.inputs.outdoor_drybulb_c == pytest.approx(25.0)


def test_an_empty_stretch_says_so():
    site = chillers()
    with pytest.raises(ModelError, match="no telemetry in that time"):
        record_of(site, table(site, chiller_readings(100)).iloc[:0])


def test_hours_with_a_gap_are_not_judged():
    times = pd.date_range("2025-01-01", periods=8, freq="15min")
    frame = pd.DataFrame({"measured": range(8), "predicted": range(8)}, index=times, dtype=float)
    assert len(whole_hours(frame.drop(index=times[5]), 900.0)) == 1


def test_the_regression_passes_over_a_setpoint_that_never_moved_while_it_was_fitted():
    site = chillers()
    base = record_of(site, table(site, chiller_readings(200)))
    still = replace(base, inputs=base.inputs._replace(setpoints={"chw_supply_c": np.full(200, 7.0)}))
    moved = replace(base, inputs=base.inputs._replace(setpoints={"chw_supply_c": np.linspace(6.0, 9.0, 200)}))
    model = quadratic(still, np.ones(200, bool), still.measured["cooling_w"])
    assert model.predict(moved) == pytest.approx(model.predict(still))
