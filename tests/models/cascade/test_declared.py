"""What an engineer declares of a plant holds in the cascade, where the record alone would mislead."""

import numpy as np
import pytest

from models.cascade.cascade import FULL, MECHANICAL, outcome
from models.cascade.learn import LearnedCascade, learn_cascade
from models.cascade.surface import mean
from models.efficiency.declared_effects import Effect
from models.errors import ImpossibleEffectError
from tests.models.cascade.records import METERS, STEP_HOURS, record
from tests.models.cascade.test_learn import plant

pytestmark = pytest.mark.medium

RISES = Effect("cw_supply_c", "chiller_kw", low=0.0)


def confounded() -> dict[str, np.ndarray]:
    """Warm condenser water costs the chiller 0.6 % of the load per K; then an unrecorded better chiller runs."""
    columns = record()
    running = columns["chiller_kw"] > 5.0
    better_kw = running * 0.012 * columns["load_kw"] * (columns["cw_supply_c"] - 15.0).clip(0.0, 12.0)
    columns |= {name: columns[name] - better_kw for name in ("chiller_kw", "cooling_kw", "facility_kw")}
    raised_kw = 250.0 * running  # so that no meter turns negative
    return columns | {name: columns[name] + raised_kw for name in ("chiller_kw", "cooling_kw", "facility_kw")}


def learn(*effects: Effect, meters: tuple[str, ...] = METERS) -> LearnedCascade:
    columns = confounded()
    every = np.ones(len(columns["load_kw"]), bool)
    return learn_cascade(
        columns, settled=every, meters=meters, step_hours=STEP_HOURS, counts_it=True, effects=effects
    )


@pytest.fixture(scope="module")
def free() -> LearnedCascade:
    return learn()


@pytest.fixture(scope="module")
def declared() -> LearnedCascade:
    return learn(RISES)


def percent_per_k(learned: LearnedCascade, mode: str = MECHANICAL) -> np.ndarray:
    """Change of chiller power per K of condenser water, at rows inside the record's range."""
    surface = learned.cascade.meters["chiller_kw"][mode]
    rows = {
        "load_kw": np.tile([1_400.0, 1_550.0, 1_650.0], 20), "chw_supply_c": np.repeat(np.linspace(8, 19, 20), 3),
        "cw_supply_c": np.tile(np.linspace(12.0, 26.0, 30), 2),
    }  # fmt: skip
    above, below = (
        np.asarray(mean(surface, rows | {"cw_supply_c": rows["cw_supply_c"] + half_k}))
        for half_k in (0.5, -0.5)
    )
    return 200.0 * (above - below) / (above + below)


def test_the_record_alone_says_that_warmer_condenser_water_saves_chiller_power(free):
    assert (percent_per_k(free) < -0.5).mean() > 0.8


def test_declared_to_rise_chiller_power_falls_nowhere_in_the_records_range(declared):
    assert percent_per_k(declared).min() > -0.02
    assert {kept.where for kept in declared.effects} == {"chiller_kw, mechanical", "chiller_kw, partial"}
    assert max(kept.broken_share for kept in declared.effects) < 0.02


def test_what_is_not_declared_is_still_learned(declared):
    cold, warm = (
        float(outcome(declared.cascade, plant(chw_supply_sp_c=c)).cooling_kw[0]) for c in (9.0, 14.0)
    )
    assert warm < cold - 10.0


def test_a_declared_size_holds_in_percent_per_k():
    learned = learn(Effect("cw_supply_sp_c", "chiller_kw", low=0.02, high=0.04))
    found = percent_per_k(learned)
    assert np.quantile(found, 0.05) > 1.8
    assert np.quantile(found, 0.95) < 4.2


def cooling_per_k(learned: LearnedCascade) -> np.ndarray:
    """Change of the meters' sum per K of chilled water, all else equal, chillers alone."""
    columns = {name: values[::40] for name, values in confounded().items()}
    columns["gap_k"] = columns["supply_air_sp_c"] - columns["chw_supply_sp_c"]
    columns["cw_approach_k"] = columns["cw_supply_c"] - columns["outdoor_wetbulb_c"]
    inside = (columns["economizer_enable"] < 0.5) & (columns["gap_k"] > 5.5)

    def total(more_k: float) -> np.ndarray:
        at = columns | {"chw_supply_c": columns["chw_supply_c"] + more_k, "gap_k": columns["gap_k"] - more_k}
        return sum(np.asarray(mean(by[MECHANICAL], at)) for by in learned.cascade.meters.values())[inside]

    return 100.0 * (total(0.25) - total(-0.25)) / 0.5 / total(0.0)


def test_an_effect_on_cooling_power_holds_in_the_sum_of_the_meters(free):
    few = Effect("chw_supply_sp_c", "cooling_kw", low=-0.01, high=-0.005)
    assert (cooling_per_k(free) < -1.5).mean() > 0.5
    learned = learn(few)
    within = (cooling_per_k(learned) > -1.1) & (cooling_per_k(learned) < -0.4)
    assert within.mean() > 0.9
    assert max(kept.broken_share for kept in learned.effects) < 0.05


def test_an_effect_on_the_only_meter_of_cooling_power_holds():
    learned = learn(Effect("chw_supply_c", "cooling_kw", high=0.0), meters=("cooling_kw",))
    assert learned.effects[0].broken_share < 0.02


def test_warmer_chilled_water_declared_not_to_cool_inlets_is_kept():
    learned = learn(Effect("chw_supply_c", "rack_inlet_c", low=0.0))
    assert [kept.where for kept in learned.effects] == ["worst inlet"]
    assert learned.effects[0].broken_share < 0.02


def test_an_effect_that_no_surface_has_is_named():
    notes = learn(
        Effect("outdoor_drybulb_c", "crah_fan_kw", low=0.0), Effect("cw_supply_c", "lighting_kw", high=0.0)
    ).effects_not_kept
    assert "nothing that it learns of crah_fan_kw answers to outdoor_drybulb_c" in notes[0]
    assert "it learns nothing of lighting_kw" in notes[1]


def test_effects_that_exclude_each_other_are_refused():
    both = Effect("cw_supply_c", "chiller_kw", low=0.05), Effect("cw_supply_sp_c", "chiller_kw", high=0.01)
    with pytest.raises(ImpossibleEffectError, match="of cw_supply_sp_c on chiller_kw excludes itself"):
        learn(*both)


def test_an_effect_that_leaves_nothing_of_the_meter_is_refused():
    with pytest.raises(ImpossibleEffectError, match="cannot hold"):
        learn(Effect("cw_supply_c", "chiller_kw", low=0.6, high=0.9))


def test_nothing_declared_changes_nothing(learned):
    columns = record()
    again = learn_cascade(
        columns, settled=np.ones(len(columns["load_kw"]), bool), meters=METERS, step_hours=STEP_HOURS,
        counts_it=True, effects=(),
    )  # fmt: skip
    ours, theirs = (each.cascade.meters["cw_pump_kw"][FULL].weights for each in (learned, again))
    np.testing.assert_array_equal(ours, theirs)
