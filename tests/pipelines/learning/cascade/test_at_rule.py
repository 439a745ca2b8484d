"""Errors at the site's own rule, on weeks that the model has not seen: what the guard starts from."""

import numpy as np
import pytest

from pipelines.learning.cascade import at_rule
from pipelines.learning.cascade.dataset import held_out_weeks
from pipelines.learning.cascade.training import learn_site
from pipelines.site.rule import rule_of_record
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.control.plants import plant_site, table_of

pytestmark = pytest.mark.medium


def test_errors_are_of_rows_at_the_rule_that_were_left_out(monkeypatch):
    site = plant_site()
    plant = plant_table(site, table_of(site))
    judged = held_out_weeks(plant)
    blind = learn_site(site, plant[~judged]).cascade
    # The record is all trials: here the rule is whatever operators did.
    names = [site.setpoint_name(each) for each in site.setpoints]
    monkeypatch.setattr(
        at_rule, "rule_of_record", lambda _site, columns: {name: columns[name] for name in names}
    )
    found = at_rule.errors_at_rule(site, blind, plant, judged)
    assert found
    assert all(np.isfinite(each.blocks_kw).all() for each in found.values())
    assert all(float(each.usual_kw) > 1_000.0 for each in found.values())  # IT power is counted
    hours = sum(len(each.blocks_kw) for each in found.values()) * 6.0
    assert hours <= judged.sum() * 0.25
    assert not at_rule.errors_at_rule(site, blind, plant, judged & False)


def test_the_rule_of_a_record_is_its_defaults_within_limits():
    site = plant_site()
    rule = rule_of_record(site, {"outdoor_wetbulb_c": np.array([5.0, np.nan])})
    assert rule["chw_supply_sp_c"].tolist() == [12.0, 12.0]
    assert set(rule) == {site.setpoint_name(each) for each in site.setpoints}
