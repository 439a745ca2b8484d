import dataclasses

import numpy as np
import pytest

from models.errors import TooFewRowsError
from models.savings.candidates import regressions
from models.savings.estimate import Servers, estimate
from models.savings.hours import joined
from models.savings.meters import Meters, sum_of_shares
from models.savings.work import relative_rise, response_of
from tests.models.savings.kit import YEAR_H, hours_of

METERS = Meters(power_drift=0.005, load_drift=0.005, air_drift_k=0.1)
PERFECT = Meters(0.0, 0.0, 0.0)


def made(baseline, reporting, meters=METERS, **more):
    return estimate(baseline, reporting, regressions(baseline)[:3], meters=meters, **more)


@pytest.fixture(scope="module")
def baseline():
    return hours_of(0, YEAR_H)


def test_a_saving_that_is_there_is_found_within_its_interval(baseline):
    reporting = hours_of(YEAR_H, 4000, saving=0.15)
    found = made(baseline, reporting).believed.saving
    truth = float(reporting.power_kw.sum() / 0.85 * 0.15)
    assert found.shown
    assert found.low_kwh <= truth <= found.high_kwh
    assert found.kwh == pytest.approx(truth, rel=0.05)


def test_where_nothing_was_saved_nothing_is_shown(baseline):
    found = made(baseline, hours_of(YEAR_H, 4000)).believed.saving
    assert not found.shown
    assert found.half_68_kwh < found.half_90_kwh


def test_more_energy_is_a_negative_saving(baseline):
    found = made(baseline, hours_of(YEAR_H, 4000, saving=-0.1)).believed.saving
    assert found.shown
    assert found.high_kwh < 0.0


def test_a_load_that_grew_is_no_loss(baseline):
    reporting = hours_of(YEAR_H, 4000, load_kw=1080.0, saving=0.15)
    found = made(baseline, reporting)
    covered = found.covered
    truth = float(reporting.power_kw[covered].sum() / 0.85 * 0.15)
    assert found.believed.saving.low_kwh <= truth <= found.believed.saving.high_kwh
    before_less_after = (baseline.power_kw.mean() - reporting.power_kw[covered].mean()) * covered.sum()
    assert abs(found.believed.saving.kwh - truth) < 0.5 * abs(before_less_after - truth)


def test_hours_beyond_the_baseline_are_not_claimed():
    winter, whole = hours_of(0, 2000), hours_of(YEAR_H, YEAR_H)
    found = made(winter, whole)
    warm = whole.wetbulb_c > winter.wetbulb_c.max() + 0.1 * np.ptp(winter.wetbulb_c)
    assert warm.any()
    assert not found.covered[warm].any()
    assert found.outside["wetbulb_c"] >= warm.sum()


def test_drift_of_meters_widens_the_interval_by_how_far_the_periods_lie_apart(baseline):
    near, far = (hours_of(start, 3000, saving=0.1) for start in (YEAR_H, 4 * YEAR_H))
    halves = [made(baseline, each).believed.saving.half_90_kwh for each in (near, far)]
    assert halves[1] > 2.0 * halves[0]
    assert made(baseline, near, PERFECT).believed.saving.half_90_kwh < halves[0]


def test_several_meters_drift_less_than_one():
    assert sum_of_shares(np.array([1.0, 1.0, 1.0, 1.0])) == pytest.approx(0.5)
    assert sum_of_shares(np.array([5.0])) == 1.0


def test_too_little_is_refused(baseline):
    with pytest.raises(TooFewRowsError, match="needs 168"):
        made(hours_of(0, 100), baseline)
    with pytest.raises(TooFewRowsError, match="like those of the baseline"):
        made(hours_of(0, 1500), hours_of(YEAR_H, 1500, load_kw=3000.0))


def test_the_simplest_within_noise_is_believed(baseline):
    found = made(baseline, hours_of(YEAR_H, 3000))
    assert found.believed.name == "change-point wetbulb"  # the plant is one
    assert found.counterfactuals[0].name == found.believed.name


def test_placebo_windows_lie_within_the_chosen_interval_as_often_as_it_says(baseline):
    believed = made(baseline, hours_of(YEAR_H, 3000)).believed
    assert len(believed.placebos) >= 9
    errors = [abs(each.error_kwh) / each.expected_kwh for each in believed.placebos]
    assert max(errors) < 0.01
    assert {each.method for each in believed.methods} == {"fsu", "bootstrap", "conformal"}


def servers_that_warm(baseline, reporting, warmer_k: float, response: float):
    """IT power and inlets when control warms the air, with utilisation that says what was worked."""
    both = joined(baseline, reporting)
    later = np.arange(len(both)) >= len(baseline)
    inlet_c = 21.0 + 0.3 * np.sin(both.hour / 5.0) + warmer_k * later
    rise = response * (relative_rise(inlet_c) - relative_rise(np.full(len(inlet_c), 21.0)))
    utilization = both.load_kw / 2000.0
    load_kw = both.load_kw * (1.0 + rise)
    halves = [each.with_load(part) for each, part in
              ((baseline, load_kw[: len(baseline)]), (reporting, load_kw[len(baseline) :]))]  # fmt: skip
    return halves, Servers(inlet_c, utilization), both.load_kw[len(baseline) :] * rise[len(baseline) :]


def test_what_warm_air_adds_to_servers_is_no_work_and_no_saving(baseline):
    reporting = hours_of(YEAR_H, 4000, saving=0.15)
    (before, after), servers, extra_kw = servers_that_warm(baseline, reporting, 4.0, 1.2)
    found = made(before, after, servers=servers)
    truth = float(reporting.power_kw.sum() / 0.85 * 0.15 - extra_kw.sum())
    assert found.response.from_record
    assert found.believed.saving.low_kwh <= truth <= found.believed.saving.high_kwh
    assert found.believed.at_metered_load.kwh > found.believed.avoided.kwh


def test_without_anything_that_tells_the_response_the_literature_stands(baseline):
    inlet_c = 21.0 + np.arange(len(baseline)) % 7
    alone = response_of(baseline.hour, baseline.load_kw, inlet_c, utilization=None, supply_sp_c=None)
    assert (alone.factor, alone.from_record) == (1.0, False)


def test_setpoints_tell_the_response_where_they_moved(baseline):
    random = np.random.default_rng(3)
    setpoint = np.repeat(random.uniform(19.0, 26.0, len(baseline) // 12 + 1), 12)[: len(baseline)]
    load = baseline.load_kw * (1.0 + 1.5 * relative_rise(setpoint + 1.0))
    found = response_of(baseline.hour, load, setpoint + 1.0, utilization=None, supply_sp_c=setpoint)
    assert found.from_record
    assert found.factor == pytest.approx(1.5, abs=0.4)


def test_servers_of_the_first_hours():
    servers = Servers(np.arange(5.0), None, np.arange(5.0), 0.1)
    assert dataclasses.astuple(servers.first(2))[3] == 0.1
    assert servers.first(2).inlet_c.tolist() == [0.0, 1.0]
