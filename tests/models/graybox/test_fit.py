import numpy as np
import pytest

from models.graybox.fit import LEAST_SHARE, MEMBERS, ROWS, Estimate, fit, members_of, padded
from models.graybox.moves import MOST_MOVES, Moves, load_scatter, moves_of
from models.graybox.observed import METERS, WATERS, errors, metering_of, observed
from models.graybox.online import Earlier, after_hour
from models.graybox.parameters import NAMES, values_of
from models.graybox.rows import chosen_rows, taken
from models.graybox.smoothing import running_mean
from tests.models.graybox.plants import (
    ALL,
    REFERENCE_KW,
    at_rest,
    metering,
    random_conditions,
    recorded,
    z_of,
)

TRUE = {"cop": -0.8, "tower_fan": 0.7, "chw_pump": -0.6, "coil_ntu": 0.5, "standing_loss": 0.5}
ONE_METER = ("cooling_power_kw",)


def _error(z, truth, conditions) -> float:
    """Mean absolute error of cooling power, a share of its mean."""
    mine, theirs = (np.asarray(at_rest(each, conditions).parts_kw)[:5].sum(0) for each in (z, truth))
    return float(np.abs(mine - theirs).mean() / theirs.mean())


@pytest.mark.parametrize("cooling", [ALL, ONE_METER, ("cooling_power_kw", "crah_fan_kw")])
def test_a_plant_is_found_whatever_its_metering(cooling):
    truth, metered = z_of(**TRUE), metering(cooling)
    rows = recorded(
        truth, random_conditions(600), metered, (*cooling, "ups_loss_kw", "overhead_kw"), noise=0.01
    )
    found = fit(rows, Moves.none(), metered, REFERENCE_KW)
    unseen = random_conditions(400, seed=9)
    assert _error(found.z, truth, unseen) < 0.25 * _error(z_of(), truth, unseen)
    assert _error(found.z, truth, unseen) < 0.03


def test_what_the_record_does_not_show_stays_at_the_textbook_and_unsure():
    metered = metering(ALL)
    rows = recorded(z_of(**TRUE), random_conditions(600, economizer=0.0), metered, ALL)
    found = fit(rows, Moves.none(), metered, REFERENCE_KW)
    place = NAMES.index("exchanger_ntu")
    assert found.z[place] == pytest.approx(0.0, abs=0.05)
    assert found.covariance[place, place] == pytest.approx(1.0, abs=0.05)
    assert found.covariance[NAMES.index("cop"), NAMES.index("cop")] < 0.5


def test_a_refit_starts_from_the_last_one():
    truth, metered = z_of(**TRUE), metering(ALL)
    rows = recorded(truth, random_conditions(300), metered, ALL)
    first = fit(rows, Moves.none(), metered, REFERENCE_KW)
    again = fit(rows, Moves.none(), metered, REFERENCE_KW, start=first)
    assert again.z == pytest.approx(first.z, abs=0.3)


def test_small_meters_that_read_sharply_are_trusted_more_and_large_ones_are_not():
    truth, metered = z_of(**TRUE), metering(ALL)
    rows = recorded(truth, random_conditions(600), metered, ALL, noise=0.002)
    share = fit(rows, Moves.none(), metered, REFERENCE_KW).share
    by_name = dict(zip((*METERS, *WATERS), share.tolist(), strict=True))
    assert by_name["crah_fan_kw"] == pytest.approx(LEAST_SHARE)
    assert {by_name[name] for name in ("chiller_kw", "ups_loss_kw", *WATERS)} == {1.0}


def test_glitches_do_not_move_the_fit():
    truth, metered = z_of(**TRUE), metering(ALL)
    rows = recorded(truth, random_conditions(600), metered, ALL, noise=0.005)
    rows.meters_kw[0, ::50] *= 20.0
    unseen = random_conditions(400, seed=9)
    assert _error(fit(rows, Moves.none(), metered, REFERENCE_KW).z, truth, unseen) < 0.04


def test_a_site_without_it_meter_has_no_servers_and_no_crah_units():
    metered = metering(("cooling_power_kw",), has_it=False)
    rows = recorded(z_of(), random_conditions(5), metered, ("cooling_power_kw",))
    left = np.asarray(
        errors(values_of(np.zeros(len(NAMES), np.float32)), rows, metered, np.float32(REFERENCE_KW))
    )
    assert np.isfinite(left[METERS.index("cooling_power_kw")]).all()


def test_too_many_rows_are_refused():
    with pytest.raises(ValueError, match="choose rows first"):
        padded(recorded(z_of(), random_conditions(ROWS + 1), metering(), ALL))


def test_a_meter_reads_what_no_other_does():
    assert metering_of(("cooling_power_kw", "crah_fan_kw"), has_it=True, humid=True).reads[
        METERS.index("cooling_power_kw")
    ].tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert metering_of(("cooling_power_kw",), has_it=True, humid=True).reads[
        METERS.index("cooling_power_kw")
    ].tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert metering_of(("chiller_kw",), has_it=True, humid=True).counted.tolist() == [1, 0, 0, 0, 0]


