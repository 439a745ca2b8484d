from dataclasses import replace

import numpy as np
import pytest

from models.errors import TooFewRowsError
from models.horizon import CANDIDATES, Record, forecast, from_arrays, learn, peak, to_arrays, to_metadata
from models.horizon.features import basis, expected
from models.horizon.series import earlier
from tests.models.horizon.conftest import LEADS, changed, plant

pytestmark = pytest.mark.medium
FROM = 90 * 24


def told(learned, record, rows, leads=LEADS):
    return forecast(learned.served, record, "cooling_kw", rows, leads, fresh_from=FROM)


def errors(learned, record, lead):
    rows = np.arange(FROM, len(record) - 24)
    made = told(learned, record, rows, (lead,))
    measured = earlier(record.readings["cooling_kw"], -lead // 60)[rows]
    return made, measured


def test_nothing_of_the_future_is_used(learned, record):
    rows = np.arange(100 * 24, 100 * 24 + 36)
    draw = np.random.default_rng(1)
    later = {
        name: np.where(np.arange(len(record)) > rows[-1], draw.normal(size=len(record)), values)
        for name, values in record.readings.items()
    }
    before, after = told(learned, record, rows), told(learned, changed(record, **later), rows)
    for name in ("mean", "lower", "upper", "candidates"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_the_present_is_used(learned, record):
    row = np.array([100 * 24])
    shifted = record.readings["cooling_kw"].copy()
    shifted[row] += 50.0
    assert (
        told(learned, changed(record, cooling_kw=shifted), row).mean[0]
        > told(learned, record, row).mean[0] + 5.0
    )


@pytest.mark.parametrize("lead", LEADS)
def test_intervals_cover_what_comes(learned, record, lead):
    made, measured = errors(learned, record, lead)
    covered = (measured >= made.lower[0]) & (measured <= made.upper[0])
    assert 0.84 < covered.mean() < 0.96


@pytest.mark.parametrize("lead", LEADS)
def test_mixture_is_no_worse_than_any_simple_forecast(learned, record, lead):
    made, measured = errors(learned, record, lead)
    simple = np.abs(made.candidates[0, :3] - measured).mean(axis=1).min()
    assert np.abs(made.mean[0] - measured).mean() < 1.02 * simple


def test_where_the_weather_drives_it_far_ahead_is_better_than_persistence(learned, record):
    made, measured = errors(learned, record, 720)
    assert np.abs(made.mean[0] - measured).mean() < 0.5 * np.abs(made.candidates[0, 0] - measured).mean()


def test_a_lead_between_two_lies_between_their_forecasts_of_that_time(learned, record):
    rows = np.arange(FROM, FROM + 240)
    made = told(learned, record, rows, (120,))
    measured = earlier(record.readings["cooling_kw"], -2)[rows]
    near, far = (
        np.abs(errors(learned, record, lead)[0].mean[0][:240] - measured).mean() for lead in (60, 180)
    )
    assert np.abs(made.mean[0] - measured).mean() < min(near, far)


def test_missing_inputs_are_stood_in_for(learned, record):
    rows = np.arange(FROM, FROM + 48)
    dead = changed(record, outdoor_wetbulb_c=np.full(len(record), np.nan))
    made = told(learned, dead, rows)
    assert np.isfinite(made.mean).all()
    assert (made.mean != told(learned, record, rows).mean).any()


def test_a_target_that_is_not_read_is_not_forecast(learned, record):
    gone = record.readings["cooling_kw"].copy()
    gone[FROM : FROM + 5] = np.nan
    made = told(learned, changed(record, cooling_kw=gone), np.array([FROM, FROM + 4, FROM + 5]))
    assert np.isfinite(made.mean).all(axis=0).tolist() == [True, False, True]  # an hour old still is present


def test_holes_cost_few_rows_of_training():
    holed = plant(90)
    draw = np.random.default_rng(3)
    readings = {
        name: np.where(draw.random(len(holed)) < 0.3, np.nan, values)
        for name, values in holed.readings.items()
    }
    model = learn(changed(holed, **readings), LEADS).served
    assert model.mixtures["cooling_kw"].part.learned is not None


def test_two_weeks_are_forecast_by_simple_candidates_alone():
    short = plant(14)
    model = learn(short, LEADS).served
    mixture = model.mixtures["cooling_kw"]
    assert mixture.part.learned is None
    assert not mixture.weights[:, 3:].any()
    made = forecast(model, short, "cooling_kw", np.array([len(short) - 1]), LEADS, fresh_from=len(short))
    assert np.isfinite(made.mean).all()


def test_too_short_a_record_is_refused():
    with pytest.raises(TooFewRowsError, match=r"cooling_kw has 13 readings .* needs 72"):
        learn(plant(1), LEADS)


def test_what_is_stored_forecasts_the_same(learned, record):
    arrays = to_arrays(learned.served)
    assert all(values.dtype != object for values in arrays.values())
    again = from_arrays(arrays, to_metadata(learned.served), version="plant/1")
    rows = np.arange(FROM, FROM + 30)
    made = forecast(again, record, "cooling_kw", rows, LEADS, fresh_from=FROM)
    np.testing.assert_array_equal(made.mean, told(learned, record, rows).mean)
    with pytest.raises(KeyError):
        from_arrays({}, to_metadata(learned.served))


def test_a_record_of_other_readings_is_refused(learned, record):
    other = changed(record, rack_inlet_c=np.zeros(len(record)))
    with pytest.raises(ValueError, match="rack_inlet_c"):
        told(learned, other, np.array([FROM]))


def test_a_mixture_that_fails_gives_way_to_the_best_simple_candidate(learned, record):
    usual = learned.served.mixtures["cooling_kw"]
    still = np.tile(np.eye(len(CANDIDATES))[0], (len(LEADS), 1))
    poor = replace(
        usual, weights=still, fallback=np.ones(len(LEADS), int)
    )  # half a day ahead, persistence is poor
    model = replace(learned.served, mixtures={"cooling_kw": poor})
    rows = np.arange(FROM + 10 * 24, FROM + 11 * 24)
    for fresh_from, served in ((FROM, 1), (int(rows[0]), 0)):  # known to fail; nothing known yet
        made = forecast(model, record, "cooling_kw", rows, (720,), fresh_from=fresh_from)
        np.testing.assert_array_equal(made.mean[0], made.candidates[0, served])


def test_the_site_s_own_forecast_is_used_as_far_as_it_reaches(record):
    foretold = np.full(len(record), 30.0)
    with_own = Record(
        60.0, record.solar_hours, record.readings, record.targets, record.drivers,
        recorded={"outdoor_wetbulb_c": (foretold, 3.0)},
    )  # fmt: skip
    shares = dict.fromkeys(record.drivers, 1.0)
    now = record.readings["outdoor_wetbulb_c"]
    ahead = expected(basis(with_own, "cooling_kw"), 90.0, shares)["outdoor_wetbulb_c"]
    np.testing.assert_allclose(ahead, now + 0.5 * (30.0 - now))
    beyond = expected(basis(with_own, "cooling_kw"), 360.0, shares)["outdoor_wetbulb_c"]
    np.testing.assert_array_equal(
        beyond, expected(basis(record, "cooling_kw"), 360.0, shares)["outdoor_wetbulb_c"]
    )


def test_the_day_s_peak_is_covered_and_not_low_on_average(learned, record):
    mixture = learned.served.mixtures["cooling_kw"]
    rows = np.arange(FROM, len(record) - 25)
    means = told(learned, record, rows).mean
    ahead = np.lib.stride_tricks.sliding_window_view(record.readings["cooling_kw"], 24)
    highest = ahead[rows + 1].max(axis=1)
    said = np.array([peak(means[:, row], LEADS, mixture.peak) for row in range(len(rows))])
    covered = (highest >= said[:, 1]) & (highest <= said[:, 2])
    assert covered.mean() > 0.8
    assert np.abs(np.median(highest - said[:, 0])) < 0.5 * np.median(highest - means.max(axis=0))
