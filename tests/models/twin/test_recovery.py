import numpy as np
import pytest

from models.twin import Conditions, Twin, from_document, predict, to_document
from models.twin.descent import residuals
from models.twin.posterior import estimates, posterior_covariance
from models.twin.validate import bounds_of, held_out
from tests.models.twin.kit import DT_S, NAMEPLATE, inputs_of, record_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(case):
    return estimates(
        case.space, case.descent.z, posterior_covariance(case.descent.matrix), case.descent.starts
    )


@pytest.fixture(scope="module")
def twin(case, found):
    residual = residuals(case.descent.objective, case.descent.z)
    bounds = bounds_of(case.descent.objective, residual)
    return Twin(case.space.at(case.descent.z), NAMEPLATE, found, bounds, DT_S, metered_it=True)


def test_parameters_are_recovered_within_their_reported_uncertainty(case, found):
    z = np.array([estimate.z for estimate in found])
    sd = np.array([estimate.spread for estimate in found])
    off = np.abs(z - case.truth) / sd
    assert np.mean(off < 2.0) > 0.85
    assert np.all(off < 5.0), [(e.name, round(o, 1)) for e, o in zip(found, off, strict=True) if o >= 5.0]


def test_what_telemetry_pins_down_ends_near_the_truth_and_not_at_the_nameplate(case, found):
    pinned = np.array([estimate.spread < 0.2 for estimate in found])
    z = np.array([estimate.z for estimate in found])
    assert pinned.sum() > 15
    before, after = np.abs(case.truth[pinned]), np.abs(z - case.truth)[pinned]
    assert np.median(after) < 0.25 * np.median(before)


def test_an_economizer_that_never_ran_is_named_as_not_pinned_down(found):
    by_name = {estimate.name: estimate for estimate in found}
    assert not by_name["economizer.ua_w_k"].pinned
    assert by_name["economizer.ua_w_k"].spread == pytest.approx(1.0, abs=0.02)
    assert by_name["chilled_water.minimum_flow_kg_s"].pinned or by_name["crah.rated_ua_w_k"].pinned


def test_the_twin_predicts_days_it_has_not_seen(case, twin):
    unseen = record_of(case.controlled, inputs_of(hours=84, seed=5))
    sensors = predict(twin, unseen.inputs.setpoints, Conditions(*unseen.inputs[1:]))
    settled = slice(24, None)
    expected_w = np.asarray(sensors.facility_w - sensors.it_w)[settled]
    measured_w, measured_c = (unseen.measured[name][settled] for name in ("overhead_w", "rack_inlet_c"))
    assert np.sqrt(np.nanmean((expected_w - measured_w) ** 2)) < 0.04 * np.nanmean(measured_w)
    assert np.nanmean(np.abs(np.asarray(sensors.rack_inlet_c)[settled] - measured_c)) < 0.2


def test_it_power_of_the_twin_is_the_power_that_drives_it(case, twin):
    sensors = predict(twin, case.record.inputs.setpoints, Conditions(*case.record.inputs[1:]))
    it_w = case.record.inputs.it_w[:, 0]
    assert np.asarray(sensors.it_w)[24:] == pytest.approx(it_w[24:], rel=0.01)


def test_residuals_are_no_larger_than_their_bounds_say(case, twin):
    bounds = twin.bounds["chiller_w"]
    assert bounds.low < 0 < bounds.high
    assert bounds.high - bounds.low < 0.1 * bounds.mean_measured


def test_a_row_left_out_of_the_fit_is_predicted_by_a_fit_without_it(case):
    residual, rows = held_out(case.descent, len(case.record), folds=2)
    known = np.isfinite(rows.predicted["chiller_w"])
    assert set(np.unique(rows.fold[known])) == {0, 1}
    channel = case.descent.objective.channels.index("chiller_w")
    error = case.record.measured["chiller_w"][known] - rows.predicted["chiller_w"][known]
    assert np.sort(error) == pytest.approx(
        np.sort(residual[..., channel][np.isfinite(residual[..., channel])]), abs=1.0
    )
    assert np.sqrt(np.mean(error**2)) < 0.05 * case.record.measured["chiller_w"][known].mean()


def test_a_twin_survives_its_document(twin):
    back = from_document(to_document(twin), version="coldaisle.x.twin/1")
    assert back.version == "coldaisle.x.twin/1"
    assert back.not_pinned == twin.not_pinned
    inputs = inputs_of(hours=84)
    same = (predict(each, inputs.setpoints, Conditions(*inputs[1:])).facility_w for each in (twin, back))
    assert np.asarray(next(same)) == pytest.approx(np.asarray(next(same)), rel=1e-5)


def test_a_document_of_another_simulator_is_refused(twin):
    document = to_document(twin)
    document["leaves"].pop("plant.chillers.rated_cop")
    with pytest.raises(ValueError, match=r"other parameters.*plant\.chillers\.rated_cop"):
        from_document(document)


def test_a_setpoint_that_does_not_exist_is_refused(case, twin):
    with pytest.raises(ValueError, match="no setpoint flux"):
        predict(twin, {"flux": 1.0}, Conditions(*case.record.inputs[1:]))