def test_the_inlet_of_several_halls_is_their_mean():
    """The warmest of halls whose setpoints stood apart is no rise of inlets over the mean of their supply air."""
    metered = metering(ALL)
    row = {"load_kw": 600.0, "outdoor_wetbulb_c": 15.0, "supply_air_sp_c": 20.0, "chw_supply_sp_c": 10.0}
    row |= {"rack_inlet_c": 24.0, "rack_inlet_c:hall_a": 20.0, "rack_inlet_c:hall_b": 24.0}
    columns = {name: np.array([value]) for name, value in row.items()}
    assert observed(columns, metered, ALL).waters[WATERS.index("rack_inlet_c")] == pytest.approx([22.0])
    del columns["rack_inlet_c:hall_a"], columns["rack_inlet_c:hall_b"]
    assert observed(columns, metered, ALL).waters[WATERS.index("rack_inlet_c")] == pytest.approx([24.0])


def test_members_spread_as_the_covariance_and_pair_around_the_mean():
    estimate = Estimate(z_of(cop=0.5), np.eye(len(NAMES)) * 0.04)
    members = members_of(estimate)
    assert members.shape == (MEMBERS, len(NAMES))
    assert members.mean(axis=0) == pytest.approx(estimate.z, abs=1e-6)
    assert members[:, NAMES.index("tower_ntu")].std() == pytest.approx(0.2, abs=0.15)


def test_the_hourly_step_follows_a_plant_that_changed():
    changed, metered = z_of(cop=-1.0), metering(ALL)
    estimate = Estimate(z_of(), np.eye(len(NAMES)) * 0.5)
    conditions = random_conditions(60, economizer=0.0)
    rows = recorded(changed, conditions, metered, ALL)
    for hour in range(60):
        estimate = after_hour(estimate, taken(rows, np.array([hour])), metered, REFERENCE_KW)
    unseen = random_conditions(200, seed=5, economizer=0.0)
    assert _error(estimate.z, changed, unseen) < 0.3 * _error(z_of(), changed, unseen)


def test_an_hour_that_reads_nothing_teaches_nothing():
    rows = taken(recorded(z_of(), random_conditions(3), metering(), ()), np.array([0]))
    rows.waters[:] = np.nan
    before = Estimate(z_of(cop=0.3), np.eye(len(NAMES)))
    assert after_hour(before, rows, metering(), REFERENCE_KW) is before


def test_it_power_after_a_move_of_supply_air_tells_of_the_servers():
    steep, metered = z_of(inlet_gain=1.5), metering(ALL)
    cool, warm = (
        random_conditions(1)._replace(
            compute_kw=np.array([600.0]), supply_air_c=np.array([supply_c]), chw_supply_c=np.array([12.0])
        )
        for supply_c in (19.0, 25.0)
    )
    then = float(at_rest(steep, cool).air.it_kw[0])
    now = recorded(steep, warm, metered, ())
    now.waters[:] = np.nan
    earlier = Earlier(then, 19.0 + 1.0, scatter=0.005)
    after = after_hour(Estimate.textbook(), now, metered, REFERENCE_KW, earlier)
    assert after.z[NAMES.index("inlet_gain")] > 0.05


def _year(hours: int = 24 * 7 * 8, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(4)
    time = np.arange(4 * hours) / 4.0
    setpoint_c = 20.0 + 4.0 * (np.repeat(generator.random(len(time) // 60 + 1), 60)[: len(time)] > 0.5)
    load_kw = 600.0 * (1.0 + 0.1 * np.sin(2 * np.pi * time / 24.0)) * (1.0 + gain * (setpoint_c - 20.0))
    return load_kw * (1.0 + 0.002 * generator.standard_normal(len(time))), setpoint_c + 1.0, setpoint_c


def test_moves_of_supply_air_are_found_with_what_it_power_did():
    moves = moves_of(*_year(gain=0.01), steps_per_hour=4)
    there = np.isfinite(moves.change)
    assert 30 <= there.sum() <= MOST_MOVES
    rise_k = moves.after_c[there] - moves.before_c[there]
    assert np.median(moves.change[there] / rise_k) == pytest.approx(0.01, abs=0.003)


def test_few_moves_say_nothing():
    it_kw, inlet_c, setpoint_c = _year()
    assert moves_of(it_kw, inlet_c, np.full_like(setpoint_c, 20.0), steps_per_hour=4).weight == 0.0


def test_the_loads_scatter_leaves_its_week_out():
    it_kw, _, _ = _year()
    assert 0.003 <= load_scatter(it_kw, steps_per_hour=4) < 0.02


def test_rare_setpoints_are_favoured_when_rows_are_chosen():
    conditions = random_conditions(ROWS * 3)._replace(
        supply_air_c=np.where(np.arange(ROWS * 3) % 100 == 0, 25.0, 20.0)
    )
    rows = recorded(z_of(), conditions, metering(), ALL)
    chosen = chosen_rows(rows, np.ones(ROWS * 3, bool))
    assert len(chosen) == ROWS
    assert (rows.supply_air_c[chosen] > 24.0).mean() > 0.012
    assert (np.diff(chosen) > 0).all()


def test_running_means_leave_gaps_out():
    values = np.array([1.0, np.nan, 3.0, 5.0])
    assert running_mean(values, 3).tolist() == [1.0, 2.0, 4.0, 4.0]
