import numpy as np
import pandas as pd
import pytest

from pipelines.simulation.closed_loop import drive, outcome, saving
from pipelines.simulation.trials import default_schedule

DEFAULT = {"supply_air_sp_c": 20.0, "chw_supply_sp_c": 10.0, "cw_supply_sp_c": 24.0, "economizer_enable": 0.0}
COLDER = DEFAULT | {"chw_supply_sp_c": 7.0}


@pytest.fixture(scope="module")
def warm(site, plant):
    """The plant after a day, and its telemetry."""
    return plant.run(default_schedule(site, plant.times(288)))


def driven(site, warm, goals, hours=48):
    plant, history = warm
    return drive(
        plant, site, lambda _table, _at: goals, start_setpoints=DEFAULT, history=history, hours=hours
    )


def test_a_control_sees_the_past_only(site, warm):
    plant, history = warm
    seen = []

    def control(table, at):
        seen.append((table.index[-1] + site.interval, at))
        return {}

    drive(plant, site, control, start_setpoints=DEFAULT, history=history, hours=3)
    assert len(seen) == 3
    assert all(last <= at for last, at in seen)


def test_goals_are_followed_at_the_slew_rate(site, warm):
    telemetry = driven(site, warm, DEFAULT | {"chw_supply_sp_c": 14.0}, hours=3)
    assert telemetry["chw_supply_sp_c"].iloc[11] == pytest.approx(12.0)
    assert telemetry["chw_supply_sp_c"].iloc[-1] == pytest.approx(14.0)


def test_colder_chilled_water_is_no_saving(site, warm):
    saved = saving(site, driven(site, warm, DEFAULT), driven(site, warm, COLDER))
    assert saved.cooling_kwh < 0
    assert not saved.proven


def test_a_control_against_itself_saves_nothing_and_claims_nothing(site, warm):
    one = driven(site, warm, DEFAULT)
    saved = saving(site, one, one)
    assert saved.facility_kwh == 0.0
    assert not saved.proven


def test_two_unlike_days_prove_less_than_two_like_days(site, warm):
    one, other = driven(site, warm, DEFAULT), driven(site, warm, DEFAULT)
    power = other["facility_power_kw"].to_numpy(copy=True)
    day = np.asarray(other.index.normalize() == other.index[0].normalize())
    even = other.assign(facility_power_kw=power - 10.0)
    uneven = other.assign(facility_power_kw=power - np.where(day, 20.0, 0.0))
    assert saving(site, one, even).proven
    assert not saving(site, one, uneven).proven


def test_minutes_outside_the_envelope_are_counted(site, warm):
    telemetry = driven(site, warm, DEFAULT, hours=2)
    hot = telemetry.assign(rack_inlet_c=pd.Series([28.0] * 3 + [22.0] * 21, index=telemetry.index))
    assert outcome(site, hot)["violation_minutes"] == 15.0
    assert outcome(site, telemetry)["pue"] > 1.0
