import numpy as np
import pandas as pd
import pytest

from pipelines.learning.cascade.dataset import settled
from pipelines.site.file import Site

HOUR = 4  # rows


@pytest.fixture
def still(site: Site) -> pd.DataFrame:
    """Three hours at the site's default setpoints."""
    index = pd.date_range("2026-01-01", periods=3 * HOUR, freq=site.interval)
    return pd.DataFrame({site.setpoint_name(each): each.default for each in site.setpoints}, index=index)


def test_slow_ramp_within_slew_rates_teaches_like_a_plateau(site, still):
    ramp = still.assign(chw_supply_sp_c=12.0 + 0.5 * np.arange(len(still)))
    assert settled(site, ramp).all()


def test_hour_after_a_switch_teaches_nothing(site, still):
    switched = still.assign(economizer_enable=(np.arange(len(still)) >= HOUR).astype(float))
    followed = settled(site, switched)
    assert not followed[HOUR : 2 * HOUR].any()
    assert followed[:HOUR].all()
    assert followed[2 * HOUR + 1 :].all()


def test_hour_after_a_leap_of_condenser_water_teaches_nothing(site, still):
    leapt = still.assign(cw_supply_sp_c=np.where(np.arange(len(still)) >= HOUR, 12.0, 21.0))
    assert not settled(site, leapt)[HOUR : 2 * HOUR].any()
