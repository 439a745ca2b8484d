"""Trials of a small site: planned, run as drawn or not, analysed."""

import json
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import SavingsError
from pipelines.savings.trials.analyse import analyse
from pipelines.savings.trials.obeyed import Told, not_obeyed
from pipelines.savings.trials.plan import make_plan, needed_wash_out_h, power_of, read_plan, write_plan
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store
from tests.pipelines.savings.kit import ZONE, hall, home_of, readings

pytestmark = pytest.mark.medium
FIRST = pd.Timestamp("2025-08-04", tz=ZONE)


def plan_of(site, days: int = 28, **more):
    return make_plan(site, start=FIRST, days=days, seed=4, **more)


def run_as_drawn(plan, *, saving: float = 0.15, disobeyed: tuple[int, ...] = ()) -> pd.DataFrame:
    """Readings in which setpoints and savings follow the plan; blocks that were disobeyed stay off."""
    table = readings(0.0, end="2025-10-30")
    times = table.index.tz_localize("UTC")
    for position, block in enumerate(plan.blocks):
        if block.arm != "off" and position not in disobeyed:
            inside = np.asarray((times >= block.start) & (times < block.end))
            table.loc[inside, "COOLING"] *= 1.0 - saving
            table.loc[inside, "SAT.SP"] = 24.0
            table.loc[inside, "FACILITY"] = 1.05 * table.loc[inside, "IT"] + table.loc[inside, "COOLING"]
    return table


@pytest.fixture(scope="module")
def site():
    return hall()


@pytest.fixture(scope="module")
def plan(site):
    return plan_of(site)


@pytest.fixture(scope="module")
def home(site, plan, tmp_path_factory):
    return home_of(tmp_path_factory.mktemp("trial"), site, run_as_drawn(plan))


def test_a_plan_has_blocks_from_midnight_of_the_site_and_pairs_of_both_arms(site, plan):
    assert plan.start == FIRST
    assert len(plan.blocks) == 28
    for pair in {block.pair for block in plan.blocks} - {-1}:
        assert {block.arm for block in plan.blocks if block.pair == pair} == {"off", "on"}
    assert plan.wash_out_h == needed_wash_out_h(site) == 4.0  # 6 K at 2 K/h, and an hour


def test_summer_time_leaves_no_gap_and_no_overlap(site):
    plan = make_plan(
        site, start=pd.Timestamp("2025-10-20", tz=ZONE), days=14, block="half-day", seed=1, wash_out_h=3
    )
    assert all(first.end == second.start for first, second in zip(plan.blocks, plan.blocks[1:], strict=False))
    assert plan.end == pd.Timestamp("2025-11-03", tz=ZONE)


def test_a_plan_survives_its_file_and_a_changed_one_is_seen(plan, tmp_path):
    write_plan(plan, tmp_path / "trial.json")
    assert read_plan(tmp_path / "trial.json") == plan
    changed = json.loads((tmp_path / "trial.json").read_text())
    changed["blocks"][0]["arm"] = {"on": "off", "off": "on"}[changed["blocks"][0]["arm"]]
    (tmp_path / "trial.json").write_text(json.dumps(changed))
    assert read_plan(tmp_path / "trial.json").digest() != plan.digest()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"wash_out_h": 13.0}, "must leave half of a block of 24 h"),
        ({"block": "half-day", "wash_out_h": 7.0}, "must leave half of a block of 12 h"),
        ({"days": 7}, "needs 5; plan more days"),
    ],
)
def test_a_trial_that_cannot_be_analysed_is_not_planned(site, more, message):
    with pytest.raises(SavingsError, match=message):
        plan_of(site, **more)


def test_a_site_without_setpoints_has_nothing_to_switch():
    with pytest.raises(SavingsError, match="nothing to switch"):
        plan_of(hall(setpoints=[]))


def test_power_follows_from_the_record_before(site, home, plan):
    power = power_of(site, Store(home.store, site), plan)
    days = power["days_needed"]
    assert days["2%"] >= days["5%"] >= days["20%"] > 0
    assert 0.0 < power["least_saving_shown"] < 0.05
    early = make_plan(site, start=pd.Timestamp("2025-01-15", tz=ZONE), days=28, seed=1)
    assert (
        "of 28 days of telemetry before the trial"
        in power_of(site, Store(home.store, site), early)["why_not"]
    )


def test_what_a_trial_saved_is_found(site, home, plan):
    found = analyse(site, home, plan, [])
    table = readings(0.0, end="2025-10-30").loc["2025-08-04":"2025-08-31", "COOLING"]
    truth = 0.15 * table.mean()
    assert found.part.shown
    assert found.part.saved_kw.low_90 <= truth <= found.part.saved_kw.high_90
    assert found.part.saved_percent == pytest.approx(15.0, abs=1.5)
    assert found.left_out == {}
    off, on = found.balance["load_kw"]
    assert off == pytest.approx(on, rel=0.03)


def test_blocks_whose_setpoints_were_not_switched_are_left_out(site, plan, tmp_path):
    on = [position for position, block in enumerate(plan.blocks) if block.arm == "on"]
    home = home_of(tmp_path, site, run_as_drawn(plan, disobeyed=tuple(on[:2])))
    told = [
        Told(pd.Timestamp(block.start) + timedelta(hours=hour), "auto", "model" if block.arm == "on" else "rule", True,
             {"SAT.SP": 24.0 if block.arm == "on" else 20.0})
        for block in plan.blocks
        for hour in range(24)
    ]  # fmt: skip
    found = analyse(site, home, plan, told)
    assert sorted(found.left_out) == sorted(on[:2])
    assert "SAT.SP was 4.0 off what was written" in found.left_out[on[0]]
    assert found.part.shown
    assert found.part.pairs == 12


def test_off_blocks_that_were_not_at_the_rule_are_left_out(site, plan, tmp_path):
    table = run_as_drawn(plan)
    first = next(position for position, block in enumerate(plan.blocks) if block.arm == "off")
    times = table.index.tz_localize("UTC")
    block = plan.blocks[first]
    table.loc[np.asarray((times >= block.start) & (times < block.end)), "SAT.SP"] = 23.0
    home = home_of(tmp_path, site, table)
    plant = plant_table(site, Store(home.store, site).read(plan.start, plan.end))
    assert not_obeyed(site, plan, plant, []) == {
        first: "SAT.SP was 3.0 off the site's rule in 100% of the readings"
    }


def test_a_trial_that_was_not_run_is_refused(site, home, plan):
    told = [Told(pd.Timestamp(block.start), "shadow", "model", False, {}) for block in plan.blocks]
    with pytest.raises(SavingsError, match=r"not run as drawn in 28 of 28 blocks .*mode shadow"):
        analyse(site, home, plan, told)


def test_a_trial_of_another_site_is_refused(home, plan):
    with pytest.raises(SavingsError, match='of site "hall", not of "other"'):
        analyse(hall(name="other"), home, plan, [])


def test_what_is_no_plan_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(SavingsError, match="is no plan of coldaisle trial plan"):
        read_plan(tmp_path / "x.json")
    with pytest.raises(SavingsError, match="cannot be read"):
        read_plan(tmp_path / "none.json")


def test_blocks_that_overlap_are_no_plan(plan, tmp_path):
    document = plan.model_dump(mode="json")
    document["blocks"][1]["start"] = document["blocks"][0]["start"]
    (tmp_path / "x.json").write_text(json.dumps(document))
    with pytest.raises(SavingsError, match="blocks must not overlap"):
        read_plan(tmp_path / "x.json")
