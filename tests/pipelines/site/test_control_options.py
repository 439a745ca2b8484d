from datetime import UTC, datetime

import pytest

from pipelines.control.setup import optimizer_of
from pipelines.learning.cascade.training import learned_beyond_record
from pipelines.site.control_options import ControlOptions
from pipelines.site.file import Tariff
from pipelines.site.setpoints import Settable
from tests.pipelines.control.plants import COLD, learned, plant_site, target_of

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def plain():
    return plant_site()


@pytest.fixture(scope="module")
def model(plain):
    return learned(plain)


def with_options(site, **options):
    return site.model_copy(update={"control": ControlOptions(**options)})


def test_overhead_as_objective_gives_away_what_servers_fans_draw_in_warm_halls(plain, model):
    # Free cooling: chilled water warmer still gains nothing, while servers' fans lose.
    ours, theirs = (
        target_of(with_options(plain, objective=name), model, **COLD)["supply_air_sp_c"]
        for name in ("facility", "overhead")
    )
    assert theirs > ours + 0.5


def test_a_kwh_at_peak_weighs_more_and_at_night_less(plain, model):
    tariff = Tariff(per_kwh=0.1, peak_per_kwh=0.3, peak_from_hour=8.0, peak_to_hour=20.0)
    site = with_options(plain.model_copy(update={"tariff": tariff}), objective="cost")
    weight_of, always_one = (
        optimizer_of(each, Settable.of(each), model, None).weight_of for each in (site, plain)
    )
    noon, midnight = datetime(2026, 1, 12, 12, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
    assert weight_of(noon) == pytest.approx(3.0 * weight_of(midnight))
    assert weight_of(midnight) < 1.0 < weight_of(noon)
    assert always_one(noon) == 1.0


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
