from datetime import UTC, datetime, timedelta

import pytest

from pipelines.control.optimizer import inputs
from pipelines.control.optimizer.inputs import ENTER_K
from pipelines.control.optimizer.optimizer import REST, REST_K, Chooser
from pipelines.learning.cascade.training import learned_beyond_record
from pipelines.site.control_options import ControlOptions
from pipelines.site.file import Tariff
from pipelines.site.setpoints import Settable
from tests.pipelines.control.plants import AT, learned, plant_site, target_of

WARM = {"outdoor_wetbulb_c": 20.0}


@pytest.fixture(scope="module")
def plain():
    return plant_site()


@pytest.fixture(scope="module")
def model(plain):
    return learned(plain)


def with_options(site, **options):
    return site.model_copy(update={"control": ControlOptions(**options)})


def test_overhead_as_objective_gives_away_what_servers_fans_draw_in_warm_halls(plain, model):
    ours, theirs = (
        target_of(with_options(plain, objective=name), model, **WARM)["supply_air_sp_c"]
        for name in ("facility", "overhead")
    )
    assert theirs > ours + 0.5


def test_a_kwh_at_peak_weighs_more_and_at_night_less(plain):
    tariff = Tariff(per_kwh=0.1, peak_per_kwh=0.3, peak_from_hour=8.0, peak_to_hour=20.0)
    site = with_options(plain.model_copy(update={"tariff": tariff}), objective="cost")
    noon, midnight = datetime(2026, 1, 12, 12, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
    assert inputs.weight_of(site, noon) == pytest.approx(3.0 * inputs.weight_of(site, midnight))
    assert inputs.weight_of(site, midnight) < 1.0 < inputs.weight_of(site, noon)
    assert inputs.weight_of(plain, noon) == 1.0


def test_after_a_start_more_is_wanted_in_hand_for_a_while_before_chillers_stop_again(plain, model):
    chooser = Chooser(plain, model, Settable.of(plain))
    assert chooser._to_stop_k(AT) == pytest.approx(ENTER_K)
    for minute, stopped in ((0, 1.0), (15, 0.0)):
        chooser._stands({"chillers_stopped": stopped}, AT + timedelta(minutes=minute))
    start = AT + timedelta(minutes=15)
    assert chooser._to_stop_k(start) == pytest.approx(ENTER_K + REST_K)
    assert chooser._to_stop_k(start + REST / 2) == pytest.approx(ENTER_K + REST_K / 2)
    assert chooser._to_stop_k(start + 2 * REST) == pytest.approx(ENTER_K)


@pytest.mark.parametrize(
    ("untried", "rehearsed_on", "said"),
    [
        ([], None, ""),
        (["chw_supply_sp_c"], "twin/1", "rehearsed on twin/1"),
        (["chw_supply_sp_c"], None, "fit a twin"),
    ],
)
def test_what_the_record_never_tried_is_told_with_a_remedy(untried, rehearsed_on, said):
    told = learned_beyond_record({"untried": untried, "rehearsed_on": rehearsed_on})
    assert said in told
    assert bool(told) == bool(untried)
