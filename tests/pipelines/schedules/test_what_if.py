"""A study shared out over tasks equals the same study at once."""

import pandas as pd
import pytest

from pipelines.errors import ScenarioError
from pipelines.schedules.what_if import CASES_A_CHUNK, combine, plan, simulate_share
from tests.pipelines.schedules.conftest import ENDS

pytestmark = pytest.mark.slow

SWEEP = "chw_supply_c=7:14:0.5,supply_air_c=18:26:0.5"


def test_shares_run_in_any_order_and_twice_make_the_table_of_one(home):
    settings, site = home
    parameters = {"site": site.name, "sweep": SWEEP, "shards": 3}
    shares = plan(parameters, settings, at=ENDS.to_pydatetime())
    assert len(shares) == 2  # 255 cases are two chunks
    done = [simulate_share(share, settings) for share in (shares[1], shares[0], shares[1])]
    assert sum(one["cases"] for one in done[:2]) == 255 > CASES_A_CHUNK
    result = combine(done[:2], settings)
    assert result["cases"] == result["by_shares"] == 255
    shared = pd.read_parquet(result["table"])
    alone = settings.model_copy(update={"home": settings.home / "other"})
    (alone.home).mkdir()
    for name in ("store", "sites"):
        (alone.home / name).symlink_to(settings.home / name, target_is_directory=True)
    once = combine(
        [share | {"cases": 0} for share in plan(parameters | {"shards": 1}, alone, at=ENDS.to_pydatetime())],
        alone,
    )
    pd.testing.assert_frame_equal(shared, pd.read_parquet(once["table"]))
    assert result["best"] == once["best"]
    assert result["page"].endswith("plot.html")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({}, "needs the name of a site"), ({"site": "demo-1", "shards": 0}, "shards must be 1 to 64, found -1")],
)
def test_parameters_that_cannot_be_used_are_refused(home, parameters, said):
    settings, _ = home
    with pytest.raises(ScenarioError, match=said):
        plan(parameters | {"shards": parameters.get("shards", 1) or -1}, settings, at=ENDS.to_pydatetime())
