from datetime import UTC, datetime, timedelta

import jax.numpy as jnp
import numpy as np
import pytest

from pipelines.control.optimizer.peak import UNHURRIED, Peak, unhurried
from pipelines.control.sensing.history import History
from pipelines.site.tariff import Tariff, demand_hours

AT = datetime(2026, 1, 31, 22, tzinfo=UTC)


def read(kw: float, at: datetime) -> History:
    return History().with_reading(at, {"facility_kw": kw})


def test_the_month_s_highest_hour_stays_and_a_new_month_begins_anew():
    peak = Peak().after(read(900.0, AT), AT)
    later = peak.after(read(850.0, AT + timedelta(hours=1)), AT + timedelta(hours=1))
    assert later == Peak("2026-01", 900.0)
    assert later.after(read(850.0, AT + timedelta(hours=3)), AT + timedelta(hours=3)) == Peak(
        "2026-02", 850.0
    )


def test_what_is_not_read_changes_nothing():
    assert Peak("2026-01", 900.0).after(History(), AT) == Peak("2026-01", 900.0)


def test_a_demand_charge_counts_as_hours_of_energy():
    assert demand_hours(None) == 0.0
    assert demand_hours(Tariff(per_kwh=0.1)) == 0.0
    assert demand_hours(Tariff(per_kwh=0.1, demand_per_kw=12.0)) == pytest.approx(120.0)


def test_power_beyond_the_month_s_peak_is_priced(monkeypatch):
    from types import SimpleNamespace

    from models.cascade import objective
    from models.cascade.objective import Objective

    zero = jnp.zeros(2)
    outcome = SimpleNamespace(
        facility_kw=jnp.array([[100.0, 110.0]]), it_kw=zero, mode=zero, outside=zero, unreachable_k=zero,
        rack_inlet_c=zero + 22.0, coldest_inlet_c=zero + 22.0, dew_point_c=zero,
    )  # fmt: skip
    monkeypatch.setattr(objective, "outcome", lambda *_: outcome)
    cascade = SimpleNamespace(counts_it=True, physics=None, usual_kw=50.0)
    aim = Objective(18.0, 27.0, peak_kw=105.0, demand_hours=100.0, caution=0.0)
    kw, _ = objective.price(cascade, (), aim, {"load_kw": 80.0, "chillers_stopped": 0.0}, jnp.zeros((2, 0)))
    assert np.asarray(kw) == pytest.approx([100.0, 110.0 + 5.0 * 100.0])


def test_rooms_and_water_are_moved_at_a_share_of_their_slew_rates_and_towers_at_all_of_it():
    names = ("supply_air_sp_c:hall_a", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
    present, most = np.array([24.0, 15.0, 20.0, 1.0]), np.array([0.5, 0.5, 1.0, 1.0])
    low, high = np.array([20.0, 10.0, 15.0, 0.0]), np.array([25.0, 18.0, 25.0, 1.0])
    down = [24.0 - 0.5 * UNHURRIED, 15.0 - 0.5 * UNHURRIED, 15.0, 0.0]
    assert unhurried(names, present, low, most) == pytest.approx(down)
    up = [24.0 + 0.5 * UNHURRIED, 15.0 + 0.5 * UNHURRIED, 25.0, 1.0]
    assert unhurried(names, present, high, most) == pytest.approx(up)
