from dataclasses import replace

import jax
import numpy as np
import pytest

from models.twin.sizing import figures, sized
from models.twin.sizing.reading import thermal_load_w
from tests.models.twin.records import ROWS, record

NAMEPLATE = {"it_kw": 1000.0, "chillers": 2, "tower_cells": 2}


def test_figures_follow_the_record():
    found = figures(record())
    assert found["it_kw"] == pytest.approx(1.15 * 880, rel=0.01)
    assert (found["halls"], found["chillers"], found["tower_cells"]) == (1, 2, 2)


def test_thermal_load_is_the_water_streams_heat():
    assert np.median(thermal_load_w(record())) == pytest.approx(800e3, rel=0.01)


def test_machines_that_always_run_together_are_never_staged_down():
    chillers = sized(record(), NAMEPLATE).plant.chillers
    assert float(chillers.stage_down_load_ratio) == 0.0
    assert float(chillers.rated_capacity_w) == pytest.approx(1.15 * 440e3, rel=0.02)


def test_one_machine_that_always_sufficed_keeps_sufficing():
    alone = replace(record(), running={"chillers": np.ones(ROWS)})
    chillers = sized(alone, NAMEPLATE).plant.chillers
    assert float(chillers.stage_up_load_ratio) == pytest.approx(0.98)
    assert float(chillers.rated_capacity_w) == pytest.approx(1.15 * 880e3, rel=0.02)


def test_a_second_machine_starts_where_it_was_seen_to():
    base = record()
    load_w = thermal_load_w(base)
    staged = replace(base, running={"chillers": np.where(load_w > 800e3, 2.0, 1.0)})
    chillers = sized(staged, NAMEPLATE).plant.chillers
    starts_w = float(chillers.stage_up_load_ratio * chillers.rated_capacity_w)
    assert starts_w == pytest.approx(800e3, rel=0.05)


def test_condenser_water_per_chiller_is_metered_or_follows_from_its_heat():
    metered = sized(record(), NAMEPLATE).plant.condenser_water.flow_per_chiller_kg_s
    unmetered = record()
    del unmetered.measured["cw_flow_kg_s"]
    assert float(metered) == pytest.approx(22.5, rel=0.01)
    found = sized(unmetered, NAMEPLATE).plant.condenser_water.flow_per_chiller_kg_s
    assert float(found) == pytest.approx(22.5, rel=0.02)


def test_the_economizers_lockout_and_flow_are_read_off_its_valve():
    random = np.random.default_rng(0)
    cw_c = random.uniform(8.0, 20.0, ROWS)
    base = record(cw_supply_c=cw_c)
    colder_k = base.measured["chw_return_c"] - cw_c
    base.measured["cw_flow_kg_s"] = np.where(colder_k > 3.0, 75.0, 45.0)
    enable = np.where(np.arange(ROWS) < ROWS // 2, 1.0, 0.0)
    base.measured["cw_flow_kg_s"][enable < 0.5] = 45.0
    setpoints = base.inputs.setpoints | {"economizer_enable": enable, "cw_supply_c": np.zeros(ROWS)}
    found = sized(replace(base, inputs=base.inputs._replace(setpoints=setpoints)), NAMEPLATE).plant.economizer
    assert float(found.lockout_difference_k) == pytest.approx(3.0, abs=0.26)
    assert float(found.rated_cw_flow_kg_s) == pytest.approx(30.0, rel=0.02)


def test_a_load_that_stands_for_it_power_has_no_hall_around_it():
    plant = sized(replace(record(), metered_it=False), NAMEPLATE).plant
    assert float(plant.crah.rated_fan_w.sum()) == 0.0
    assert float(plant.power_chain.lighting_w) == 0.0
    assert float(plant.servers.fan_fraction) == 0.0


def _always_enabled(base):
    setpoints = base.inputs.setpoints | {"economizer_enable": np.ones(ROWS)}
    return replace(base, inputs=base.inputs._replace(setpoints=setpoints))


def _leaves(plant):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(plant)]


@pytest.mark.parametrize(
    "missing", [(), ("chw_return_c",), ("cw_supply_c", "cw_flow_kg_s"), ("chw_flow_kg_s",)]
)
def test_an_economizer_that_is_always_enabled_does_not_hide_the_chillers(missing):
    base = record()
    for name in missing:
        del base.measured[name]
    plant = sized(_always_enabled(base), NAMEPLATE).plant
    assert all(np.isfinite(leaf).all() for leaf in _leaves(plant))
    assert float(plant.chillers.rated_capacity_w) == pytest.approx(1.15 * 440e3, rel=0.02)


def test_an_economizer_that_always_carries_leaves_the_chillers_to_the_textbook():
    cold = _always_enabled(record(cw_supply_c=5.0, cw_return_c=10.0))
    plant, textbook = (sized(each, NAMEPLATE).plant for each in (cold, _without_meters()))
    assert all(np.isfinite(leaf).all() for leaf in _leaves(plant))
    assert float(plant.chillers.rated_capacity_w) == float(textbook.chillers.rated_capacity_w)


def _without_meters():
    base = record()
    return replace(base, measured={"overhead_w": base.measured["overhead_w"]}, running={})


def test_readings_that_say_nothing_leave_the_textbooks_parts():
    plant = sized(record(chw_flow_kg_s=0.0, cw_flow_kg_s=0.0), NAMEPLATE).plant
    assert all(np.isfinite(leaf).all() for leaf in _leaves(plant))
