from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.cascade.objective import Objective
from models.setpoints import Bounds
from pipelines.control.optimizer.exploration import Exploration
from pipelines.control.optimizer.physical_target import CURIOSITY, GAIN, aimed, is_due, unseen
from tests.pipelines.control.optimizer.plants import AT, graybox

BOUNDS = Bounds(
    ("chw_supply_sp_c", "economizer_enable"),
    *(np.array(each) for each in ([6.0, 0.0], [18.0, 1.0], [8.0, 0.0], [2.0, 1.0], [False, True])),
)
AIM = Objective(18.5, 26.5, caution=0.0)


@dataclass
class Landscape:
    """Prices of chilled water with the economizer off and on, and the doubt about what each saves."""

    off: tuple[float, float]
    on: tuple[float, float]
    kept: float = 100.0

    def best(self, aim: Objective, drivers: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        found = np.array([[12.0, 0.0], [12.0, 1.0]])
        return found, self.priced(aim, drivers, found)[0]

    def priced(self, aim, drivers, values):
        rows = [self.on if on > 0.5 else self.off if chw > 11.0 else (self.kept, 0.0) for chw, on in values]
        prices = np.array([mean + float(aim.caution) * doubt for mean, doubt in rows])
        members = np.ones((2, len(values)))
        return prices, SimpleNamespace(chillers_run=np.ones(len(values)), facility_kw=members)


def _aimed(landscape: Landscape, *, budget_kwh: float = 0.0, spent_kwh: float = 0.0):
    return aimed(
        landscape,
        kept=np.array([8.0, 0.0]),
        bounds=BOUNDS,
        drivers={},
        aim=AIM,
        reference_kw=1000.0,
        exploration=Exploration(spent_kwh, AT),
        budget_kwh=budget_kwh,
    )


def test_a_small_gain_moves_nothing():
    assert _aimed(Landscape(off=(100.0 - 0.9 * GAIN * 1000.0, 0.0), on=(200.0, 0.0))).target is None


def test_a_clear_gain_moves_the_target():
    found = _aimed(Landscape(off=(90.0, 0.0), on=(200.0, 0.0)))
    assert found.target.tolist() == [12.0, 0.0]
    assert found.gain_kw == pytest.approx(10.0)


def test_a_switch_has_to_gain_more():
    assert _aimed(Landscape(off=(200.0, 0.0), on=(96.0, 0.0))).target is None
    assert _aimed(Landscape(off=(200.0, 0.0), on=(90.0, 0.0))).target.tolist() == [12.0, 1.0]


def test_doubt_counts_as_saving_within_the_budget_only():
    doubtful = Landscape(off=(200.0, 0.0), on=(102.0, 12.0 / CURIOSITY))
    assert _aimed(doubtful).target is None
    tried = _aimed(doubtful, budget_kwh=10.0)
    assert tried.target.tolist() == [12.0, 1.0]
    assert tried.exploration.spent_kwh == pytest.approx(2.0)  # what it is expected to cost, for an hour
    assert _aimed(doubtful, budget_kwh=10.0, spent_kwh=10.0).target is None


def test_the_budget_is_a_days():
    spent = Exploration(9.0, AT)
    assert spent.of_day(AT + timedelta(hours=23)) == spent
    assert spent.of_day(AT + timedelta(hours=24)).spent_kwh == 0.0
    assert spent.of_day(AT - timedelta(hours=1)).spent_kwh == 0.0  # a clock that was set back


def test_a_target_is_looked_for_once_an_hour():
    assert is_due(None, AT)
    assert not is_due(AT, AT + timedelta(minutes=45))
    assert is_due(AT, AT + timedelta(hours=1))
    assert is_due(AT, AT - timedelta(minutes=5))


def test_a_person_is_asked_every_third_hour_at_most():
    assert not is_due(AT, AT + timedelta(hours=2), advises=True)
    assert is_due(AT, AT + timedelta(hours=3), advises=True)


def test_weather_and_loads_that_the_record_never_had_are_named():
    drivers = {"load_kw": 600.0, "outdoor_wetbulb_c": 15.0}
    assert unseen(graybox(), drivers) == ()
    assert unseen(graybox(), drivers | {"outdoor_wetbulb_c": 25.5}) == ()  # sensors scatter
    assert unseen(graybox(), drivers | {"outdoor_wetbulb_c": 28.0}) == (
        "wetbulb of 28.0 °C, recorded -10.0 to 25.0 °C",
    )
    assert unseen(graybox(), drivers | {"load_kw": 900.0}) == ("load of 900 kW, recorded 300 to 800 kW",)


def test_a_cheaper_choice_costs_the_budget_nothing():
    assert replace(Exploration(), spent_kwh=1.0).with_cost(-5.0).spent_kwh == 1.0
