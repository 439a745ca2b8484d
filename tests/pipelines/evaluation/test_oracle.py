import pytest

from pipelines.evaluation.closed_loop import drive
from pipelines.evaluation.oracle import Oracle
from pipelines.evaluation.outcomes import outcome
from pipelines.evaluation.plants import Simulated
from pipelines.evaluation.references import Defaults

pytestmark = pytest.mark.slow


def test_knowing_the_plant_saves_energy_inside_the_envelope(site, resting):
    driven = Simulated(resting)
    best = outcome(site, drive(driven, site, Oracle(site, driven), hours=12))
    default = outcome(site, drive(Simulated(resting), site, Defaults(site), hours=12))
    assert best["facility_kwh"] < 0.99 * default["facility_kwh"]
    assert best["violation_minutes"] == best["jump_minutes"] == best["clamped"] == 0.0
