"""Page Savings in its states: shown, not shown, refused."""

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.console.savings import keep_savings
from pipelines.savings import measure
from pipelines.savings.measure import savings_report
from tests.dashboards.test_pages import script, shown
from tests.pipelines.savings.kit import baseline, hall, home_of, readings, reporting

pytestmark = pytest.mark.medium


def opened(tmp_path, monkeypatch, **given) -> AppTest:
    """The page of a site whose control saved what `given` says of its readings."""
    monkeypatch.setattr(measure, "_own", lambda *_: [])  # regressions alone: nothing is trained here
    site = hall()
    settings = home_of(tmp_path, site, readings(**given))
    settings.sites.mkdir(exist_ok=True)
    monkeypatch.setenv("COLDAISLE_HOME", str(settings.home))
    keep_savings(site, settings, savings_report(site, settings, baseline(), reporting()))
    monkeypatch.setattr("dashboards.app.read_site", lambda *_: (site, ""))
    page = AppTest.from_function(script, args=("savings", site.name), default_timeout=60).run()
    assert not page.exception
    return page


def test_saving_is_claimed_with_its_interval(tmp_path, monkeypatch):
    page = opened(tmp_path, monkeypatch)
    assert "Saved " in page.success[0].value
    assert page.table[0].value.loc["Energy, at equal work", "saved"].endswith("kWh")
    assert "windows of the baseline lie within" in shown(page)


def test_saving_that_is_not_shown_is_said_and_no_number_claimed(tmp_path, monkeypatch):
    page = opened(tmp_path, monkeypatch, saving=0.0)
    assert "Not shown" in page.warning[0].value
    row = page.table[0].value.loc["Energy, at equal work"]
    assert (row["saved"], "covers zero" in row[""]) == ("not shown", True)
