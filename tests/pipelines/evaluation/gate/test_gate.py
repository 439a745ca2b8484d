"""The gate on a simulated site: a better, an equal, a worse and a wrong-signed challenger."""

import logging
from datetime import UTC, datetime

import pytest

from pipelines.errors import ModelError
from pipelines.evaluation.gate import compare, judge
from pipelines.learning import charges
from pipelines.learning.registry import champion_files
from pipelines.operations.ledger import Operations
from pipelines.operations.provenance import in_charge_then
from tests.pipelines.evaluation.gate.conftest import ENDS, WEEK

pytestmark = pytest.mark.slow


def judged(contest):
    return judge(contest.site, "cascade", contest.settings)


def present(contest, alias):
    charge = charges.present(contest.settings, contest.site.name, "cascade", alias)
    return charge and charge.version


@pytest.fixture
def without_mlflow(contest, monkeypatch):
    """The registry's part of a promotion: the version's files are those of the challenger's folder."""

    def promote(site, kind, settings, *, version, who):
        challenger = charges.present(settings, site.name, kind, "challenger")
        assert challenger.version == version
        return charges.put(
            settings, site.name, kind, "champion", challenger.files, model=challenger.model, version=version,
            who=who, about=challenger.about,
        )  # fmt: skip

    monkeypatch.setattr("pipelines.operations.promotion.promote.promote", promote)


def test_a_better_challenger_is_promoted_by_the_gate_and_told(contest, without_mlflow, caplog):
    contest.put("champion", contest.worse())
    contest.put("challenger", contest.good)
    contest.log_shadow()
    with caplog.at_level(logging.WARNING):
        verdict = judged(contest)
    assert (verdict.conclusion, present(contest, "champion"), present(contest, "challenger")) == (
        "promoted",
        2,
        None,
    )
    assert all(check.met for check in verdict.checks)
    assert any("closed loop" in check.name for check in verdict.checks)
    operations = Operations.of(contest.settings, contest.site.name)
    (row,) = in_charge_then(operations, datetime.now(UTC))["models"]
    order = [one for one in operations.orders() if one.kind == "promote"][-1]
    assert (row["version"], order.by, order.role) == (2, "coldaisle", "engineer")
    assert "cascade version 2 is promoted" in caplog.text


def test_an_equal_challenger_is_kept_waiting(contest):
    contest.put("champion", contest.good)
    contest.put("challenger", contest.good)
    contest.log_shadow()
    verdict = judged(contest)
    assert (verdict.conclusion, verdict.why) == ("waiting", "it is no better than the champion beyond noise")
    assert (present(contest, "champion"), present(contest, "challenger")) == (1, 2)


def test_a_worse_challenger_is_refused_and_the_champion_stays(contest):
    contest.put("champion", contest.good)
    contest.put("challenger", contest.worse())
    contest.log_shadow()
    verdict = judged(contest)
    assert verdict.conclusion == "refused"
    assert (present(contest, "champion"), present(contest, "challenger")) == (1, None)
    (order,) = [
        one for one in Operations.of(contest.settings, contest.site.name).orders() if one.kind == "refuse"
    ]
    assert order.body == {"kind": "cascade", "version": 2, "champion": 1}


def test_one_that_is_better_in_numbers_and_wrong_in_signs_is_refused(contest):
    contest.put("champion", contest.worse())
    contest.put("challenger", contest.wrong_signed())
    contest.log_shadow()
    verdict = judged(contest)
    by_name = {check.name: check for check in verdict.checks}
    assert by_name["error on the same time"].met
    assert by_name["right signs"].met is False
    assert "rack inlets rise with supply air" in by_name["right signs"].found
    assert (verdict.conclusion, present(contest, "champion")) == ("refused", 1)


def test_one_that_is_too_slow_is_refused(contest):
    contest.put("champion", contest.worse())
    contest.put("challenger", contest.good)
    contest.log_shadow(seconds=contest.site.safety.deadline_s)
    verdict = judged(contest)
    assert verdict.conclusion == "refused"
    assert "decisions in shadow" in verdict.why


def test_before_the_shadow_is_over_or_without_its_decisions_it_waits(contest):
    contest.put("champion", contest.worse())
    contest.put("challenger", contest.good)
    assert "none of its decisions" in compare(contest.site, "cascade", contest.settings).why
    early = compare(contest.site, "cascade", contest.settings, until=ENDS - WEEK / 2)
    assert early.conclusion == "waiting"
    assert "shadow period is not over (3.5 of 6 days)" in early.why


def test_without_a_challenger_it_says_how_to_get_one(contest):
    contest.put("champion", contest.good)
    with pytest.raises(ModelError, match="no challenger to compare"):
        compare(contest.site, "cascade", contest.settings)
    with champion_files(contest.site, "cascade", contest.settings) as files:
        assert files is not None
