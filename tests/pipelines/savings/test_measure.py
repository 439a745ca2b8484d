"""Reports of a small site: claims, refusals and what is told beside them."""

import json

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import SavingsError
from pipelines.savings import measure
from pipelines.savings.adjustments import Adjustment
from pipelines.savings.document import write_page, write_pdf
from pipelines.savings.eu_report import eu_rows, write_eu
from pipelines.savings.measure import savings_report
from pipelines.savings.periods import period_of
from pipelines.savings.record import read_record
from pipelines.savings.schema import SavingsReport
from pipelines.telemetry.store import Store
from tests.pipelines.savings.kit import ZONE, baseline, hall, home_of, readings, reporting
from tests.places import PROJECT

pytestmark = pytest.mark.medium
TARIFF = {"currency": "EUR", "per_kwh": 0.2, "peak_per_kwh": 0.3, "demand_per_kw": 10.0, "time_zone": ZONE}
CARBON = {"average_kg_per_kwh": 0.3}


@pytest.fixture(autouse=True)
def regressions_alone(monkeypatch):
    """The networks are tried in `test_own_models`; here they would only take time."""
    monkeypatch.setattr(measure, "_own", lambda *_: [])


@pytest.fixture(scope="module")
def site():
    return hall(tariff=TARIFF, carbon=CARBON)


@pytest.fixture(scope="module")
def home(site, tmp_path_factory):
    return home_of(tmp_path_factory.mktemp("savings"), site, readings())


@pytest.fixture(scope="module")
def report(site, home):
    patched = pytest.MonkeyPatch()
    patched.setattr(measure, "_own", lambda *_: [])
    try:
        return savings_report(site, home, baseline(), reporting())
    finally:
        patched.undo()


def reported(tmp_path, table, site=None, **given) -> SavingsReport:
    site = site or hall(tariff=TARIFF, carbon=CARBON)
    return savings_report(site, home_of(tmp_path, site, table), baseline(), reporting(), **given)


def truth_kwh(report: SavingsReport) -> float:
    return report.measured_kwh / 0.8 * 0.2


def test_a_saving_is_claimed_with_an_interval_that_holds_it(report):
    assert not report.refused
    assert report.saving.shown
    assert report.saving.low_90 <= truth_kwh(report) <= report.saving.high_90
    assert report.saving.low_90 < report.saving.low_68 < report.saving.value
    assert report.percent_of_target == pytest.approx(20.0, abs=1.0)
    assert report.claim.startswith("Saved ")
    assert report.boundary.startswith("cooling meters")


def test_what_it_is_worth_follows_from_tariff_and_grid(report):
    mean_price = report.energy_cost.value / report.saving.value
    assert 0.2 < mean_price < 0.3
    assert report.energy_cost.unit == "EUR"
    assert report.carbon_average.value == pytest.approx(0.3 * report.saving.value, rel=1e-6)
    assert report.carbon_marginal.value is None
    assert "marginal" in report.carbon_marginal.why_not
    assert "not metered" in report.water.why_not
    assert report.demand_cost.value > 0.0  # three whole months


def test_placebo_and_all_counterfactuals_are_part_of_the_report(report):
    assert len(report.placebos) >= 9
    assert np.mean([each.inside for each in report.placebos]) > 0.7
    assert sum(each.chosen for each in report.models) == 1
    assert len(report.models) == 6
    assert all(each.fsu_90 > each.fsu_68 for each in report.models)


def test_indicators_carry_category_boundary_and_reasons(report):
    pue, wue, cue, erf, ref = report.indicators
    assert pue.name == "PUE2"
    assert 1.0 < pue.value < 1.5
    assert "interim" in pue.note
    assert "the hall" in pue.note
    assert cue.value == pytest.approx(0.3 * pue.value, rel=0.01)
    assert [each.why_not for each in (wue, erf, ref)] == [
        "make-up water is not metered", "reused heat is not metered", "renewable power is not metered",
    ]  # fmt: skip


