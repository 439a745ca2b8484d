import numpy as np
import pandas as pd

from pipelines.simulation.operator_trials import default_schedule, slewed, trial_schedule

TIMES = pd.date_range("2025-09-01", periods=14 * 288, freq="5min", tz="UTC")


def test_default_control_never_moves(site):
    schedule = default_schedule(site, TIMES)
    assert (schedule.nunique() == 1).all()
    assert schedule["chw_supply_sp_c"].iloc[0] == 10.0


def test_trials_stay_inside_limits_and_slew_rates(site):
    schedule = trial_schedule(site, TIMES, seed=3)
    for setpoint in site.setpoints:
        values = schedule[site.by_tag[setpoint.tag].quantity]
        assert values.between(setpoint.min, setpoint.max).all()
        if setpoint.kind == "continuous":
            assert values.diff().abs().max() <= setpoint.slew_per_hour / 12 + 1e-9


def test_operators_try_every_setpoint_and_spend_a_good_part_at_default(site):
    schedule = trial_schedule(site, TIMES, seed=3)
    default = default_schedule(site, TIMES)
    away = (schedule - default).abs() > 1e-9
    assert away.any().all()
    assert 0.1 < 1 - away.any(axis=1).mean() < 0.9


def test_the_same_seed_gives_the_same_trials(site):
    pd.testing.assert_frame_equal(trial_schedule(site, TIMES, seed=5), trial_schedule(site, TIMES, seed=5))
    assert not trial_schedule(site, TIMES, seed=5).equals(trial_schedule(site, TIMES, seed=6))


def test_an_on_off_setpoint_jumps_where_a_temperature_slews(site):
    goals = default_schedule(site, TIMES[:13]).iloc[:13].copy()
    goals.iloc[1:, goals.columns.get_loc("economizer_enable")] = 1.0
    goals.iloc[1:, goals.columns.get_loc("chw_supply_sp_c")] = 14.0
    followed = slewed(site, goals, step_hours=1 / 12)
    assert followed["economizer_enable"].iloc[1] == 1.0
    np.testing.assert_allclose(followed["chw_supply_sp_c"].iloc[12], 12.0)  # 2 K/h for an hour
