"""Interior optima exist where physics has them, and the plot marks them."""

import numpy as np
import pytest

from pipelines.simulation.optima_plot import Sweep, optima, optima_figure
from simulator import default_plant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sweeps() -> list[Sweep]:
    return optima(default_plant())


def test_each_sweep_has_its_optimum_inside_and_both_ends_cost_kilowatts(sweeps: list[Sweep]) -> None:
    for sweep in sweeps:
        assert sweep.best is not None
        above_kw = sweep.facility_kw - sweep.facility_kw[sweep.best]
        assert above_kw[0] > 5
        assert above_kw[-1] > 5


def test_each_optimum_is_a_balance_of_the_parts_that_its_title_names(sweeps: list[Sweep]) -> None:
    condenser, air, chilled = sweeps

    def falls(sweep: Sweep, part: str) -> bool:
        return bool(sweep.parts_kw[part][0] > sweep.parts_kw[part][-1] + 5)

    def rises(sweep: Sweep, part: str) -> bool:
        return bool(sweep.parts_kw[part][-1] > sweep.parts_kw[part][0] + 5)

    assert falls(condenser, "tower fans")
    assert rises(condenser, "chillers")
    assert falls(air, "chillers")
    assert rises(air, "servers")
    assert falls(chilled, "chillers")
    assert rises(chilled, "pumps")


def test_the_figure_marks_every_optimum(sweeps: list[Sweep]) -> None:
    marks = [trace for trace in optima_figure(sweeps).data if trace.mode == "markers+text"]
    np.testing.assert_allclose([mark.x[0] for mark in marks], [s.values[s.best] for s in sweeps])