def test_nothing_saved_is_not_shown_and_said_so(tmp_path):
    made = reported(tmp_path, readings(0.0))
    assert not made.saving.shown
    assert made.claim.startswith("Not shown: the 90 % interval")
    assert made.energy_cost.why_not == "the 90 % interval covers zero"


def test_more_energy_than_before_is_told_as_such(tmp_path):
    made = reported(tmp_path, readings(-0.1))
    assert made.saving.value < 0.0
    assert made.claim.startswith("More energy than before: ")


def test_overlapping_periods_are_refused(site, home):
    with pytest.raises(SavingsError, match="must not overlap; end the baseline before 2025-07-15"):
        savings_report(site, home, baseline(), reporting("2025-07-15..2025-11-28"))


def test_a_short_baseline_is_refused_with_what_is_missing(site, home):
    made = savings_report(site, home, period_of("2025-07-10..2025-07-31", ZONE, "baseline"), reporting())
    assert made.refused
    assert made.saving.value is None
    short = next(each for each in made.findings if each.what == "the baseline is too short")
    assert short.seen == "22 of 28 days with power, load and weather"
    assert short.remedy == "enough after 6 more days under the default control"
    assert made.claim.startswith("Nothing is claimed: ")


def test_weather_beyond_the_baseline_is_told_with_the_days_that_are_missing(site, home):
    winter = period_of("2025-01-02..2025-04-10", ZONE, "baseline")
    made = savings_report(site, home, winter, reporting())
    assert made.covered_hours < made.reporting.known_hours
    unlike = next(each for each in made.findings if "not like the baseline" in each.what)
    assert "of 30 days at above" in unlike.seen
    assert "wetbulb in the baseline (such days come in" in unlike.seen


def test_missing_weather_is_refused(tmp_path):
    with pytest.raises(SavingsError, match="no outdoor temperature"):
        reported(tmp_path, readings().assign(OAT=np.nan, WB=np.nan))


def test_a_period_without_telemetry_is_told_what_there_is(site, home):
    with pytest.raises(SavingsError, match=r"2024-01-01 to 2024-03-31 has no reading of .* from 2025-01-01"):
        savings_report(site, home, period_of("2024-01-01..2024-03-31", ZONE, "baseline"), reporting())


def test_a_meter_whose_unit_changed_halfway_is_refused(tmp_path):
    table = readings()
    late = table.index >= "2025-09-15"
    table.loc[late, "COOLING"] *= 1000.0
    made = reported(tmp_path, table, hall(tariff=TARIFF))
    assert made.refused
    assert any("unit of cooling_power_kw changes halfway" in each.what for each in made.findings)


def test_a_replaced_facility_meter_is_refused_until_it_is_told(tmp_path):
    table = readings()
    since = pd.Timestamp("2025-05-01")
    table.loc[table.index >= since, "FACILITY"] *= 1.05
    site = hall()
    home = home_of(tmp_path, site, table)
    made = savings_report(site, home, baseline(), reporting())
    assert made.refused
    assert any("facility_kw is no longer what it was" in each.what for each in made.findings)
    told = event("2025-04-30", "2025-05-01", kind="changed meter")
    again = savings_report(site, home, baseline(), reporting(), adjustments=[told])
    assert not again.refused
    assert [each.why for each in again.adjustments] == ["told by the plant"]


def test_a_clock_that_was_changed_is_flagged(tmp_path):
    table = readings()
    late = table.index >= "2025-08-01"
    table.loc[late, "IT"] = np.roll(table.loc[late, "IT"].to_numpy(), 6)
    made = reported(tmp_path, table)
    clock = next(each for each in made.findings if each.what == "the clock seems to have changed")
    assert "6 h later" in clock.seen


def test_gaps_are_flagged_with_what_is_missing(tmp_path):
    table = readings()
    table.loc["2025-09-01":"2025-09-25", "COOLING"] = np.nan
    made = reported(tmp_path, table)
    gaps = next(each for each in made.findings if each.what == "the reporting period has gaps")
    assert gaps.severity == "flagged"
    assert "power 79%" in gaps.seen


