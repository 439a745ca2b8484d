import numpy as np
import pytest

from models.errors import TooFewRowsError
from models.twin.record import cut_windows
from tests.models.twin.records import ROWS, record, with_inputs

CHANNELS = ("chiller_w", "chw_supply_c")


def test_windows_follow_one_another_and_their_spin_up_is_not_scored():
    windows, first = cut_windows(record(), CHANNELS, hours=24.0, settle_hours=3.0)
    assert list(first) == [12, 108, 204, 300]
    assert windows.weight.shape == (4, 108, 2)
    assert windows.weight[:, :12].sum() == 0
    assert windows.weight[:, 12:].min() == 1
    assert windows.measured[1, 12, 0] == pytest.approx(record().measured["chiller_w"][108], rel=1e-6)


def test_a_gap_in_the_weather_is_passed_over_and_what_follows_is_not_scored():
    wetbulb_c = np.full(ROWS, 18.0)
    wetbulb_c[150:160] = np.nan
    windows, _ = cut_windows(with_inputs(record(), outdoor_wetbulb_c=wetbulb_c), CHANNELS, hours=24.0)
    assert np.isfinite(windows.inputs.outdoor_wetbulb_c).all()
    scored = windows.weight[1, 12:, 0]
    assert scored[: 150 - 108].min() == 1
    assert scored[150 - 108 : 160 - 108 + 11].max() == 0
    assert scored[160 - 108 + 12 :].min() == 1


def test_a_missing_reading_has_no_weight():
    base = record()
    base.measured["chiller_w"][50] = np.nan
    windows, _ = cut_windows(base, CHANNELS, hours=24.0)
    assert windows.weight[0, 50, 0] == 0
    assert windows.weight[0, 50, 1] == 1


def test_a_record_without_inputs_is_too_little():
    with pytest.raises(TooFewRowsError, match="0 of 400 rows have every input"):
        cut_windows(with_inputs(record(), outdoor_wetbulb_c=np.full(ROWS, np.nan)), CHANNELS)