def event(start: str, end: str | None, **more) -> Adjustment:
    given = {"kind": "failed equipment", "treatment": "exclude", "kw": 0.0, "by": "Ana", "why": "told by the plant",
             "number": 3, "start": pd.Timestamp(start, tz="UTC")} | more  # fmt: skip
    return Adjustment(end=None if end is None else pd.Timestamp(end, tz="UTC"), **given)


def test_an_excluded_event_leaves_its_hours_out_and_an_added_load_is_taken_off(tmp_path):
    table = readings()
    table.loc["2025-09-01":"2025-09-10", ["COOLING", "FACILITY"]] += 80.0
    site = hall()
    home = home_of(tmp_path, site, table)
    period = ("2025-09-01", "2025-09-11")
    untold = savings_report(site, home, baseline(), reporting())
    left_out = savings_report(site, home, baseline(), reporting(), adjustments=[event(*period)])
    added = savings_report(
        site, home, baseline(), reporting(), adjustments=[event(*period, treatment="add", kw=80.0)]
    )
    assert left_out.covered_hours == untold.covered_hours - 240
    assert untold.saving.value < added.saving.value - 15_000
    assert added.saving.low_90 <= truth_kwh(added) <= added.saving.high_90
    assert left_out.adjustments[0].reporting_hours == 240


def test_a_tariff_with_a_gap_leaves_cost_unknown_and_says_when(tmp_path):
    rates = [{"per_kwh": 0.2, "valid_to": "2025-10-01"}]
    made = reported(tmp_path, readings(), hall(tariff={"rates": rates, "time_zone": ZONE}))
    assert made.energy_cost.value is None
    assert "no price from 2025-09-30 22:00" in made.energy_cost.why_not
    assert made.saving.shown


def test_make_up_water_has_its_own_baseline(tmp_path):
    site = hall()
    points = [
        *site.model_dump(exclude_none=True)["points"],
        {"tag": "WATER", "source": "historian", "quantity": "makeup_water_kg_s", "unit": "m3/h"},
    ]
    site = site.model_validate(site.model_dump(exclude={"points"}, exclude_none=True) | {"points": points})
    table = readings()
    made = reported(tmp_path, table.assign(WATER=table["COOLING"] / 100.0), site)
    used_m3 = table.loc["2025-08-02":"2025-11-28", "COOLING"].sum() / 100.0
    assert made.water.unit == "m3"
    assert made.water.value == pytest.approx(0.25 * used_m3, rel=0.1)


def test_page_and_pdf_are_written_whole(report, tmp_path):
    hostile = report.model_copy(update={"title": 'A <script>alert("x")</script> #hall_1 [$5] @home'})
    page = write_page(hostile, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert report.claim in page
    assert page.count("<svg") == 2
    pdf = write_pdf(hostile, tmp_path / "r.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 20_000


def test_the_json_document_follows_the_schema_of_the_repository(report):
    schema = json.loads((PROJECT / "docs" / "savings.schema.json").read_text(encoding="utf-8"))
    assert schema == SavingsReport.model_json_schema()
    assert SavingsReport.model_validate_json(report.model_dump_json()) == report


def test_what_the_eu_asks_for_is_exported_as_far_as_it_is_known(site, home, tmp_path):
    record = read_record(site, Store(home.store, site), reporting())
    rows = eu_rows(site, record).set_index("code")
    assert rows.loc["E_DC", "value"] == pytest.approx(record.plant["facility_kw"].sum(), rel=0.01)
    assert rows.loc["PUE", "value"] == pytest.approx(rows.loc["E_DC", "value"] / rows.loc["E_IT", "value"])
    assert rows.loc["PUE", "source"] == "metered, 119 days: not a year"
    assert rows.loc["T_IN", "value"] == pytest.approx(20.0)
    assert rows.loc["S_DC", "source"] == "not declared in [reporting]"
    assert rows.loc["W_IN", "source"] == "not metered"
    write_eu(site, record, tmp_path / "eu.csv")
    assert "E_RES-TOT" in (tmp_path / "eu.csv").read_text(encoding="utf-8")
